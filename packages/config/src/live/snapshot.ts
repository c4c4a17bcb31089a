/** The settings in effect at one time, and what can be said of them. */
import { createHash } from 'node:crypto';
import type { Logger } from '@fwk/kernel';
import { originsOf, winningOrigin } from '../explain/explain.js';
import { type UnknownKey, unknownKeys } from '../schema/unknown-keys.js';
import type { Secrets } from '../secret/secret.js';
import type { ConfigView, Refusal, SourceState } from '../settings/config.js';
import type { SettingsDefinition } from '../settings/settings-definition.js';
import type { Layer } from '../source/layer.js';
import type { Override } from '../sources/overrides.js';
import { oncePerTree } from '../tree/kept.js';
import { formatOrigin } from '../tree/origin.js';
import { type ConfigPath, parsePath } from '../tree/path.js';
import { type ConfigTree, isTree } from '../tree/tree.js';

/** One version of everything; replaced as a whole. */
export interface Snapshot<T> {
  readonly version: number;
  readonly tree: T;
  /** Merged, with what references stand for, and not yet validated; what sections are checked against. */
  readonly raw: ConfigTree;
  readonly layers: readonly Layer[];
  readonly secrets: Secrets;
  /** Grows when a section is registered; replaced by a swap. */
  readonly sections: Map<SettingsDefinition<unknown>, unknown>;
}

/** How the sources stand, lowest first. */
export function sourceStates(layers: readonly Layer[], refusal: Refusal | undefined): SourceState[] {
  return layers.map(({ source: { name }, tree, stale }) => {
    const problem = refusal?.source === name ? refusal.reason : stale?.reason;
    return { name, settings: settingsIn(tree), stale, problem };
  });
}

/** How many single settings there are. */
const settingsIn: (tree: ConfigTree) => number = oncePerTree((tree) =>
  Object.values(tree).reduce<number>((sum, value) => sum + countIn(value), 0),
);

function countIn(value: unknown): number {
  if (Array.isArray(value))
    return Math.max(
      1,
      value.reduce<number>((sum, item) => sum + countIn(item), 0),
    );
  return isTree(value) ? Math.max(1, settingsIn(value)) : 1;
}

const hashes = new WeakMap<Snapshot<unknown>, string>();

/** A short hash of the settings with secrets masked, whatever the order of their keys. */
export function hashOf(snapshot: Snapshot<unknown>): string {
  const known = hashes.get(snapshot);
  if (known !== undefined) return known;
  const { tree, secrets } = snapshot;
  const sorted = JSON.stringify(secrets.masked(tree, []), (_, value) =>
    isTree(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  const hash = createHash('sha256').update(`${sorted}`).digest('hex').slice(0, 12);
  hashes.set(snapshot, hash);
  return hash;
}

/** Says in the log where settings come from, lowest first. */
export function tellSources(logger: Logger, sources: readonly SourceState[]): void {
  const order = sources.map(({ name, settings }) => `${name} (${settings})`);
  logger.info({ sources: order }, 'the configuration was read; later sources override earlier ones');
}

/** Says once of each key that is near a known one; others may belong to sections that come later. @param told - of which it was said. */
export function tellUnknown(
  logger: Logger,
  { layers }: Pick<Snapshot<unknown>, 'layers'>,
  unknown: readonly UnknownKey[],
  told: Set<string>,
): void {
  for (const { path, nearest } of unknown) {
    if (nearest === undefined || told.has(path)) continue;
    told.add(path);
    const origin = winningOrigin(parsePath(path), layers);
    const where = origin && formatOrigin(origin);
    logger.warn({ path, where }, `the setting "${path}" is not known; did you mean "${nearest}"?`);
  }
}

/** Everything at once, masked. */
export function viewOf(
  snapshot: Snapshot<unknown>,
  more: Pick<ConfigView, 'overrides' | 'unknown' | 'stale' | 'lastRefusal'>,
): ConfigView {
  const { version, tree, layers, secrets } = snapshot;
  const masked = (override: Override) => ({
    ...override,
    value: secrets.masked(override.value, parsePath(override.path)),
  });
  return {
    ...more,
    version,
    hash: hashOf(snapshot),
    overrides: more.overrides.map(masked),
    values: secrets.masked(tree, []),
    origins: originsOf(tree as ConfigTree, layers),
    sources: sourceStates(layers, more.lastRefusal),
  };
}

/** Keys that neither the schema of the whole nor one of these sections knows. */
export function unknownIn(
  { raw, tree }: Pick<Snapshot<unknown>, 'raw' | 'tree'>,
  definitions: readonly SettingsDefinition<unknown>[],
): readonly UnknownKey[] {
  const sections = definitions.map(({ prefix }) => parsePath(prefix));
  const isKnown = (path: ConfigPath) =>
    sections.some((section) => path.every((part, index) => index >= section.length || section[index] === part));
  return unknownKeys(raw, tree, isKnown);
}
