/** The settings in effect at one time, and what can be said of them. */
import { type UnknownKey, unknownKeys } from '../schema/unknown-keys.js';
import type { Secrets } from '../secret/secret.js';
import type { Refusal, SourceState } from '../settings/config.js';
import type { SettingsDefinition } from '../settings/settings-definition.js';
import type { Layer } from '../source/layer.js';
import { type ConfigPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf } from '../tree/tree.js';

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
    let settings = 0;
    eachLeaf(tree, (path) => {
      if (path.length > 0) settings++;
    });
    return { name, settings, stale, problem: refusal?.source === name ? refusal.reason : stale?.reason };
  });
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
