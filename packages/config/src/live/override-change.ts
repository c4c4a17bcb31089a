/** Checks what operators ask for. */
import { messageOf, numberIn, redactText } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import { needsResolving } from '../resolve/plain.js';
import type { ChangeReason, OverrideOptions } from '../settings/config.js';
import { type Override, overlaps } from '../sources/overrides.js';
import { formatPath, parsePath } from '../tree/path.js';
import { copyTree, eachLeaf } from '../tree/tree.js';

/** Most overrides at a time. */
const maxOverrides = 100;
/** Longest name of an actor, and longest reason. */
const maxWords = 200;
/** Longest time of an override: a year. */
const maxForMs = 366 * 86_400_000;

/**
 * The overrides with one more. It takes the place of those that it stands above, below or at.
 * @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED`.
 */
export function withOverride(
  active: readonly Override[],
  path: string,
  value: unknown,
  options: OverrideOptions,
  nowMs: number,
): readonly Override[] {
  const { actor, reason } = checkReason(options);
  const { forMs } = options;
  const problem = forMs === undefined ? undefined : numberIn(1, maxForMs, ' ms')(forMs);
  if (problem) throw refused(`forMs must be ${problem}`);
  const written = formatPath(parsePath(path));
  if (value === undefined) throw refused('it has no value');
  const copy = copied(value);
  eachLeaf(copy, (_, leaf) => {
    // Whoever may set a value may not read files and variables by that.
    if (needsResolving(leaf))
      throw refused('references and encrypted values cannot be set here; write the value itself');
  });
  const others = active.filter((each) => !overlaps(each.path, written));
  if (others.length >= maxOverrides) throw refused(`there are ${maxOverrides} already; lift some`);
  const untilMs = forMs === undefined ? undefined : nowMs + forMs;
  return [...others, { path: written, value: copy, actor, reason, atMs: nowMs, untilMs }];
}

/** @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` for what no setting can be. */
function copied(value: unknown): unknown {
  try {
    return copyTree({ value }, { source: 'overrides' }).value;
  } catch (error) {
    throw refused(messageOf(error), error);
  }
}

/** @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` when nobody or nothing is named. */
export function checkReason({ actor, reason }: ChangeReason): Required<ChangeReason> {
  for (const [name, words] of [
    ['actor', actor],
    ['reason', reason],
  ] as const) {
    if (typeof words !== 'string' || words.trim() === '' || words.length > maxWords) {
      throw refused(`it must have ${name === 'actor' ? 'an actor' : 'a reason'} of 1 to ${maxWords} characters`);
    }
  }
  return { actor: redactText(actor), reason: redactText(reason) };
}

/** @param why - what is wrong, and what to do. */
export function refused(why: string, cause?: unknown): ConfigError {
  return new ConfigError('FWK_CONFIG_OVERRIDE_REFUSED', `the override was refused: ${why}`, { cause });
}
