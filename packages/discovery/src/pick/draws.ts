/**
 * Random numbers for picks. They are drawn on every call, so they must be quick and allocate nothing; a function that returns a
 * fraction allocates it. Seeded from `env.random`, so that a seeded environment always draws the same. Source: Marsaglia 2003, xorshift128.
 */

/** 2^32. */
const RANGE = 4_294_967_296;

/** A stream of numbers of its own. */
export class Draws {
  readonly #state = new Uint32Array(4);

  /** @param random - from 0 up to 1; asked four times. */
  constructor(random: () => number) {
    for (let at = 0; at < 4; at++) this.#state[at] = random() * RANGE;
    // From zeros alone only zeros would follow.
    this.#state[3] = (this.#state[3] as number) | 1;
  }

  /** A whole number from 0 up to the count, each as likely. @param count - 1 to 2^31 */
  below(count: number): number {
    this.#step();
    return Math.floor(((this.#state[0] as number) * count) / RANGE);
  }

  /** Whether something with this chance happens. @param chance - 0 to 1 */
  happens(chance: number): boolean {
    this.#step();
    return (this.#state[0] as number) < chance * RANGE;
  }

  #step(): void {
    const state = this.#state;
    const last = state[3] as number;
    const mixed = last ^ (last << 11);
    const first = state[0] as number;
    state[3] = state[2] as number;
    state[2] = state[1] as number;
    state[1] = first;
    state[0] = mixed ^ (mixed >>> 8) ^ first ^ (first >>> 19);
  }
}
