import { anything, type Clock, checkOptions, integerIn, millisecondsIn, systemClock } from '@fwk/kernel';

/** Options of {@link createUsage}. */
export interface UsageOptions {
  /** Length of a period, in milliseconds, 1000 to 86,400,000; periods end at multiples of it since the epoch. @defaultValue 60000 */
  readonly periodMs: number;
  /**
   * Pairs of caller and operation that a period may tell apart, 1 to 10,000, for callers that are proven; as many again for
   * the others. Calls of further callers are counted as those of `folded`. @defaultValue 1000
   */
  readonly maxRows: number;
  /** Closed periods that are kept for whoever reads them, 1 to 10,000. @defaultValue 60 */
  readonly maxPeriods: number;
  /** @defaultValue the system clock */
  readonly clock: Clock;
}

/** Defaults of {@link UsageOptions}. */
export const usageDefaults: Readonly<UsageOptions> = Object.freeze({
  periodMs: 60_000,
  maxRows: 1000,
  maxPeriods: 60,
  clock: systemClock,
});

/** @throws OptionsError */
export function checkUsageOptions(owner: string, options: Partial<UsageOptions>): UsageOptions {
  return checkOptions(owner, options, usageDefaults, {
    periodMs: millisecondsIn(1000, 86_400_000),
    maxRows: integerIn(1, 10_000),
    maxPeriods: integerIn(1, 10_000),
    clock: anything,
  });
}
