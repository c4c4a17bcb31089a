/** What the program prints. */
import { isDeepStrictEqual } from 'node:util';
import { printable } from '@fwk/kernel';
import type { Explanation } from '../explain/explain.js';
import type { ConfigView } from '../settings/config.js';
import { formatPath } from '../tree/path.js';
import { eachLeaf, valueAt } from '../tree/tree.js';
import type { Side } from './check-files.js';

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

/** Where settings come from, which keys nobody knows, and what operators have set. */
export function viewLines({ sources, unknown, overrides }: ConfigView): string[] {
  return [
    ...sources.map(({ name, settings }) => `  ${printable(name)}: ${settings} settings`),
    ...unknown.map(({ path, nearest }) => {
      return `not known: ${printable(path)}${nearest === undefined ? '' : `; did you mean ${printable(nearest)}?`}`;
    }),
    ...overrides.map(({ path, value, actor, reason, untilMs }) => {
      const until = untilMs === undefined ? '' : `, until ${new Date(untilMs).toISOString()}`;
      return `overridden: ${printable(path)} = ${written(value)}, by ${printable(actor)}: ${printable(reason)}${until}`;
    }),
  ];
}

/** How a running service stands. */
export function serviceLines(url: string, view: ConfigView): string[] {
  const { version, hash, lastRefusal, stale } = view;
  const head = `${url}: version ${version}, hash ${printable(hash)}`;
  const order = 'later sources override earlier ones:';
  if (lastRefusal)
    return [`${head}; the last change was refused: ${printable(lastRefusal.reason)}`, order, ...viewLines(view)];
  if (stale) return [`${head}; what it has may be old: ${printable(stale.reason)}`, order, ...viewLines(view)];
  return [`${head}; the settings are valid; ${order}`, ...viewLines(view)];
}

/** Each single setting that differs, masked. Secrets differ only where both sides know them. */
export function differences(one: Side, other: Side): { path: string; before: unknown; after: unknown }[] {
  const known = one.plain !== undefined && other.plain !== undefined;
  const [before, after] = known ? [one.plain, other.plain] : [one.masked, other.masked];
  const paths = new Map<string, readonly string[]>();
  for (const tree of [before, after]) eachLeaf(tree, (path) => paths.set(formatPath(path), path));
  return [...paths].flatMap(([path, parts]) => {
    const [from, to] = [valueAt(before, parts), valueAt(after, parts)];
    if (parts.length === 0 || isDeepStrictEqual(from, to)) return [];
    // An object that is empty on one side differs by what stands in it on the other.
    return [{ path, before: valueAt(one.masked, parts), after: valueAt(other.masked, parts) }];
  });
}

function written(value: unknown): string {
  return printable(JSON.stringify(value) ?? String(value));
}
