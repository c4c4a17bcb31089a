/** What settings of health must be. docs/tunables.md is made from them. */
import { flag, integerIn, millisecondsIn, numberIn, optional, type Rule, ratio, text } from '@fwk/kernel';

/** The group of a page that shows what was: no check can count for it. */
export const historyPage = 'history';

const intervalRule = millisecondsIn(1, 86_400_000);
const timeoutRule = millisecondsIn(1, 600_000);
const groupsRule: Rule = (value) =>
  Array.isArray(value) && value.length <= 20 && value.every(isGroupName)
    ? undefined
    : `a list of at most 20 names, each of letters, digits, "_" and "-", a letter first, and not "${historyPage}"`;

function isGroupName(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z][\w-]{0,62}$/.test(value) && value !== historyPage;
}

/** Rules of the whole, of one check, and of the parts that a feature of its own has. */
export const healthRules = Object.freeze({
  whole: { intervalMs: intervalRule, timeoutMs: timeoutRule, jitter: ratio },
  check: {
    enabled: optional(flag),
    intervalMs: optional(intervalRule),
    timeoutMs: optional(timeoutRule),
    optional: optional(flag),
    groups: optional(groupsRule),
  },
  eventLoop: { lagMs: millisecondsIn(1, 60_000), utilization: ratio },
  memory: { ratio },
  disk: { path: text, freeBytes: numberIn(0) },
  overload: {
    lagMs: optional(millisecondsIn(1, 60_000)),
    utilization: optional(ratio),
    inFlight: optional(integerIn(1)),
    afterMs: millisecondsIn(0, 600_000),
    backAfterMs: millisecondsIn(0, 600_000),
    backBelow: ratio,
  },
});
