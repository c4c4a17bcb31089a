import { checkOptions, flag, millisecondsIn, type Rule, type StandardSchema } from '@fwk/kernel';
import type { ConfigSource } from '../source/source.js';
import { defaultsSource } from '../sources/defaults.js';
import { type EnvironmentOptions, environmentSource } from '../sources/environment.js';
import { fileSource } from '../sources/file/file.js';
import type { ConfigTree } from '../tree/tree.js';

/** A configuration file that may be missing. */
export interface FileEntry {
  /** Relative to the working directory; ends in .yaml, .yml or .json. */
  readonly path: string;
  /** Whether it may be missing. @defaultValue false */
  readonly optional?: boolean;
}

/** What a configuration is made of. */
export interface ConfigOptions<T = ConfigTree> {
  /**
   * Checks the whole before it takes effect: any Standard Schema (zod, valibot, arktype, ...), synchronous or not.
   * What it answers is the configuration. Without one everything fits.
   */
  readonly schema?: StandardSchema<unknown, T> | undefined;
  /** Settings written in code; every source overrides them. @defaultValue {} */
  readonly defaults?: object;
  /** YAML or JSON files; later ones override earlier ones. @defaultValue [] */
  readonly files?: readonly (string | FileEntry)[];
  /** Sources of your own, between files and environment. @defaultValue [] */
  readonly sources?: readonly ConfigSource[];
  /** Variables, which override everything; false for none. @defaultValue { prefix: 'FWK_' } */
  readonly environment?: EnvironmentOptions | false;
  /** Whether sources are watched. @defaultValue true */
  readonly watch?: boolean;
  /** How long a file must be quiet before its change is read, 1 to 10 000 milliseconds. @defaultValue 50 */
  readonly debounceMs?: number;
  /** Time between looks where a file system tells nothing, 100 to 3 600 000 milliseconds. @defaultValue 2000 */
  readonly pollMs?: number;
  /** Longest time for reading and checking everything once, 1 to 3 600 000 milliseconds. @defaultValue 10000 */
  readonly loadTimeoutMs?: number;
  /** Paths that are secret whatever their names; names such as `password` or `apiKey` always are. @defaultValue [] */
  readonly secrets?: readonly string[];
}

/** Options with every default filled in. */
export type CheckedOptions<T> = Required<ConfigOptions<T>>;

/** Defaults of {@link ConfigOptions}. */
export const configDefaults = Object.freeze({
  schema: undefined,
  defaults: Object.freeze({}) as object,
  files: Object.freeze([]) as readonly (string | FileEntry)[],
  sources: Object.freeze([]) as readonly ConfigSource[],
  environment: Object.freeze({}) as EnvironmentOptions | false,
  watch: true,
  debounceMs: 50,
  pollMs: 2000,
  loadTimeoutMs: 10_000,
  secrets: Object.freeze([]) as readonly string[],
});

const object: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
const fileList: Rule = listOf('paths, or objects with a path', (entry) =>
  typeof entry === 'string'
    ? entry !== ''
    : typeof entry === 'object' && entry !== null && 'path' in entry && typeof entry.path === 'string',
);
const sourceList: Rule = listOf(
  'sources',
  (entry) => typeof entry === 'object' && entry !== null && 'load' in entry && 'watch' in entry,
);
const standardSchema: Rule = (value) =>
  value === undefined || ((typeof value === 'object' || typeof value === 'function') && value && '~standard' in value)
    ? undefined
    : 'a Standard Schema';

/** @throws OptionsError naming each option, its value and its range. */
export function checkConfigOptions<T>(options: ConfigOptions<T>): CheckedOptions<T> {
  return checkOptions<CheckedOptions<T>>('config', options, configDefaults, {
    schema: standardSchema,
    defaults: object,
    files: fileList,
    sources: sourceList,
    environment: (value) => (value === false ? undefined : object(value)),
    watch: flag,
    debounceMs: millisecondsIn(1, 10_000),
    pollMs: millisecondsIn(100, 3_600_000),
    loadTimeoutMs: millisecondsIn(1, 3_600_000),
    secrets: listOf('paths', (entry) => typeof entry === 'string'),
  });
}

/** The sources in their order, lowest first: defaults, files, sources of one's own, environment. */
export function sourcesOf(options: CheckedOptions<unknown>): ConfigSource[] {
  const { debounceMs, pollMs } = options;
  const files = options.files.map((entry) => (typeof entry === 'string' ? { path: entry } : entry));
  return [
    defaultsSource(options.defaults),
    ...files.map(({ path, optional = false }) => fileSource(path, { optional, debounceMs, pollMs })),
    ...options.sources,
    ...(options.environment === false ? [] : [environmentSource(options.environment)]),
  ];
}

function listOf(what: string, fits: (entry: unknown) => boolean): Rule {
  return (value) => (Array.isArray(value) && value.every(fits) ? undefined : `a list of ${what}`);
}
