/** The quantile of the latest of numbers that come one by one. */

/** Numbers that it is taken over: the latest ones. */
const KEPT = 128;
/** It is computed with each of the first 16 numbers, and then with every 16th. */
const EACH = 16;

/** See the head of this file. */
export class HotLimit {
  readonly #quantile: number;
  readonly #numbers = new Float64Array(KEPT);
  #count = 0;
  /** The quantile, as it was computed last; `Infinity` before the first number. */
  value = Number.POSITIVE_INFINITY;

  /** @param quantile - 0 to 1. */
  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  add(number: number): void {
    this.#numbers[this.#count % KEPT] = number;
    this.#count++;
    if (this.#count >= EACH && this.#count % EACH !== 0) return;
    const sorted = this.#numbers.slice(0, Math.min(this.#count, KEPT)).sort();
    this.value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * this.#quantile))] as number;
  }
}
