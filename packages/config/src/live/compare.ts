/** What other settings would change, before they take effect. */
import type { Live } from '@fwk/kernel';
import type { ConfigPreview } from '../settings/config.js';
import { checkedSettings } from '../settings/settings.js';
import type { SettingsDefinition } from '../settings/settings-definition.js';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { shareUnchanged } from '../tree/share.js';
import { isTree, valueAt } from '../tree/tree.js';
import { issueTeller, textAtIn, type Unchecked } from './check-whole.js';
import type { GivenLives } from './given-lives.js';
import type { Loaded } from './load-all.js';
import type { Snapshot } from './snapshot.js';

/** Most changes that are listed. */
const maxListed = 100;

/** What a section makes of the settings. @throws ConfigError of the section. */
export function checkSection<S>(definition: SettingsDefinition<S>, given: Unchecked): S {
  return checkedSettings(definition, given.raw, issueTeller(given), textAtIn(given.layers));
}

/**
 * What differs, and whom that would touch.
 * @param given - the live values that were given out.
 * @param lives - those of sections.
 * @throws ConfigError of a section
 */
export function compare<T>(
  before: Snapshot<T>,
  after: Loaded<T>,
  given: GivenLives<Pick<Snapshot<T>, 'tree'>>,
  lives: ReadonlyMap<SettingsDefinition<unknown>, Live<unknown>>,
): ConfigPreview {
  const changes: { path: string; before: unknown; after: unknown }[] = [];
  const look = (one: unknown, other: unknown, path: ConfigPath): void => {
    if (Object.is(one, other) || changes.length >= maxListed) return;
    if (!isTree(one) || !isTree(other)) {
      const masked = { before: before.secrets.masked(one, path), after: after.secrets.masked(other, path) };
      changes.push({ path: formatPath(path), ...masked });
      return;
    }
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      look(valueAt(one, [key]), valueAt(other, [key]), [...path, key]);
    }
  };
  const tree = shareUnchanged(before.tree, after.tree) as T;
  look(before.tree, tree, []);
  const sections = [...before.sections].flatMap(([definition, value]) =>
    Object.is(shareUnchanged(value, checkSection(definition, after)), value) ? [] : [definition],
  );
  const behind = sections.flatMap((definition) => lives.get(definition) ?? []);
  const { problems, ...touched } = given.touchedBy({ tree }, !Object.is(tree, before.tree), behind);
  return {
    changes,
    sections: sections.map(({ prefix }) => prefix),
    ...touched,
    problems: problems.map(after.secrets.messagesOf(after.raw)),
  };
}
