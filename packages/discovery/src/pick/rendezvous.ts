/**
 * Each endpoint gets a score from its own hash and the key's, and the highest wins. When an endpoint comes or goes, exactly its own
 * keys move, and shares are those of the weights; but every pick looks at all endpoints, so it is for up to some hundreds. Source:
 * Thaler and Ravishankar 1998; weights as of Schindelhauer and Schomaker 2005.
 */
import type { Balancer } from './balancer.js';
import { mixHashes } from './hash-mix.js';
import { checkHash, type HashOptions, hashDefaults, hashRules } from './hash-options.js';
import { type HashTable, hashBalancer } from './hash-picker.js';

/**
 * Makes the balancer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function rendezvous(options?: Partial<HashOptions>): Balancer {
  const settings = checkHash<HashOptions>('rendezvous', options, hashDefaults, hashRules);
  return hashBalancer('rendezvous', settings, (ids, weights) => new Scores(ids, weights));
}

class Scores implements HashTable {
  readonly #ids: Uint32Array;
  /** Undefined where all are alike, so that hashes alone decide. */
  readonly #weights: Float64Array | undefined;

  constructor(ids: Uint32Array, weights: Float64Array) {
    this.#ids = ids;
    this.#weights = weights.every((weight) => weight === weights[0]) ? undefined : weights;
  }

  /** The highest score below the last one. */
  at(hash: number, _attempt: number, last: number): number {
    const limit = last < 0 ? Number.POSITIVE_INFINITY : this.#score(last, hash);
    let best = Math.max(last, 0);
    let highest = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < this.#ids.length; index++) {
      const score = this.#score(index, hash);
      if (score <= highest || score >= limit) continue;
      best = index;
      highest = score;
    }
    return best;
  }

  #score(index: number, hash: number): number {
    const mixed = mixHashes(hash, this.#ids[index] as number);
    const weights = this.#weights;
    // An exponential distance of rate `weight`: the nearest is each with the chance that its weight is of all.
    return weights ? Math.log((mixed + 0.5) / 4_294_967_296) / (weights[index] as number) : mixed;
  }
}
