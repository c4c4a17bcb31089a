import { checkOptions, integerIn, millisecondsIn, numberIn } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import { p2cDefaults } from './p2c.js';
import { peakEwmaMeter } from './peak-ewma.js';
import { Probing } from './probing.js';

/** Options of {@link prequal}. */
export interface PrequalOptions {
  /** Endpoints drawn for each call and asked for their load, 2 to 32. @defaultValue 5 */
  readonly probes: number;
  /** How long a call waits for what they answer, in milliseconds, 1 to 1000. @defaultValue 5 */
  readonly probeTimeoutMs: number;
  /** How long a report counts as known, in milliseconds, 10 to 10 000. @defaultValue 1000 */
  readonly maxAgeMs: number;
  /**
   * An endpoint with more calls in flight than this quantile of all that was reported lately is hot: taken only when all
   * others that were drawn are hot, too. 0 to 1. @defaultValue 0.84
   */
  readonly hotQuantile: number;
}

/** Defaults of {@link prequal}. */
export const prequalDefaults = Object.freeze({
  probes: 5,
  probeTimeoutMs: 5,
  maxAgeMs: 1000,
  hotQuantile: 0.84,
}) satisfies PrequalOptions;

/**
 * Asks a few endpoints for their load when the call comes, and takes the best of them: of those that are not hot the one with the
 * least latency. For many clients of many busy servers, where no client can tell from its own calls how busy a server is. It adds
 * a round trip to most calls, and `probes` small messages; a client that is nearly alone with its servers, or has just been answered by
 * an idle one, does not ask. Where instances say different weights, it
 * chooses as {@link p2c} does, which keeps to them, and asks nobody.
 *
 * Source: Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024, its synchronous mode.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function prequal(options?: Partial<PrequalOptions>): Balancer {
  const settings = checkOptions<PrequalOptions>('prequal', options, prequalDefaults, {
    probes: integerIn(2, 32),
    probeTimeoutMs: millisecondsIn(1, 1000),
    maxAgeMs: millisecondsIn(10, 10_000),
    hotQuantile: numberIn(0, 1),
  });
  return {
    role: 'prequal',
    meter: ({ clock }, previous, row) => peakEwmaMeter(p2cDefaults, clock.now(), previous, row),
    picker: (candidates, env, previous) => new Probing(settings, candidates, env, previous),
    describe: () => settings as Readonly<Record<string, unknown>>,
  };
}
