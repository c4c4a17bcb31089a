import {
  checkOptions,
  fixed,
  type Growth,
  growths,
  integerIn,
  type Live,
  messageOf,
  millisecondsIn,
  optional,
  type Rule,
  ratio,
  type TogetherRule,
} from '@fwk/kernel';
import { nestedRule } from '../layer/nested-rule.js';
import { type Backoff, isPause, LONGEST_PAUSE_MS, pausesOf } from './backoff.js';
import { checkRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.js';

/** Options of the retry layer. */
export interface RetryOptions {
  /** Attempts in all, the first included, 1 to 20. @defaultValue 3 */
  readonly maxAttempts: number | Live<number>;
  /**
   * How long to pause between attempts. `'exponential'` doubles `baseDelayMs` with each pause, `'linear'` adds it each time,
   * `'fixed'` keeps it. A list, or anything else that can be iterated over, has the pauses one after the other, and its last
   * is repeated; a function computes each: milliseconds, 0 to 3 600 000. What a callee asks for (`retryAfterMs`) comes
   * first. @defaultValue 'exponential'
   */
  readonly backoff: Backoff | Live<Backoff>;
  /**
   * The share of a pause that is drawn at random, 0 to 1, so that callers do not come back together: 1 draws from 0 up to
   * the pause, 0 takes it as it is. @defaultValue 1 with `'exponential'`, else 0
   */
  readonly jitter: number | undefined | Live<number | undefined>;
  /** The first pause before jitter, 0 to 60 000 milliseconds, and not above `maxDelayMs`. @defaultValue 25 */
  readonly baseDelayMs: number | Live<number>;
  /** To how much `baseDelayMs` grows at most, 0 to 3 600 000 milliseconds; lists and functions say themselves. @defaultValue 1000 */
  readonly maxDelayMs: number | Live<number>;
  /**
   * The longest pause that a callee may ask for (`retryAfterMs`); if it asks for more, the call fails now. 0 to
   * 3 600 000 milliseconds. @defaultValue 60000
   */
  readonly maxRetryAfterMs: number | Live<number>;
  /**
   * A budget to share, or the options of one for this stack alone; false retries without a limit, for tests and
   * one-off scripts. @defaultValue a budget of its own with the defaults
   */
  readonly budget: RetryBudget | Partial<RetryBudgetOptions> | false;
}

/** Defaults of the retry layer. */
export const retryDefaults = Object.freeze({
  maxAttempts: 3,
  backoff: 'exponential',
  jitter: undefined,
  baseDelayMs: 25,
  maxDelayMs: 1000,
  maxRetryAfterMs: 60_000,
  budget: Object.freeze({}),
}) satisfies RetryOptions;

const ownBudget = nestedRule('a retry budget, options of one, or false', checkRetryBudget);
const budgetRule: Rule = (value) => {
  const shared = typeof value === 'object' && value !== null && isBudget(value);
  return value === false || shared ? undefined : ownBudget(value);
};

const backoffRule: Rule = (value) => {
  const wanted = `one of ${growths.join(', ')}, pauses from 0 to ${LONGEST_PAUSE_MS} ms, or a function`;
  if (typeof value === 'string') return growths.includes(value as Growth) ? undefined : wanted;
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return wanted;
  try {
    const pauses = pausesOf(value as Iterable<number>);
    return pauses.length > 0 && pauses.every(isPause) ? undefined : wanted;
  } catch (error) {
    return `${wanted}, and readable (${messageOf(error)})`;
  }
};

/** Rules of {@link RetryOptions}. */
export const retryRules = Object.freeze({
  maxAttempts: integerIn(1, 20),
  backoff: backoffRule,
  jitter: optional(ratio),
  baseDelayMs: millisecondsIn(0, 60_000),
  maxDelayMs: millisecondsIn(0, LONGEST_PAUSE_MS),
  maxRetryAfterMs: millisecondsIn(0, LONGEST_PAUSE_MS),
  budget: fixed(budgetRule),
});

/**
 * Checks the options of a retry layer, each for itself and against each other. A lower `maxDelayMs` alone contradicts
 * nothing: it caps the first pause too.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkRetryOptions(options: Partial<RetryOptions> | undefined): Readonly<RetryOptions> {
  return checkOptions<RetryOptions>('retry', options, retryDefaults, retryRules, together);
}

const together: TogetherRule<RetryOptions> = ({ maxDelayMs }, { baseDelayMs }) =>
  baseDelayMs !== undefined && baseDelayMs > maxDelayMs
    ? [`baseDelayMs ${baseDelayMs} is above maxDelayMs ${maxDelayMs}: lower it, or raise maxDelayMs`]
    : [];

/** True for a budget, as opposed to the options of one. */
export function isBudget(value: object): value is RetryBudget {
  const { deposit, withdraw } = value as Partial<RetryBudget>;
  return typeof deposit === 'function' && typeof withdraw === 'function';
}
