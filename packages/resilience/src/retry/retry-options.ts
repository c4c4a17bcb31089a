import {
  checkOptions,
  currentOf,
  fixed,
  integerIn,
  type Live,
  millisecondsIn,
  OptionsError,
  type Rule,
} from '@fwk/kernel';
import { nestedRule } from '../layer/nested-rule.js';
import { type RetryBudget, type RetryBudgetOptions, retryBudget } from './retry-budget.js';

/** Options of the retry layer. */
export interface RetryOptions {
  /** Attempts in all, the first included, 1 to 20. @defaultValue 3 */
  readonly maxAttempts: number | Live<number>;
  /**
   * The first pause is drawn from 0 to this, and the bound doubles each time; 0 to 60 000 milliseconds, and not above
   * `maxDelayMs`. @defaultValue 25
   */
  readonly baseDelayMs: number | Live<number>;
  /** No pause is drawn longer than this, 0 to 3 600 000 milliseconds. @defaultValue 1000 */
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
  baseDelayMs: 25,
  maxDelayMs: 1000,
  maxRetryAfterMs: 60_000,
  budget: Object.freeze({}),
}) satisfies RetryOptions;

const ownBudget = nestedRule('a retry budget, options of one, or false', retryBudget);
const budgetRule: Rule = (value) => {
  const shared = typeof value === 'object' && value !== null && isBudget(value);
  return value === false || shared ? undefined : ownBudget(value);
};

/** Rules of {@link RetryOptions}. */
export const retryRules = Object.freeze({
  maxAttempts: integerIn(1, 20),
  baseDelayMs: millisecondsIn(0, 60_000),
  maxDelayMs: millisecondsIn(0, 3_600_000),
  maxRetryAfterMs: millisecondsIn(0, 3_600_000),
  budget: fixed(budgetRule),
});

/**
 * Checks the options of a retry layer, each for itself and against each other. Live values are judged as they are now. A
 * lower `maxDelayMs` alone contradicts nothing: it caps the first pause too.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkRetryOptions(options: Partial<RetryOptions> | undefined): Readonly<RetryOptions> {
  const settings = checkOptions<RetryOptions>('retry', options, retryDefaults, retryRules);
  const [baseMs, capMs] = [currentOf(settings.baseDelayMs), currentOf(settings.maxDelayMs)];
  if (options?.baseDelayMs !== undefined && baseMs > capMs) {
    throw new OptionsError('retry', [
      `baseDelayMs ${baseMs} is above maxDelayMs ${capMs}: lower it, or raise maxDelayMs`,
    ]);
  }
  return settings;
}

/** True for a budget, as opposed to the options of one. */
export function isBudget(value: object): value is RetryBudget {
  const { deposit, withdraw } = value as Partial<RetryBudget>;
  return typeof deposit === 'function' && typeof withdraw === 'function';
}
