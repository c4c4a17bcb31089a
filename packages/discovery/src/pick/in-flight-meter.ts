import type { LoadMeter } from './balancer.js';

/** The number of calls under way, which whoever asks knows: nothing is measured. */
export const inFlightMeter: LoadMeter = Object.freeze({
  load: (_nowMs: number, inFlight: number) => inFlight,
  succeeded() {},
  failed() {},
  abandoned() {},
});
