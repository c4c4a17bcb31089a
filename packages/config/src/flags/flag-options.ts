import { checkOptions, integerIn, millisecondsIn } from '@fwk/kernel';

/** How flags are told of. */
export interface FlagOptions {
  /** Within this time the same flag, variant and key is told once as `flag.exposed`, 0 to 2^31 − 1 milliseconds. @defaultValue 3600000 */
  readonly exposureWindowMs: number;
  /** How many exposures are remembered for that, 0 to 1 000 000; 0 tells none. @defaultValue 10000 */
  readonly maxExposures: number;
}

/** Defaults of {@link FlagOptions}. */
export const flagDefaults = Object.freeze({
  exposureWindowMs: 3_600_000,
  maxExposures: 10_000,
}) satisfies FlagOptions;

/** @throws OptionsError naming each option, its value and its range. */
export function checkFlagOptions(options: Partial<FlagOptions> | undefined): FlagOptions {
  return checkOptions<FlagOptions>('flags', options, flagDefaults, {
    exposureWindowMs: millisecondsIn(0),
    maxExposures: integerIn(0, 1_000_000),
  });
}
