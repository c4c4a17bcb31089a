/**
 * Environment variables override files (12-factor). `FWK_CHECKOUT__MAX_ITEMS=20` sets `checkout.maxItems`: the prefix
 * goes, two underscores separate levels, and each part is matched without regard to case and underscores against the
 * names that the sources below use there. A part that nothing below knows becomes camelCase. Only single values can be
 * set; see {@link parseScalar} for how they are read. Where a source below has text, the variable stays text.
 */
import { checkOptions, isOwnVariable, type Rule, text } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import { parseScalar, unquoted } from '../format/scalar.js';
import type { ConfigSource } from '../source/source.js';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { type ConfigTree, checkDepth, checkKey, isTree, valueAt } from '../tree/tree.js';

/** Options of {@link environmentSource}. */
export interface EnvironmentOptions {
  /** Variables that start with it are settings. @defaultValue 'FWK_' */
  readonly prefix?: string;
  /** Where variables are read from. @defaultValue process.env */
  readonly source?: Readonly<Record<string, string | undefined>>;
  /**
   * Full names that are no settings although they start with the prefix; those that the framework itself reads never
   * are (see `isOwnVariable` of the kernel).
   * @defaultValue []
   */
  readonly ignore?: readonly string[];
}

/** Defaults of {@link EnvironmentOptions}; `source` is looked up when the source is made. */
export const environmentDefaults = Object.freeze({
  prefix: 'FWK_',
  ignore: Object.freeze([]) as readonly string[],
});

const variables: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object of variables');
const names: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string') ? undefined : 'a list of names';

/** Makes the source. A process does not see its own environment change, so nothing is watched. */
export function environmentSource(options: EnvironmentOptions = {}): ConfigSource {
  const { prefix, source, ignore } = checkOptions<Required<EnvironmentOptions>>(
    'environmentSource',
    options,
    { ...environmentDefaults, source: process.env },
    { prefix: text, source: variables, ignore: names },
  );
  const name = 'environment';
  return {
    name,
    async load({ call, below }) {
      if (call.cancelled) throw call.reason;
      const tree: Record<string, unknown> = {};
      const setBy = new Map<string, string>();
      for (const variable of Object.keys(source).sort()) {
        const value = source[variable];
        if (value === undefined || !variable.startsWith(prefix) || ignore.includes(variable)) continue;
        if (isOwnVariable(variable)) continue;
        const parts = variable.slice(prefix.length).split('__');
        // `FWK_` alone or a lone trailing separator names nothing; other programs' variables look like that.
        if (parts.includes('')) continue;
        const origin = { source: name, variable };
        checkDepth(parts.length, origin);
        const path = spelledAsBelow(parts, below);
        for (const [at, key] of path.entries()) checkKey(key, formatPath(path.slice(0, at)), origin);
        const known = valueAt(below, path);
        const given = typeof known === 'string' ? (unquoted(value.trim()) ?? value) : parseScalar(value);
        place(tree, path, given, variable, setBy);
      }
      const variableOf = (path: ConfigPath) => setBy.get(formatPath(path));
      return {
        tree,
        originOf: (path) => originOf(variableOf(path), name),
        textOf: (path) => source[variableOf(path) ?? ''],
      };
    },
    watch: () => ({ [Symbol.dispose]() {} }),
  };
}

function originOf(variable: string | undefined, source: string) {
  return variable === undefined ? undefined : { source, variable };
}

function spelledAsBelow(parts: readonly string[], below: ConfigTree): ConfigPath {
  let level: unknown = below;
  return parts.map((part) => {
    const name = spelling(part, isTree(level) ? Object.keys(level) : []);
    level = valueAt(level, [name]);
    return name;
  });
}

function spelling(part: string, known: readonly string[]): string {
  const camel = camelCase(part);
  if (known.includes(part)) return part;
  if (known.includes(camel)) return camel;
  const folded = fold(part);
  return known.find((name) => fold(name) === folded) ?? camel;
}

function fold(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}

function camelCase(part: string): string {
  return part.toLowerCase().replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function place(
  tree: Record<string, unknown>,
  path: ConfigPath,
  value: unknown,
  variable: string,
  setBy: Map<string, string>,
): void {
  let level = tree;
  for (const [index, key] of path.entries()) {
    const prefix = formatPath(path.slice(0, index + 1));
    const last = index === path.length - 1;
    const there = Object.hasOwn(level, key) ? level[key] : undefined;
    if (there !== undefined && (last || !isTree(there))) throw conflict(variable, setBy.get(prefix), prefix);
    if (last) {
      level[key] = value;
    } else {
      const next: Record<string, unknown> = isTree(there) ? { ...there } : {};
      level[key] = next;
      level = next;
    }
    if (!setBy.has(prefix)) setBy.set(prefix, variable);
  }
}

function conflict(variable: string, other: string | undefined, path: string): ConfigError {
  return new ConfigError(
    'FWK_CONFIG_VARIABLE_CONFLICT',
    `sets "${path}", and so does the variable ${other}; remove one of them`,
    { origin: { source: 'environment', variable } },
  );
}
