import type { SettingsDefinition } from '../settings/settings-definition.js';
import { shareUnchanged } from '../tree/share.js';
import { checkSection } from './compare.js';
import type { Loaded } from './load-all.js';
import type { Snapshot } from './snapshot.js';

/**
 * What takes the place of a snapshot. What has not changed in it is the same object as before, and its version is the same when
 * nothing has.
 * @throws ConfigError of a section.
 */
export function nextSnapshot<T>(before: Snapshot<T>, loaded: Loaded<T>): Snapshot<T> {
  const { raw, layers, secrets } = loaded;
  const sections = new Map<SettingsDefinition<unknown>, unknown>();
  const tree = shareUnchanged(before.tree, loaded.tree) as T;
  let changed = !Object.is(tree, before.tree);
  for (const [definition, previous] of before.sections) {
    const value = shareUnchanged(previous, checkSection(definition, loaded));
    sections.set(definition, value);
    changed ||= !Object.is(value, previous);
  }
  return { version: changed ? before.version + 1 : before.version, tree, raw, layers, secrets, sections };
}
