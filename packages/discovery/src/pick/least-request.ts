import { checkOptions, numberIn } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import { inFlightMeter } from './in-flight-meter.js';
import { inFlightLoads } from './loads.js';
import { twoChoices } from './two-choices.js';

/** Options of {@link leastRequest}. */
export interface LeastRequestOptions {
  /**
   * Where weights differ: how much calls under way count against the weights, 0 to 100. With 0 only weights count; with 1 a
   * difference of one call, in relation to the weights, decides; with 2 one of half a call. Without weights it means nothing: fewer
   * calls always win. Source: Envoy's `active_request_bias`. @defaultValue 1
   */
  readonly bias: number;
}

/** Defaults of {@link leastRequest}. */
export const leastRequestDefaults = Object.freeze({ bias: 1 }) satisfies LeastRequestOptions;

/**
 * The one of two endpoints drawn at random that has fewer calls under way. For streams and long polling.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function leastRequest(options?: Partial<LeastRequestOptions>): Balancer {
  const settings = checkOptions<LeastRequestOptions>('leastRequest', options, leastRequestDefaults, {
    bias: numberIn(0, 100),
  });
  return {
    role: 'least-request',
    meter: () => inFlightMeter,
    picker: (candidates, env) => twoChoices(candidates, env, inFlightLoads(candidates, settings.bias)),
    describe: () => settings as Readonly<Record<string, unknown>>,
  };
}
