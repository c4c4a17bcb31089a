/**
 * A ring of points, many for each endpoint; a key goes to the next point after its hash. When an endpoint comes or goes, only the
 * keys next to its points move: 1/n of all. Source: Karger 1997, Ketama, Envoy's ring hash.
 */
import { integerIn } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import { mixHashes } from './hash-mix.js';
import { checkHash, type HashOptions, hashDefaults, hashRules } from './hash-options.js';
import { type HashTable, hashBalancer } from './hash-picker.js';

/** Options of {@link ringHash}. */
export interface RingHashOptions extends HashOptions {
  /**
   * Points on the ring, 1024 to 8 388 608, though at least 32 for each endpoint. The more, the nearer are the shares to those of
   * the weights: an endpoint with k points gets its share give or take 1/√k of it. @defaultValue 65536
   */
  readonly points: number;
}

/** Defaults of {@link ringHash}. */
export const ringHashDefaults = Object.freeze({ ...hashDefaults, points: 65_536 }) satisfies RingHashOptions;

/** Points that an endpoint of average weight has at least. */
const LEAST_POINTS = 32;

/**
 * Makes the balancer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function ringHash(options?: Partial<RingHashOptions>): Balancer {
  const settings = checkHash<RingHashOptions>('ringHash', options, ringHashDefaults, {
    ...hashRules,
    points: integerIn(1024, 8_388_608),
  });
  return hashBalancer('ring-hash', settings, (ids, shares) => new Ring(ids, shares, settings.points));
}

class Ring implements HashTable {
  /** Hashes of the points, in order. */
  readonly #points: Uint32Array;
  /** The candidate of each. */
  readonly #owners: Uint32Array;
  /** For the upper bits of a hash, the first point that may follow it. */
  readonly #starts: Uint32Array;
  readonly #shift: number;

  constructor(ids: Uint32Array, shares: Float64Array | undefined, points: number) {
    const perShare = Math.max(points / ids.length, LEAST_POINTS);
    const counts = Uint32Array.from(ids, (_, at) => Math.max(1, Math.round(perShare * (shares?.[at] ?? 1))));
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#shift = 32 - Math.max(1, Math.ceil(Math.log2(total)));
    this.#points = new Uint32Array(total);
    this.#owners = new Uint32Array(total);
    this.#starts = new Uint32Array(2 ** (32 - this.#shift) + 1);
    this.#place(ids, counts);
    this.#sort(ids);
  }

  at(hash: number, attempt: number): number {
    const points = this.#points;
    const { length } = points;
    let at = this.#starts[hash >>> this.#shift] as number;
    while (at < length && (points[at] as number) < hash) at++;
    return this.#owners[(at + attempt) % length] as number;
  }

  /** Puts the points where their upper bits belong. */
  #place(ids: Uint32Array, counts: Uint32Array): void {
    const [starts, shift] = [this.#starts, this.#shift];
    const each = (use: (point: number, owner: number) => void) => {
      for (let owner = 0; owner < ids.length; owner++) {
        const id = ids[owner] as number;
        for (let at = counts[owner] as number; at > 0; at--) use(mixHashes(id, mixHashes(at, 0)), owner);
      }
    };
    each((point) => {
      const bucket = (point >>> shift) + 1;
      starts[bucket] = (starts[bucket] as number) + 1;
    });
    for (let bucket = 1; bucket < starts.length; bucket++) {
      starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number);
    }
    const next = starts.slice();
    each((point, owner) => {
      const bucket = point >>> shift;
      const at = next[bucket] as number;
      next[bucket] = at + 1;
      this.#points[at] = point;
      this.#owners[at] = owner;
    });
  }

  /** What has the same upper bits stands beside each other already, so that this moves little. */
  #sort(ids: Uint32Array): void {
    const [points, owners] = [this.#points, this.#owners];
    for (let from = 1; from < points.length; from++) {
      const point = points[from] as number;
      const owner = owners[from] as number;
      let at = from;
      for (; at > 0; at--) {
        const before = points[at - 1] as number;
        // Equal points have an order that does not depend on the list's.
        const isAfter = before === point && (ids[owners[at - 1] as number] as number) > (ids[owner] as number);
        if (before < point || (before === point && !isAfter)) break;
        points[at] = before;
        owners[at] = owners[at - 1] as number;
      }
      points[at] = point;
      owners[at] = owner;
    }
  }
}
