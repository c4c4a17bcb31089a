import type { Balancer } from './balancer.js';
import { inFlightMeter } from './in-flight-meter.js';
import { inFlightLoads } from './loads.js';
import { twoChoices } from './two-choices.js';

/** The one of two endpoints drawn at random that has fewer calls under way. For streams and long polling. */
export function leastRequest(): Balancer {
  return {
    role: 'least-request',
    meter: () => inFlightMeter,
    picker: (candidates, env) => twoChoices(candidates, env, inFlightLoads(candidates)),
  };
}
