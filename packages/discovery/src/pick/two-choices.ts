/**
 * The power of two choices: two different endpoints are drawn and the better one taken. It costs the same for ten as for
 * ten thousand endpoints and cannot herd, since no two callers see the same two. Source: Mitzenmacher 2001; Finagle's P2C.
 *
 * When neither draw is available, another pair is drawn, up to `maxEffort` pairs. When hardly any is available that misses
 * them (with a share u unavailable, with probability u^(2·maxEffort)), so then all are looked at in turn from a random one
 * on. When none is, the better of the last pair is taken all the same: a doubtful endpoint is better than none.
 */
import type { Env } from '@fwk/kernel';
import type { Candidate, Picker } from './balancer.js';
import { Draws } from './draws.js';
import { firstAvailable } from './first-available.js';
import type { Loads } from './loads.js';
import { WeightedChoices } from './weighted-choices.js';
import { sharesOf } from './weights.js';

/** Pairs drawn before an unavailable endpoint is taken. */
export const MAX_EFFORT = 4;

/** Makes the picker. */
export function twoChoices(
  candidates: readonly Candidate[],
  { clock, random }: Env,
  loads: Loads,
  maxEffort: number = MAX_EFFORT,
): Picker {
  if (candidates.length < 2) return { pick: () => candidates[0] };
  const shares = sharesOf(candidates, clock.now());
  const draws = new Draws(random);
  if (shares) return new WeightedChoices(candidates, draws, loads, maxEffort, shares);
  return new TwoChoices(candidates, draws, loads, maxEffort);
}

class TwoChoices implements Picker {
  readonly #candidates: readonly Candidate[];
  readonly #draws: Draws;
  readonly #loads: Loads;
  readonly #maxEffort: number;

  constructor(candidates: readonly Candidate[], draws: Draws, loads: Loads, maxEffort: number) {
    this.#candidates = candidates;
    this.#draws = draws;
    this.#loads = loads;
    this.#maxEffort = maxEffort;
  }

  pick(nowMs: number, request?: unknown): Candidate | undefined {
    const candidates = this.#candidates;
    const count = candidates.length;
    let better: Candidate | undefined;
    for (let effort = 0; effort < this.#maxEffort; effort++) {
      const first = this.#draws.below(count);
      let second = this.#draws.below(count - 1);
      if (second >= first) second++;
      // Both are fetched before the comparison, so that memory is waited for once.
      const a = candidates[first] as Candidate;
      const b = candidates[second] as Candidate;
      const firstWins = this.#loads.noWorse(first, second, nowMs);
      better = firstWins ? a : b;
      // The other is asked only where it matters: each question is a walk through the layers of an endpoint.
      if (better.available(request)) return better;
      const other = firstWins ? b : a;
      if (other.available(request)) return other;
    }
    return firstAvailable(candidates, this.#draws.below(count), request) ?? better;
  }
}
