/**
 * A ring of points, many for each endpoint; a key goes to the next point after its hash. When an endpoint comes or goes, only the
 * keys next to its points move: 1/n of all. Source: Karger 1997, Ketama, Envoy's ring hash.
 */
import { integerIn, optional } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import { mixHashes } from './hash-mix.js';
import { checkHash, type HashOptions, hashDefaults, hashRules } from './hash-options.js';
import { type HashTable, hashBalancer } from './hash-picker.js';

/** Options of {@link ringHash}. */
export interface RingHashOptions extends HashOptions {
  /**
   * Points of an endpoint of weight 1, or of average weight where weights are others, 1 to 65 536; the ring has at least 1024 and at
   * most 8 388 608. The more, the nearer are the shares to those of the weights: an endpoint with k points gets its share give or
   * take 1/√k of it. Where the number follows the size of the list, most keys move when the list outgrows it.
   * @defaultValue 8192 for up to 8 endpoints, 1024 for up to 256, 128 for up to 2048, 32 beyond that
   */
  readonly points?: number | undefined;
}

/** Points without the option, each for up to so many endpoints. */
const pointsFor: readonly (readonly [upTo: number, points: number])[] = [
  [8, 8192],
  [256, 1024],
  [2048, 128],
  [Number.POSITIVE_INFINITY, 32],
];
const [FEWEST, MOST] = [1024, 8_388_608];

/**
 * Makes the balancer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function ringHash(options?: Partial<RingHashOptions>): Balancer {
  const settings = checkHash<RingHashOptions>('ringHash', options, hashDefaults, {
    ...hashRules,
    points: optional(integerIn(1, 65_536)),
  });
  return hashBalancer('ring-hash', settings, (ids, weights) => new Ring(ids, countsOf(weights, settings.points)));
}

class Ring implements HashTable {
  /** Hashes of the points, in order. */
  readonly #points: Uint32Array;
  /** The candidate of each. */
  readonly #owners: Uint32Array;
  /** For the upper bits of a hash, the first point that may follow it. */
  readonly #starts: Uint32Array;
  readonly #shift: number;

  constructor(ids: Uint32Array, counts: Uint32Array) {
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

/**
 * How many points each has. Weights count in relation to a power of two near their mean, which stays when one of them comes, goes or
 * changes; in relation to the mean itself the points of all would change with each.
 */
function countsOf(weights: Float64Array, points: number | undefined): Uint32Array {
  const count = weights.length;
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
  const unit = 2 ** Math.round(Math.log2(mean));
  const usual = points ?? (pointsFor.find(([upTo]) => count <= upTo)?.[1] as number);
  const each = Math.min(Math.max(usual, FEWEST / count), MOST / count);
  return Uint32Array.from(weights, (weight) => Math.max(1, Math.round((each * weight) / unit)));
}
