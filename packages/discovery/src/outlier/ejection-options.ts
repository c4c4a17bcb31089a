import { checkOptions, integerIn, millisecondsIn, ratio } from '@fwk/kernel';

/** When endpoints are no longer picked, and for how long. */
export interface EjectionOptions {
  /** Failures in a row after which an endpoint is ejected, 1 to 1000. @defaultValue 5 */
  readonly consecutiveFailures: number;
  /** First ejection for failures in a row, in milliseconds; grows by as much with each further one. @defaultValue 30000 */
  readonly baseMs: number;
  /** Longest ejection for failures in a row, in milliseconds. @defaultValue 300000 */
  readonly maxMs: number;
  /** Time without an ejection after which one earlier ejection is forgotten, in milliseconds. @defaultValue 10000 */
  readonly forgetMs: number;
  /** Shortest pause before an endpoint is tried again whose connection failed, in milliseconds. @defaultValue 1000 */
  readonly reconnectMinMs: number;
  /** Longest such pause, in milliseconds. @defaultValue 32000 */
  readonly reconnectMaxMs: number;
  /** Share of endpoints that may be out for failures in a row, though always one, 0 to 1. @defaultValue 0.1 */
  readonly maxEjectedRatio: number;
  /** Share of endpoints that always stays in the set, whatever the rule, 0 to 1. @defaultValue 0.5 */
  readonly panicRatio: number;
}

/** Defaults of {@link EjectionOptions}. */
export const ejectionDefaults = Object.freeze({
  consecutiveFailures: 5,
  baseMs: 30_000,
  maxMs: 300_000,
  forgetMs: 10_000,
  reconnectMinMs: 1000,
  reconnectMaxMs: 32_000,
  maxEjectedRatio: 0.1,
  panicRatio: 0.5,
}) satisfies EjectionOptions;

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkEjection(options: Partial<EjectionOptions> | undefined): EjectionOptions {
  return checkOptions<EjectionOptions>('ejection', options, ejectionDefaults, {
    consecutiveFailures: integerIn(1, 1000),
    baseMs: millisecondsIn(1),
    maxMs: millisecondsIn(1),
    forgetMs: millisecondsIn(1),
    reconnectMinMs: millisecondsIn(1),
    reconnectMaxMs: millisecondsIn(1),
    maxEjectedRatio: ratio,
    panicRatio: ratio,
  });
}
