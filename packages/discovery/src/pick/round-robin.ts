/**
 * One endpoint after the other, from a random start, so that many clients started at once do not begin with the same one.
 * Blind to load: for endpoints that are alike and calls that cost alike.
 */
import type { Balancer, Candidate, Picker } from './balancer.js';
import { inFlightMeter } from './in-flight-meter.js';

/** Endpoints passed over because they are unavailable, before one is taken all the same. */
const MAX_PASSED = 256;

/** Makes the balancer. A changed set is walked on from the same position. */
export function roundRobin(): Balancer {
  return {
    role: 'round-robin',
    meter: () => inFlightMeter,
    picker(candidates, env, previous) {
      const start =
        previous instanceof Rotation ? previous.position : Math.floor(env.random() * Math.max(1, candidates.length));
      return new Rotation(candidates, start);
    },
  };
}

class Rotation implements Picker {
  readonly #candidates: readonly Candidate[];
  position: number;

  constructor(candidates: readonly Candidate[], position: number) {
    this.#candidates = candidates;
    this.position = position;
  }

  pick(_nowMs: number, request?: unknown): Candidate | undefined {
    const candidates = this.#candidates;
    const tries = Math.min(candidates.length, MAX_PASSED);
    for (let passed = 0; passed < tries; passed++) {
      const candidate = this.#next();
      if (candidate?.available(request)) return candidate;
    }
    return this.#next();
  }

  #next(): Candidate | undefined {
    if (this.position >= this.#candidates.length) this.position = 0;
    return this.#candidates[this.position++];
  }
}
