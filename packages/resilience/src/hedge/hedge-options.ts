import { fixed, flag, integerIn, type Live, millisecondsIn, optional, type Rule, ratio } from '@fwk/kernel';
import type { RetryBudget } from '../retry/retry-budget.js';
import { isBudget } from '../retry/retry-options.js';

/** Options of the hedge layer. */
export interface HedgeOptions {
  /**
   * How long the first attempt may take before a second is sent: 1 to 2^31 − 1 milliseconds, or `'auto'` for what all
   * answers of the last 30 seconds took but the slowest, at least 1 ms. The slowest are half of `maxExtraRatio` (1 % as it
   * is by default) and at most 5 %: the other half is kept for when a callee is stuck. @defaultValue 'auto'
   */
  readonly delayMs: number | 'auto' | Live<number>;
  /** With `'auto'`, nothing is hedged on fewer answers than this, 1 to 1 000 000. @defaultValue 50 */
  readonly minimumSamples: number | Live<number>;
  /**
   * Extra attempts of one call at most, 1 to 10; each is sent `delayMs` after the one before it. @defaultValue 1
   */
  readonly maxHedges: number | Live<number>;
  /**
   * Whether the next attempt is sent at once when one fails in a way that may be tried again, without waiting for its time.
   * It counts as an extra attempt as any other. @defaultValue false
   */
  readonly onFailure: boolean | Live<boolean>;
  /**
   * Extra attempts as a share of the calls, 0 to 1; 0 sends none. What is not spent is kept for a burst: up to the share
   * of the calls of some 10 seconds, and always up to 10. @defaultValue 0.02
   */
  readonly maxExtraRatio: number | Live<number>;
  /**
   * The budget of the client's retries: each extra attempt takes 1 from it, and none is sent when it is empty. It is the
   * retry layer that pays in. @defaultValue that of the same policy's retry; outside a
   * policy none: `maxExtraRatio` alone limits
   */
  readonly budget: RetryBudget | undefined;
  /**
   * True says that every call through this layer may run twice, whatever its context says. @defaultValue undefined: the
   * context decides (`idempotentKey`)
   */
  readonly idempotent: boolean | undefined;
}

/** Defaults of the hedge layer. */
export const hedgeDefaults = Object.freeze({
  delayMs: 'auto',
  minimumSamples: 50,
  maxHedges: 1,
  onFailure: false,
  maxExtraRatio: 0.02,
  budget: undefined,
  idempotent: undefined,
}) satisfies HedgeOptions;

const delayRule: Rule = (value) => {
  const range = millisecondsIn(1)(value);
  return value === 'auto' || range === undefined ? undefined : `'auto' or ${range}`;
};
const budgetRule: Rule = (value) =>
  typeof value === 'object' && value !== null && isBudget(value) ? undefined : 'a retry budget';
const idempotentRule: Rule = (value) => (value === true ? undefined : 'true (hedging sends a call twice) or left out');

/** Rules of {@link HedgeOptions}. */
export const hedgeRules = Object.freeze({
  delayMs: delayRule,
  minimumSamples: integerIn(1, 1_000_000),
  maxHedges: integerIn(1, 10),
  onFailure: flag,
  maxExtraRatio: ratio,
  budget: optional(fixed(budgetRule)),
  idempotent: optional(fixed(idempotentRule)),
});
