/** Settings in files, checked as a service checks them when it starts. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defaultEnv, isSchema, messageOf, OptionsError, type StandardSchema } from '@fwk/kernel';
import { loadConfig } from '../app/load-config.js';
import { ConfigInvalidError } from '../errors.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { flagsPath, flagsSection } from '../flags/flags-schema.js';
import { timeOf } from '../flags/operators.js';
import type { ConfigOptions } from '../live/options.js';
import type { Config } from '../settings/config.js';
import { joinPath } from '../tree/path.js';
import type { Command } from './read-command.js';

/** Settings that are valid, and what should be looked at all the same. */
export interface CheckedFiles {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** @throws ConfigInvalidError with the issues of the schema and of the feature flags together; ConfigError. */
export async function checkFiles({ options, schema, flags }: Command): Promise<CheckedFiles> {
  // Without the schema at first, so that its issues and those of the flags are told together.
  const read = await loadConfig(options);
  const given = schema === undefined ? undefined : await schemaIn(schema);
  const refusals: ConfigInvalidError[] = [];
  const config = (given && (await noting(refusals, () => loadConfig({ ...options, schema: given })))) ?? read;
  const defined = flags ? await noting(refusals, async () => read.section(flagsSection)) : undefined;
  if (refusals.length > 0) throw joined(refusals);
  return { config, warnings: defined ? expired(defined.value, read) : [] };
}

function expired(flags: FlagDefinitions, config: Config): string[] {
  const nowMs = defaultEnv.clock.wallTime();
  return Object.entries(flags).flatMap(([name, { expires }]) => {
    if ((timeOf(expires) ?? Number.POSITIVE_INFINITY) > nowMs) return [];
    const { winner } = config.explain(`${joinPath(flagsPath, name)}.expires`);
    return [`${winner?.where ?? flagsPath}: the flag "${name}" has expired (${expires}); it still answers, remove it`];
  });
}

/** What the work comes to; undefined when it does not fit, which is noted. */
async function noting<T>(refusals: ConfigInvalidError[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error;
    refusals.push(error);
    return undefined;
  }
}

function joined(refusals: readonly ConfigInvalidError[]): ConfigInvalidError {
  const issues = refusals.flatMap((refusal) => refusal.issues);
  const total = refusals.reduce((sum, refusal) => sum + refusal.total, 0);
  return new ConfigInvalidError('configuration', issues, total);
}

/** One side of a comparison; masked values alone where the plain ones are not known. */
export interface Side {
  readonly masked: unknown;
  readonly plain: unknown;
}

/** One file or directory, and nothing else. */
export async function fileSide(path: string, keyFile: string | undefined): Promise<Side> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const from: ConfigOptions = isFolder ? { directories: [path] } : { files: [path] };
  const config = await loadConfig({ ...from, profiles: [], environment: false, keyFile, watch: false });
  return { masked: config.view().values, plain: config.current.value };
}

/** @param place - `MODULE` or `MODULE#EXPORT`. @throws OptionsError. */
export async function schemaIn(place: string): Promise<StandardSchema<unknown, Record<string, unknown>>> {
  const [path = '', name = 'default'] = place.split('#');
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new OptionsError('fwk-config', [`the module ${path} of the schema cannot be loaded: ${messageOf(error)}`]);
  }
  const found = module[name];
  if (!isSchema(found)) throw new OptionsError('fwk-config', [`${path} exports no Standard Schema as "${name}"`]);
  return found as StandardSchema<unknown, Record<string, unknown>>;
}
