import type { Balancer, Candidate, Picker } from './balancer.js';
import { Draws } from './draws.js';
import { firstAvailable } from './first-available.js';
import { inFlightMeter } from './in-flight-meter.js';
import { AliasTable, sharesOf } from './weights.js';

/** Endpoints drawn before those that are available are looked for in turn. */
const MAX_DRAWS = 8;

/** Any endpoint, drawn by weight. Blind to load, like round robin, and less even: for comparison, and for very many callers. */
export function random(): Balancer {
  return {
    role: 'random',
    meter: () => inFlightMeter,
    picker: (candidates, { clock, random: drawn }) => {
      const shares = sharesOf(candidates, clock.now());
      return new RandomPicker(candidates, new Draws(drawn), shares && new AliasTable(shares));
    },
  };
}

class RandomPicker implements Picker {
  readonly #candidates: readonly Candidate[];
  readonly #draws: Draws;
  /** Undefined where all weights are alike. */
  readonly #table: AliasTable | undefined;

  constructor(candidates: readonly Candidate[], draws: Draws, table: AliasTable | undefined) {
    this.#candidates = candidates;
    this.#draws = draws;
    this.#table = table;
  }

  pick(_nowMs: number, request?: unknown): Candidate | undefined {
    const candidates = this.#candidates;
    const count = candidates.length;
    if (count < 2) return candidates[0];
    let drawn: Candidate | undefined;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      drawn = candidates[this.#table ? this.#table.draw(this.#draws) : this.#draws.below(count)] as Candidate;
      if (drawn.available(request)) return drawn;
    }
    return firstAvailable(candidates, this.#draws.below(count), request) ?? drawn;
  }
}
