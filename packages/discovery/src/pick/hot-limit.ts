/** A quantile of numbers that come one by one, over the last of them. */
const KEPT = 128;
/** The quantile is worked out anew after so many numbers. */
const EACH = 16;

/** See the head of this file. */
export class HotLimit {
  readonly #quantile: number;
  readonly #numbers = new Float64Array(KEPT);
  #count = 0;
  /** The quantile; `Infinity` before the first number. */
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
