/**
 * One of several choices by weight. With a key, by weighted rendezvous: each choice has a time −ln(u)/weight, and the earliest
 * wins. u is (h + 0.5) / 2^32, and h is MurmurHash3 of the key, with the hash of the choice's name as its seed. So each choice
 * gets its share of the keys. One whose weight grows loses no key, and takes from the others no more than it needs. The keys of
 * one that is removed go to the others by their weights.
 * Source: Schindelhauer and Schomaker 2005, weighted distributed hash tables.
 */
import { murmur3 } from '@fwk/kernel';

/** What may be chosen. */
export interface Weighted {
  readonly name: string;
  /** Relative to the others, 0 for never. */
  readonly weight: number;
}

/** Chooses among a fixed list. */
export class WeightedChoice {
  readonly #weights: Float64Array;
  readonly #hashes: Uint32Array;
  readonly #sum: number;

  constructor(choices: readonly Weighted[]) {
    this.#weights = Float64Array.from(choices, ({ weight }) => weight);
    this.#hashes = Uint32Array.from(choices, ({ name }) => murmur3(name));
    this.#sum = this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** The index that a key leads to; −1 where no weight is above 0. */
  byKey(key: string): number {
    let chosen = -1;
    let earliest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.#weights.length; at++) {
      const weight = this.#weights[at] as number;
      if (weight === 0) continue;
      const time = -Math.log((murmur3(key, this.#hashes[at]) + 0.5) / 2 ** 32) / weight;
      if (time >= earliest) continue;
      earliest = time;
      chosen = at;
    }
    return chosen;
  }

  /** An index by chance; −1 where no weight is above 0. @param drawn - from 0 up to 1 */
  byChance(drawn: number): number {
    let left = drawn * this.#sum;
    let last = -1;
    for (let at = 0; at < this.#weights.length; at++) {
      const weight = this.#weights[at] as number;
      if (weight === 0) continue;
      last = at;
      left -= weight;
      if (left < 0) return at;
    }
    return last;
  }
}
