import { murmur3 } from '@fwk/kernel';

/** Bits of the map: 2 kB. Up to about 100,000 keys can be told apart by it. */
const bits = 16_384;

/**
 * How many different keys there were, about, in memory that does not grow. By linear counting (Whang, Vander-Zanden, Taylor,
 * 1990): each key sets one of `m` bits, chosen by its hash; when `z` are still clear, about `−m·ln(z/m)` keys have come. Within
 * 2 % for thousands of keys.
 */
export class DistinctEstimate {
  readonly #map = new Uint8Array(bits / 8);
  #clear = bits;

  add(key: string): void {
    const bit = murmur3(key) % bits;
    const mask = 1 << (bit & 7);
    const byte = this.#map[bit >> 3] as number;
    if ((byte & mask) !== 0) return;
    this.#map[bit >> 3] = byte | mask;
    this.#clear--;
  }

  /** A whole number; where all bits are set, the least that is likely. */
  get count(): number {
    return Math.round(-bits * Math.log(Math.max(1, this.#clear) / bits)) || 0;
  }
}
