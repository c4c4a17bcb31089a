import { resolve } from 'node:path';
import { checkOptions, flag, millisecondsIn, text } from '@fwk/kernel';
import { parseEnv } from '../../format/parse-env.js';
import type { ConfigSource } from '../../source/source.js';
import { environmentDefaults, settingNamedBy } from '../environment.js';
import { camelCase, NamedTexts } from '../named-texts.js';
import { type FileSourceOptions, fileSourceDefaults } from './file.js';
import { followedText } from './followed-text.js';

/** Options of {@link dotenvSource}. */
export interface DotenvOptions extends FileSourceOptions {
  /** Variables that start with it are settings. @defaultValue 'FWK_' */
  readonly prefix: string;
}

/** Defaults of {@link DotenvOptions}. */
export const dotenvDefaults: DotenvOptions = Object.freeze({
  ...fileSourceDefaults,
  prefix: environmentDefaults.prefix,
});

/**
 * Variables in a `.env` file, read as those of the environment are, watched. `${env:NAME}` finds the others there too, where the
 * process has none of that name. Nothing is put into `process.env`.
 * @param path - relative to the working directory.
 * @throws OptionsError.
 */
export function dotenvSource(path: string, options: Partial<DotenvOptions> = {}): ConfigSource {
  const { prefix, ...watching } = checkOptions<DotenvOptions>('dotenvSource', options, dotenvDefaults, {
    optional: flag,
    debounceMs: millisecondsIn(1, 10_000),
    pollMs: millisecondsIn(100, 3_600_000),
    prefix: text,
  });
  const file = { name: path, absolute: resolve(path), mayBeEmpty: true };
  return {
    name: path,
    ...followedText(file, watching, (content, { below }) => {
      const texts = new NamedTexts(below, camelCase);
      const variables = new Map<string, string>();
      for (const { name, value, position } of parseEnv(content, path)) {
        variables.set(name, value);
        const parts = settingNamedBy(name, prefix);
        if (parts) texts.add(parts, value, { source: path, file: path, ...position });
      }
      return { ...texts.values(), variables: Object.fromEntries(variables) };
    }),
  };
}
