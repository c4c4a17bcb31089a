import { checkOptions, integerIn, messageOf, millisecondsIn, numberIn, type Rule, ratio } from '@fwk/kernel';

/** When endpoints are no longer picked, for how long, and how they come back. */
export interface EjectionOptions {
  /** Failures in a row after which an endpoint is ejected, 1 to 1000; false: never for that. @defaultValue 5 */
  readonly consecutiveFailures: number | false;
  /** Share of failures in the window at which an endpoint is ejected, 0 to 1; false: never for that. @defaultValue 0.85 */
  readonly failureRatio: number | false;
  /** Calls an endpoint must have had in the window before `failureRatio` applies, 1 to 1 000 000. @defaultValue 50 */
  readonly failureRatioRequests: number;
  /**
   * How far the success rate of an endpoint may lie below the mean of all, in standard deviations, 0 to 100; false: never
   * ejected for that. @defaultValue 1.9
   */
  readonly successRateDeviations: number | false;
  /** How far below the mean it must lie at least, 0 to 1, so that alike endpoints are left alone. @defaultValue 0.02 */
  readonly successRateMargin: number;
  /** Endpoints with enough calls that are needed for a comparison of success rates, 2 to 10 000. @defaultValue 5 */
  readonly successRateHosts: number;
  /** Calls in the window that are enough for it, 1 to 1 000 000. @defaultValue 100 */
  readonly successRateRequests: number;
  /**
   * How many times as long as at the median of the others calls may take at an endpoint, 1.5 to 1000; false: never ejected
   * for that. @defaultValue 5
   */
  readonly latencyFactor: number | false;
  /** Answers in the window that are needed for a comparison of latencies, 2 to 1 000 000. @defaultValue 20 */
  readonly latencySamples: number;
  /** How much longer than at the others calls must take at least, in milliseconds, from 0. @defaultValue 5 */
  readonly latencyExcessMs: number;
  /** How often endpoints are compared, in milliseconds, 100 to 3 600 000. @defaultValue 10000 */
  readonly sweepMs: number;
  /**
   * What is compared: the calls of so many milliseconds before, in whole sweeps and at least one, 100 to 3 600 000.
   * @defaultValue 10000
   */
  readonly windowMs: number;
  /**
   * How long the first ejection lasts, in milliseconds, from 1; each further one in a row lasts as much longer.
   * @defaultValue 30000
   */
  readonly baseMs: number;
  /** Longest ejection, in milliseconds, at least `baseMs`. @defaultValue 300000 */
  readonly maxMs: number;
  /** Shortest pause before an endpoint whose connection failed is tried again, in milliseconds, from 1. @defaultValue 1000 */
  readonly reconnectMinMs: number;
  /** Longest such pause, in milliseconds, at least `reconnectMinMs`. @defaultValue 32000 */
  readonly reconnectMaxMs: number;
  /**
   * Share of endpoints that may be out, though always one, 0 to 1. Those whose connection failed count too, but are out
   * however many they are. @defaultValue 0.1
   */
  readonly maxEjectedRatio: number;
  /** Share of endpoints that calls can always go to, however many are ejected, 0 to 1. @defaultValue 0.5 */
  readonly panicRatio: number;
  /**
   * How long an endpoint that is new or has returned gets less than its share of calls, in milliseconds, 0 to 3 600 000; 0: it gets
   * all of its share at once.
   * @defaultValue 10000
   */
  readonly slowStartMs: number;
  /** How fast its share grows: 1 steadily, more at first fast and then slowly; 0.1 to 10. @defaultValue 1 */
  readonly slowStartAggression: number;
  /** What it gets of its share at first, 0.01 to 1. @defaultValue 0.1 */
  readonly slowStartMinimum: number;
}

/** Defaults of {@link EjectionOptions}. */
export const ejectionDefaults = Object.freeze({
  consecutiveFailures: 5,
  failureRatio: 0.85,
  failureRatioRequests: 50,
  successRateDeviations: 1.9,
  successRateMargin: 0.02,
  successRateHosts: 5,
  successRateRequests: 100,
  latencyFactor: 5,
  latencySamples: 20,
  latencyExcessMs: 5,
  sweepMs: 10_000,
  windowMs: 10_000,
  baseMs: 30_000,
  maxMs: 300_000,
  reconnectMinMs: 1000,
  reconnectMaxMs: 32_000,
  maxEjectedRatio: 0.1,
  panicRatio: 0.5,
  slowStartMs: 10_000,
  slowStartAggression: 1,
  slowStartMinimum: 0.1,
}) satisfies EjectionOptions;

/** The rules of {@link EjectionOptions}, one a field. */
export const ejectionRules: { readonly [K in keyof EjectionOptions]: Rule } = Object.freeze({
  consecutiveFailures: orFalse(integerIn(1, 1000)),
  failureRatio: orFalse(ratio),
  failureRatioRequests: integerIn(1, 1_000_000),
  successRateDeviations: orFalse(numberIn(0, 100)),
  successRateMargin: ratio,
  successRateHosts: integerIn(2, 10_000),
  successRateRequests: integerIn(1, 1_000_000),
  latencyFactor: orFalse(numberIn(1.5, 1000)),
  latencySamples: integerIn(2, 1_000_000),
  latencyExcessMs: millisecondsIn(0),
  sweepMs: millisecondsIn(100, 3_600_000),
  windowMs: millisecondsIn(100, 3_600_000),
  baseMs: millisecondsIn(1),
  maxMs: millisecondsIn(1),
  reconnectMinMs: millisecondsIn(1),
  reconnectMaxMs: millisecondsIn(1),
  maxEjectedRatio: ratio,
  panicRatio: ratio,
  slowStartMs: millisecondsIn(0, 3_600_000),
  slowStartAggression: numberIn(0.1, 10),
  slowStartMinimum: numberIn(0.01, 1),
});

/** Checks the options and adds the defaults. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkEjection(options: Partial<EjectionOptions> | undefined): EjectionOptions {
  return checkOptions<EjectionOptions>('ejection', options, ejectionDefaults, ejectionRules, (values) => [
    ...inOrder(values, 'baseMs', 'maxMs'),
    ...inOrder(values, 'reconnectMinMs', 'reconnectMaxMs'),
  ]);
}

/** The rule for options that may also be false; those that are refused later leave the last good ones in force. */
export const ejectionOrFalse: Rule = (value) => {
  if (value === undefined || value === false) return undefined;
  try {
    checkEjection(value as Partial<EjectionOptions>);
    return undefined;
  } catch (error) {
    return `options or false (${messageOf(error)})`;
  }
};

/** Sweeps that a window is made of. */
export function windowSweeps({ sweepMs, windowMs }: EjectionOptions): number {
  // A little less, so that rounding never adds a sweep.
  return Math.max(1, Math.ceil(windowMs / sweepMs - 1e-9));
}

type Duration = 'baseMs' | 'maxMs' | 'reconnectMinMs' | 'reconnectMaxMs';

function inOrder(values: EjectionOptions, shorter: Duration, longer: Duration): readonly string[] {
  if (values[shorter] <= values[longer]) return [];
  return [`${shorter} (${values[shorter]} ms) must not be longer than ${longer} (${values[longer]} ms)`];
}

function orFalse(rule: Rule): Rule {
  return (value) => {
    const wanted = value === false ? undefined : rule(value);
    return wanted && `${wanted}, or false`;
  };
}
