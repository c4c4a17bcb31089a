import { issuePath, type Live, liveValue, type StandardSchema, type Token, token } from '@fwk/kernel';
import { ConfigInvalidError, maxIssues } from '../errors.js';
import { type IssueTeller, oneForEachKey } from '../schema/issues.js';
import { retyped, type TextAt, unmended } from '../schema/retype.js';
import { validateNow } from '../schema/schema.js';
import { mergeTrees } from '../tree/merge.js';
import { formatPath, parsePath } from '../tree/path.js';
import { shareUnchanged } from '../tree/share.js';
import { type ConfigTree, copyTree, isTree, valueAt } from '../tree/tree.js';
import { configToken } from './config.js';
import type { SettingsDefinition } from './settings-definition.js';

/**
 * Defines a typed part of the configuration; inject it with {@link settingsOf}. The schema sees what the sources say
 * below the prefix over the defaults, not what the schema of the whole made of it, and must answer synchronously.
 * @param prefix - where the part stands: `checkout`, `clients.inventory`.
 * @param defaults - below every source. @defaultValue {}
 * @throws ConfigError `FWK_CONFIG_PATH_INVALID`, and what {@link copyTree} refuses in the defaults.
 */
export function settings<T>(
  prefix: string,
  schema: StandardSchema<unknown, T>,
  defaults: object = {},
): SettingsDefinition<T> {
  parsePath(prefix);
  return Object.freeze({ prefix, schema, defaults: copyTree(defaults, { source: `settings("${prefix}") defaults` }) });
}

const tokens = new WeakMap<SettingsDefinition<unknown>, Token<Live<unknown>>>();

/**
 * The key under which a container has the live settings of a definition; always the same for one definition. In a
 * container without configuration it is the defaults, checked.
 */
export function settingsOf<T>(definition: SettingsDefinition<T>): Token<Live<T>> {
  const known = tokens.get(definition) as Token<Live<T>> | undefined;
  if (known) return known;
  const made = token<Live<T>>(`settings "${definition.prefix}"`, (resolver) => {
    const config = resolver.find(configToken);
    if (config) return config.section(definition);
    return liveValue(shareUnchanged(undefined, checkedSettings(definition, {})) as T, { name: definition.prefix });
  });
  tokens.set(definition, made);
  return made;
}

const asTheyAre: IssueTeller = (_, message) => ({ message, origin: undefined });

/**
 * What a definition's schema makes of the merged sources.
 * @throws ConfigInvalidError; ConfigError `FWK_CONFIG_SETTINGS_ASYNC`, `FWK_CONFIG_SCHEMA_FAILED`.
 */
export function checkedSettings<T>(
  definition: SettingsDefinition<T>,
  raw: ConfigTree,
  tell = asTheyAre,
  textAt: TextAt = () => undefined,
): T {
  const { prefix, schema, defaults } = definition;
  const path = parsePath(prefix);
  const set = valueAt(raw, path);
  const given = set === undefined || isTree(set) ? mergeTrees(defaults, set ?? {}) : set;
  const what = `settings "${prefix}"`;
  // A copy, because validators may write into what they are given.
  const input = isTree(given) ? copyTree(given, { source: what }) : structuredClone(given);
  const result = validateNow(schema, input, what);
  if (!result.issues) return result.value;
  const other = isTree(given) ? retyped(given, result.issues, (at) => textAt([...path, ...at])) : undefined;
  const second = other && validateNow(schema, copyTree(other, { source: what }), what);
  if (second && !second.issues) return second.value;
  const issues = oneForEachKey(second ? unmended(result.issues, second.issues) : result.issues);
  const told = issues.slice(0, maxIssues).map((issue) => {
    const at = [...path, ...issuePath(issue)];
    return { path: formatPath(at), ...tell(at, issue.message) };
  });
  throw new ConfigInvalidError(what, told, issues.length);
}
