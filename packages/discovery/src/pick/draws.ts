/**
 * Random numbers for picks. They are drawn on every call, so they must be quick and allocate nothing; a function that returns a
 * fraction allocates it. Seeded from `env.random`, so that a seeded environment always draws the same. A counter whose bits are
 * mixed: each of the 2^32 numbers comes once in a period. Source: Steele, Lea, Flood 2014, SplitMix, with 32 bits and the
 * constants of Mark Overton's and Chris Wellon's searches.
 */

/** 2^32. */
const RANGE = 4_294_967_296;
/** 2^32 divided by the golden ratio, odd: consecutive counts differ in many bits. */
const STEP = 0x9e3779b9;

/** A stream of numbers of its own. */
export class Draws {
  #count: number;

  /** @param random - from 0 up to 1; asked once. */
  constructor(random: () => number) {
    this.#count = (random() * RANGE) | 0;
  }

  /** A whole number from 0 up to the count, each as likely. @param count - 1 to 2^31 */
  below(count: number): number {
    return ((this.#next() * count) / RANGE) | 0;
  }

  /** Whether something with this chance happens. @param chance - 0 to 1 */
  happens(chance: number): boolean {
    return this.#next() < chance * RANGE;
  }

  /** A whole number from 0 up to 2^32. */
  #next(): number {
    this.#count = (this.#count + STEP) | 0;
    let mixed = this.#count;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
