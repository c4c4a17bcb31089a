/**
 * How many retries a client may send, as a share of what succeeds. Retries multiply load exactly when the callee can
 * bear it least: at a failure ratio of 1, three attempts are three times the traffic, and five layers of three are 243
 * times. With a budget the extra traffic stays at `ratio`, whatever fails.
 *
 * After Finagle's RetryBudget: each first attempt that succeeds deposits `ratio`, each retry withdraws 1, and both are
 * forgotten after `windowMs`; `reservePerSecond` lets clients with little traffic retry at all:
 *
 *     balance = reservePerSecond · window + ratio · deposits(window) − retries(window)
 *
 * Only successes deposit (Finagle deposits every request), so that an outage stops feeding its own retries.
 */
import { type Clock, checkOptions, defaultEnv, fixed, millisecondsIn, numberIn, ratio } from '@fwk/kernel';
import { RollingCounts } from '../window/rolling-counts.js';

/** Options of {@link retryBudget}. */
export interface RetryBudgetOptions {
  /** Retries that each success pays for, 0 to 1. @defaultValue 0.2 */
  readonly ratio: number;
  /** Retries a second that need no success, 0 to 1000. @defaultValue 10 */
  readonly reservePerSecond: number;
  /** How long a deposit lasts, 1000 to 3 600 000 milliseconds. @defaultValue 10000 */
  readonly windowMs: number;
}

/** Defaults of {@link retryBudget}. */
export const retryBudgetDefaults = Object.freeze({
  ratio: 0.2,
  reservePerSecond: 10,
  windowMs: 10_000,
}) satisfies RetryBudgetOptions;

/** One budget is shared by everything of a client that sends extra attempts: retries, hedges. Pass it to each. */
export interface RetryBudget {
  /** A first attempt succeeded. */
  deposit(): void;
  /** Takes 1 for an extra attempt; false when there is not enough left. */
  withdraw(): boolean;
  /** Extra attempts that could be sent now, with fractions. */
  readonly balance: number;
}

/**
 * Makes a budget.
 * @param clock - where its time comes from. @defaultValue the system's
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function retryBudget(options?: Partial<RetryBudgetOptions>, clock: Clock = defaultEnv.clock): RetryBudget {
  return new WindowedBudget(checkRetryBudget(options), clock);
}

/** Checks the options of a budget. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkRetryBudget(options?: Partial<RetryBudgetOptions>): Readonly<RetryBudgetOptions> {
  return checkOptions<RetryBudgetOptions>('retryBudget', options, retryBudgetDefaults, {
    ratio: fixed(ratio),
    reservePerSecond: fixed(numberIn(0, 1000)),
    windowMs: fixed(millisecondsIn(1000, 3_600_000)),
  });
}

const DEPOSITS = 0;
const WITHDRAWALS = 1;
const SLICES = 10;
/**
 * Deposits are booked in lots of this many, because reading the clock costs more than all the rest of a deposit. A lot
 * may be booked later than it was earned, so the balance is at most `LOT · ratio` too high: three retries by default.
 */
const LOT = 16;
/** Sums of 0.2 are not exact; what is missing by less than this is not missing. */
const ROUNDING = 1e-9;

class WindowedBudget implements RetryBudget {
  readonly #counts: RollingCounts;
  readonly #clock: Clock;
  readonly #ratio: number;
  readonly #reserve: number;
  #unbooked = 0;

  constructor(options: RetryBudgetOptions, clock: Clock) {
    this.#counts = new RollingCounts(2, options.windowMs, SLICES);
    this.#clock = clock;
    this.#ratio = options.ratio;
    this.#reserve = (options.reservePerSecond * options.windowMs) / 1000;
  }

  deposit(): void {
    this.#unbooked++;
    if (this.#unbooked === LOT) this.#book();
  }

  withdraw(): boolean {
    const nowMs = this.#book();
    if (this.#left() < 1 - ROUNDING) return false;
    this.#counts.add(WITHDRAWALS, 1, nowMs);
    return true;
  }

  get balance(): number {
    this.#book();
    return Math.max(0, this.#left());
  }

  #book(): number {
    const nowMs = this.#clock.now();
    this.#counts.advance(nowMs);
    if (this.#unbooked > 0) this.#counts.add(DEPOSITS, this.#unbooked, nowMs);
    this.#unbooked = 0;
    return nowMs;
  }

  #left(): number {
    return this.#reserve + this.#ratio * this.#counts.total(DEPOSITS) - this.#counts.total(WITHDRAWALS);
  }
}
