/**
 * One endpoint after the other, from a random start, so that many clients started at once do not begin with the same one.
 * Blind to load: for endpoints that are alike and calls that cost alike. Where weights differ, turns are by weight, and as evenly
 * apart as they can be.
 */
import type { Balancer, Candidate, Picker } from './balancer.js';
import { inFlightMeter } from './in-flight-meter.js';
import { WeightedRotation } from './weighted-rotation.js';
import { sharesOf } from './weights.js';

/** Endpoints passed over because they are unavailable, before one is taken all the same. */
const MAX_PASSED = 256;

/** Makes the balancer. A changed set is walked on from the same position. */
export function roundRobin(): Balancer {
  return {
    role: 'round-robin',
    meter: () => inFlightMeter,
    picker(candidates, { clock, random }, previous) {
      const shares = sharesOf(candidates, clock.now());
      if (shares) return new WeightedRotation(candidates, shares, random);
      const start =
        previous instanceof Rotation ? previous.position : Math.floor(random() * Math.max(1, candidates.length));
      return new Rotation(candidates, start);
    },
  };
}

/**
 * Smooth weighted round robin, whether weights differ or not: unlike {@link roundRobin} it takes the endpoints in an order that
 * was drawn, not in that of the list.
 */
export function weightedRoundRobin(): Balancer {
  return {
    role: 'weighted-round-robin',
    meter: () => inFlightMeter,
    picker(candidates, { clock, random }) {
      if (candidates.length < 2) return { pick: () => candidates[0] };
      const shares = sharesOf(candidates, clock.now()) ?? new Float64Array(candidates.length).fill(1);
      return new WeightedRotation(candidates, shares, random);
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
