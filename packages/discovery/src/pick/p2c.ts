import { checkOptions, flag, integerIn, millisecondsIn } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import { type PeakEwmaOptions, peakEwmaLoads, peakEwmaMeter } from './peak-ewma.js';
import { Remembering } from './remembering.js';
import { MAX_EFFORT, twoChoices } from './two-choices.js';

/** Options of {@link p2c}. */
export interface P2cOptions extends PeakEwmaOptions {
  /** τ of the moving average, in milliseconds, 1 to 3 600 000. @defaultValue 10000 */
  readonly decayMs: number;
  /** Assumed of a new endpoint, fading within seconds; in milliseconds, 1 to 60 000. @defaultValue 30 */
  readonly seedMs: number;
  /** What a failure counts as, at least, in milliseconds, 0 to 600 000. @defaultValue 5000 */
  readonly failureMs: number;
  /** Pairs drawn before an unavailable endpoint is taken, 1 to 100. @defaultValue 4 */
  readonly maxEffort: number;
  /**
   * Whether to remember which endpoint said on its last answer that it is less busy than usual, and to prefer it. It costs
   * nothing where servers report nothing. @defaultValue true
   */
  readonly reports: boolean;
}

/** Defaults of {@link p2c}. */
export const p2cDefaults = Object.freeze({
  decayMs: 10_000,
  seedMs: 30,
  failureMs: 5000,
  maxEffort: MAX_EFFORT,
  reports: true,
}) satisfies P2cOptions;

/**
 * The default balancer: the better of two endpoints drawn at random, by peak EWMA of their latency. Not for long polling
 * and streams, where latency says nothing; use {@link leastRequest} there.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function p2c(options?: Partial<P2cOptions>): Balancer {
  const settings = checkOptions<P2cOptions>('p2c', options, p2cDefaults, {
    decayMs: millisecondsIn(1, 3_600_000),
    seedMs: millisecondsIn(1, 60_000),
    failureMs: millisecondsIn(0, 600_000),
    maxEffort: integerIn(1, 100),
    reports: flag,
  });
  return {
    role: 'p2c',
    meter: ({ clock }, previous, row) => peakEwmaMeter(settings, clock.now(), previous, row),
    picker(candidates, env, previous) {
      const drawing = twoChoices(candidates, env, peakEwmaLoads(candidates, settings), settings.maxEffort);
      // Of two, both are drawn.
      if (!settings.reports || candidates.length < 3) return drawing;
      return new Remembering(drawing, candidates, previous);
    },
    describe: () => settings as Readonly<Record<string, unknown>>,
  };
}
