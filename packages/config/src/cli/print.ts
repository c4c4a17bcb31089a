/** What the program prints. */
import { isDeepStrictEqual } from 'node:util';
import { printable } from '@fwk/kernel';
import type { Explanation } from '../explain/explain.js';
import type { Config, ConfigView } from '../settings/config.js';
import { formatPath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, valueAt } from '../tree/tree.js';

/** Why a setting has its value, a line for each source. */
export function explanationLines({ path, found, value, candidates, parts }: Explanation): string[] {
  if (!found) return [`${printable(path)} is not set`];
  return [
    `${printable(path)} = ${written(value)}`,
    ...candidates.map(({ role, where, value: said }) => `  ${words[role]} ${printable(where)}: ${written(said)}`),
    ...(candidates.length === 0 ? ['  set by the schema'] : []),
    ...parts.map(({ reference, where, value: part }) => {
      return `  refers to ${printable(reference)}: ${part === undefined ? '' : `${written(part)}, `}${printable(where)}`;
    }),
  ];
}

const words = { winner: 'set at', part: 'and at', overridden: 'over' };

/** That everything is well, from where, and which keys nobody knows. */
export function viewLines({ sources, unknown }: ConfigView): string[] {
  return [
    'the settings are valid; later sources override earlier ones:',
    ...sources.map(({ name, settings }) => `  ${printable(name)}: ${settings} settings`),
    ...unknown.map(({ path, nearest }) => {
      return `not known: ${printable(path)}${nearest === undefined ? '' : `; did you mean ${printable(nearest)}?`}`;
    }),
  ];
}

/** Each single setting that differs, masked. */
export function differences(one: Config, other: Config): { path: string; before: unknown; after: unknown }[] {
  const [before, after] = [one.current.value, other.current.value];
  const paths = new Map<string, readonly string[]>();
  for (const tree of [before, after]) eachLeaf(tree, (path) => paths.set(formatPath(path), path));
  const [masked, maskedAfter] = [one.view().values, other.view().values] as [ConfigTree, ConfigTree];
  return [...paths].flatMap(([written, path]) => {
    const [from, to] = [valueAt(before, path), valueAt(after, path)];
    if (path.length === 0 || isDeepStrictEqual(from, to)) return [];
    // An object that is empty on one side differs by what stands in it on the other.
    return [{ path: written, before: valueAt(masked, path), after: valueAt(maskedAfter, path) }];
  });
}

function written(value: unknown): string {
  return printable(JSON.stringify(value) ?? String(value));
}
