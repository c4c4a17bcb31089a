import { resolve } from 'node:path';
import { checkOptions, flag, millisecondsIn } from '@fwk/kernel';
import { ConfigError } from '../../errors.js';
import { parseJson } from '../../format/parse-json.js';
import { parseYaml } from '../../format/parse-yaml.js';
import type { ParsedFile } from '../../format/parsed-file.js';
import type { ConfigSource, SourceValues } from '../../source/source.js';
import { formatPath } from '../../tree/path.js';
import { isTree, kindOf } from '../../tree/tree.js';
import { followedText } from './followed-text.js';
import { type FilePath, fileError } from './read-file.js';
import type { FileWatchOptions } from './watch-file.js';

/** Options of {@link fileSource}. */
export interface FileSourceOptions extends FileWatchOptions {
  /** Whether the file may be missing; it then sets nothing, also when it vanishes later. @defaultValue false */
  readonly optional: boolean;
  /** Quiet time before a change is read, 1 to 10 000 milliseconds. @defaultValue 50 */
  readonly debounceMs: number;
  /** Time between looks where the file system tells nothing, 100 to 3 600 000 milliseconds. @defaultValue 2000 */
  readonly pollMs: number;
}

/** Defaults of {@link FileSourceOptions}. */
export const fileSourceDefaults: FileSourceOptions = Object.freeze({ optional: false, debounceMs: 50, pollMs: 2000 });

type Parse = (text: string, file: string) => ParsedFile | Promise<ParsedFile>;

const parsers: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['.json', parseJson],
  ['.yaml', parseYaml],
  ['.yml', parseYaml],
]);

/**
 * Settings in a YAML or JSON file of at most 1 MiB, watched.
 * @param path - relative to the working directory; its ending says the format: .yaml, .yml or .json.
 * @throws ConfigError `FWK_CONFIG_FILE_FORMAT` for another ending; OptionsError.
 */
export function fileSource(path: string, options: Partial<FileSourceOptions> = {}): ConfigSource {
  const file: FilePath = { name: path, absolute: resolve(path) };
  const { optional, debounceMs, pollMs } = checkOptions<FileSourceOptions>('fileSource', options, fileSourceDefaults, {
    optional: flag,
    debounceMs: millisecondsIn(1, 10_000),
    pollMs: millisecondsIn(100, 3_600_000),
  });
  if (!parserOf(path)) {
    throw fileError('FWK_CONFIG_FILE_FORMAT', file, 'the name must end in .yaml, .yml or .json');
  }
  return {
    name: path,
    ...followedText(file, { optional, debounceMs, pollMs }, (text) => readDocument(file, text, path)),
  };
}

/** What reads a file of this name; undefined for a name that ends in nothing known. */
export function parserOf(name: string): Parse | undefined {
  return parsers.get(name.slice(name.lastIndexOf('.')).toLowerCase());
}

/**
 * The settings in the text of a file whose name ends in .yaml, .yml or .json.
 * @param source - name of the source that the file belongs to.
 */
export async function readDocument(file: FilePath, text: string, source: string): Promise<SourceValues> {
  const { value, positions } = await (parserOf(file.name) ?? parseYaml)(text, file.name);
  checkRoot(file, value);
  return {
    tree: value,
    originOf: (at) => {
      const position = positions.get(formatPath(at));
      return position && { source, file: file.name, ...position };
    },
  };
}

function checkRoot(file: FilePath, value: unknown): void {
  if (isTree(value)) return;
  if (value === null) {
    throw fileError('FWK_CONFIG_FILE_EMPTY', file, 'the file holds no value; write {} when nothing is meant');
  }
  const origin = { source: file.name, file: file.name, line: 1, column: 1 };
  throw new ConfigError('FWK_CONFIG_ROOT_INVALID', `an object of settings is needed, not ${kindOf(value)}`, { origin });
}
