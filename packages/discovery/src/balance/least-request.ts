import type { Env } from '@fwk/kernel';
import type { Balancer, LoadMeter } from './balancer.js';
import { twoChoices } from './two-choices.js';

/** Counts nothing itself: calls under way are known to whoever asks. */
const meter: LoadMeter = {
  load: (_nowMs, inFlight) => inFlight,
  succeeded() {},
  failed() {},
  abandoned() {},
};

/** The one of two endpoints drawn at random that has fewer calls under way. For streams and long polling. */
export function leastRequest(): Balancer {
  return {
    role: 'least-request',
    meter: () => meter,
    picker: (candidates, env: Env) => twoChoices(candidates, env.random),
  };
}
