/**
 * Two choices where weights differ. Each of the two is drawn by weight, and calls under way at an endpoint count in relation
 * to its weight. Both draws may be the same endpoint: one that carries most of the weight could not get its share otherwise.
 *
 * Two different endpoints are drawn as a pair as often in one order as in the other, so the shares are those of the weights if
 * each wins half of its pairs. Comparing loads would not give that: an endpoint of little weight has 0 calls under way or 1,
 * never its share of one. So a difference of less than one call does not decide. The endpoint does that has won fewer of its
 * pairs so far; a greater difference, such as a slow endpoint makes, decides as it does without weights. So it does where both
 * draws are the same endpoint: an instance that starts slowly would else get calls that nobody compares.
 */
import type { Candidate, Picker } from './balancer.js';
import type { Draws } from './draws.js';
import { firstAvailable } from './first-available.js';
import type { Loads } from './loads.js';
import { AliasTable } from './weights.js';

/** Pairs won more or less than half that are made up for, so that what was long ago does not count. */
const MOST_OWED = 16;

/** The picker; made by `twoChoices`. */
export class WeightedChoices implements Picker {
  readonly #candidates: readonly Candidate[];
  readonly #draws: Draws;
  readonly #loads: Loads;
  readonly #maxEffort: number;
  readonly #shares: Float64Array;
  readonly #table: AliasTable;
  /** Of each, how many pairs it has won above half of them. */
  readonly #ahead: Float64Array;

  /** @param shares - weights relative to their mean. */
  constructor(candidates: readonly Candidate[], draws: Draws, loads: Loads, maxEffort: number, shares: Float64Array) {
    this.#candidates = candidates;
    this.#draws = draws;
    this.#loads = loads;
    this.#maxEffort = maxEffort;
    this.#shares = shares;
    this.#table = new AliasTable(shares);
    this.#ahead = new Float64Array(candidates.length);
  }

  pick(nowMs: number, request?: unknown): Candidate | undefined {
    const candidates = this.#candidates;
    let better: Candidate | undefined;
    for (let effort = 0; effort < this.#maxEffort; effort++) {
      const first = this.#table.draw(this.#draws);
      const second = this.#other(first, nowMs);
      const firstWins = first === second || this.#firstWins(first, second, nowMs);
      const winner = firstWins ? first : second;
      const loser = firstWins ? second : first;
      better = candidates[winner] as Candidate;
      if (better.available(request)) {
        if (first !== second) this.#won(winner, loser);
        return better;
      }
      const other = candidates[loser] as Candidate;
      if (other.available(request)) return other;
    }
    return firstAvailable(candidates, this.#draws.below(candidates.length), request) ?? better;
  }

  /** The second draw. Where it is the first again, that one is taken, unless a third is far better. */
  #other(first: number, nowMs: number): number {
    const second = this.#table.draw(this.#draws);
    if (second !== first) return second;
    const third = this.#table.draw(this.#draws);
    const [share, thirdShare] = [this.#shares[first] as number, this.#shares[third] as number];
    if (third === first || this.#loads.compare(first, third, nowMs, share, thirdShare) <= 0) return first;
    // The first was to have this pick as a whole, not half of a pair.
    this.#won(third, first);
    return third;
  }

  #firstWins(first: number, second: number, nowMs: number): boolean {
    const shares = this.#shares;
    const order = this.#loads.compare(first, second, nowMs, shares[first] as number, shares[second] as number);
    return order === 0 ? (this.#ahead[first] as number) <= (this.#ahead[second] as number) : order < 0;
  }

  #won(winner: number, loser: number): void {
    const ahead = this.#ahead;
    ahead[winner] = Math.min((ahead[winner] as number) + 0.5, MOST_OWED);
    ahead[loser] = Math.max((ahead[loser] as number) - 0.5, -MOST_OWED);
  }
}
