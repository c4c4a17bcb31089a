import {
  checkOptions,
  flag,
  millisecondsIn,
  OptionsError,
  optional,
  type Rule,
  type StandardSchema,
  text,
  unknownName,
} from '@fwk/kernel';
import type { ConfigSource } from '../source/source.js';
import { argumentsSource } from '../sources/arguments.js';
import { defaultsSource } from '../sources/defaults.js';
import { type EnvironmentOptions, environmentSource } from '../sources/environment.js';
import { directorySource } from '../sources/file/directory.js';
import { dotenvSource } from '../sources/file/dotenv.js';
import { fileSource } from '../sources/file/file.js';
import { profileFile, profileNames, profilesIn, profileVariable } from '../sources/file/profile-files.js';
import type { ConfigTree } from '../tree/tree.js';

/** A configuration file that may be missing. */
export interface FileEntry {
  /** Relative to the working directory; ends in .yaml, .yml or .json. */
  readonly path: string;
  /** Whether it may be missing. @defaultValue false */
  readonly optional?: boolean;
}

/** A directory whose files are settings. */
export interface DirectoryEntry {
  /** Relative to the working directory. */
  readonly path: string;
  /** Whether it may be missing. @defaultValue false */
  readonly optional?: boolean;
  /** Whether all of it is secret, as in a Secret volume of Kubernetes. @defaultValue false */
  readonly secret?: boolean;
}

/** What a configuration is made of. Each source overrides those that stand before it here. */
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
  /**
   * Profiles that are active, later ones over earlier ones: `production` lays `config.production.yaml` over `config.yaml`, where
   * there is one. Without this option they are those that the variable `FWK_SETTINGS_PROFILE` names, with commas between.
   */
  readonly profiles?: readonly string[] | undefined;
  /** Directories whose files are settings, as Kubernetes mounts ConfigMaps and Secrets. @defaultValue [] */
  readonly directories?: readonly (string | DirectoryEntry)[];
  /** Sources of your own, and remote ones. @defaultValue [] */
  readonly sources?: readonly ConfigSource[];
  /** Files of variables (`.env`), which the environment overrides. @defaultValue [] */
  readonly envFiles?: readonly (string | FileEntry)[];
  /** Variables; false for none. @defaultValue { prefix: 'FWK_' } */
  readonly environment?: EnvironmentOptions | false;
  /** Arguments in which `--set path=value` are settings: `process.argv.slice(2)`. @defaultValue [] */
  readonly arguments?: readonly string[];
  /**
   * A file with the keys of encrypted values, one a line, the one that encrypts first. Without this option it is the one that the
   * variable `FWK_SETTINGS_KEY_FILE` names; keys in `FWK_SETTINGS_KEY` count too.
   */
  readonly keyFile?: string | undefined;
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
  profiles: undefined as readonly string[] | undefined,
  directories: Object.freeze([]) as readonly (string | DirectoryEntry)[],
  sources: Object.freeze([]) as readonly ConfigSource[],
  envFiles: Object.freeze([]) as readonly (string | FileEntry)[],
  keyFile: undefined as string | undefined,
  arguments: Object.freeze([]) as readonly string[],
  environment: Object.freeze({}) as EnvironmentOptions | false,
  watch: true,
  debounceMs: 50,
  pollMs: 2000,
  loadTimeoutMs: 10_000,
  secrets: Object.freeze([]) as readonly string[],
});

const object: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
const fileList: Rule = entryList('path', 'optional');
const directoryList: Rule = entryList('path', 'optional', 'secret');
const sourceList: Rule = listOf(
  'sources',
  (entry) => typeof entry === 'object' && entry !== null && 'load' in entry && 'watch' in entry,
);
const standardSchema: Rule = (value) =>
  value === undefined || ((typeof value === 'object' || typeof value === 'function') && value && '~standard' in value)
    ? undefined
    : 'a Standard Schema, such as z.object({ … }) of zod';

/** @throws OptionsError naming each option, its value and its range. */
export function checkConfigOptions<T>(options: ConfigOptions<T>): CheckedOptions<T> {
  return checkOptions<CheckedOptions<T>>('config', options, configDefaults, {
    schema: standardSchema,
    defaults: object,
    files: fileList,
    profiles: optional(profileNames),
    directories: directoryList,
    envFiles: fileList,
    keyFile: optional(text),
    arguments: listOf('texts', (entry) => typeof entry === 'string'),
    sources: sourceList,
    environment: (value) => (value === false ? undefined : object(value)),
    watch: flag,
    debounceMs: millisecondsIn(1, 10_000),
    pollMs: millisecondsIn(100, 3_600_000),
    loadTimeoutMs: millisecondsIn(1, 3_600_000),
    secrets: listOf('paths', (entry) => typeof entry === 'string'),
  });
}

/**
 * The sources in their order, lowest first: defaults, files (each with those of its profiles), directories, sources of one's own,
 * `.env` files, environment, command line.
 * @throws ConfigError `FWK_CONFIG_FILE_FORMAT`; OptionsError.
 */
export function sourcesOf(options: CheckedOptions<unknown>): ConfigSource[] {
  const { debounceMs, pollMs, environment } = options;
  const watching = { debounceMs, pollMs };
  const profiles = activeProfiles(options);
  return [
    defaultsSource(options.defaults),
    ...options.files
      .map(entryOf)
      .flatMap(({ path, optional = false }) => [
        fileSource(path, { optional, ...watching }),
        ...profiles.map((profile) => fileSource(profileFile(path, profile), { optional: true, ...watching })),
      ]),
    ...options.directories.map(entryOf).map(({ path, ...how }) => directorySource(path, { ...how, ...watching })),
    ...options.sources,
    ...options.envFiles.map(entryOf).map(({ path, optional = false }) => dotenvSource(path, { optional, ...watching })),
    ...(environment === false ? [] : [environmentSource(environment)]),
    ...(options.arguments.length === 0 ? [] : [argumentsSource(options.arguments)]),
  ];
}

/** @throws OptionsError for a name in the variable that can be none. */
function activeProfiles({ profiles, environment }: CheckedOptions<unknown>): readonly string[] {
  if (profiles !== undefined) return profiles;
  const variables = environment === false ? {} : (environment.source ?? process.env);
  const named = profilesIn(variables[profileVariable]);
  const problem = profileNames(named);
  if (problem) throw new OptionsError('config', [`the variable ${profileVariable} must be ${problem}`]);
  return named;
}

function entryOf(entry: string | DirectoryEntry): DirectoryEntry {
  return typeof entry === 'string' ? { path: entry } : entry;
}

/** Paths, and objects with a path and other fields. */
function entryList(...known: readonly string[]): Rule {
  const isEntry = listOf('paths such as "config.yaml", or objects with a path', (entry) =>
    typeof entry === 'string'
      ? entry !== ''
      : typeof entry === 'object' && entry !== null && 'path' in entry && typeof entry.path === 'string',
  );
  return (value) => {
    const range = isEntry(value);
    if (range || !Array.isArray(value)) return range;
    const entries: readonly (string | object)[] = value;
    const fields = entries.flatMap((entry) => (typeof entry === 'string' ? [] : Object.keys(entry)));
    const misspelt = fields.find((field) => !known.includes(field));
    return misspelt === undefined ? undefined : unknownName('without the unknown field', misspelt, known);
  };
}

function listOf(what: string, fits: (entry: unknown) => boolean): Rule {
  return (value) => (Array.isArray(value) && value.every(fits) ? undefined : `a list of ${what}`);
}
