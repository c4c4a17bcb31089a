/**
 * Counts over the last stretch of time, in O(1) a count and without a timer.
 *
 * Time is cut into slices of `windowMs / slices`; a ring holds one row of counters a slice, and running totals are kept
 * beside it. Moving on subtracts the rows that fall out: amortised one row a slice, never a sum over the window. The
 * window therefore covers between `windowMs − one slice` and `windowMs`. The ring is made at the first count, so that
 * something idle costs nothing.
 */
export class RollingCounts {
  readonly #channels: number;
  readonly #slices: number;
  readonly #sliceMs: number;
  readonly #totals: number[];
  #cells: number[] | undefined;
  /** Number of the slice that `#at` points to, counted from the clock's zero. */
  #slice = 0;
  #at = 0;

  /**
   * @param channels - how many counts are kept side by side.
   * @param windowMs - length of the window in milliseconds.
   * @param slices - how finely it moves on.
   */
  constructor(channels: number, windowMs: number, slices: number) {
    this.#channels = channels;
    this.#slices = slices;
    this.#sliceMs = windowMs / slices;
    this.#totals = new Array<number>(channels).fill(0);
  }

  /** Drops what is older than the window. Time that stands still or goes back changes nothing. */
  advance(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    const cells = this.#cells;
    if (cells === undefined || slice <= this.#slice) return;
    const steps = slice - this.#slice;
    this.#slice = slice;
    if (steps >= this.#slices) {
      cells.fill(0);
      this.#totals.fill(0);
      return;
    }
    for (let step = 0; step < steps; step++) {
      this.#at = (this.#at + 1) % this.#slices;
      const row = this.#at * this.#channels;
      for (let channel = 0; channel < this.#channels; channel++) {
        this.#totals[channel]! -= cells[row + channel]!;
        cells[row + channel] = 0;
      }
    }
  }

  /** Adds to the slice that {@link advance} has reached. */
  add(channel: number, amount: number, nowMs: number): void {
    if (this.#cells === undefined) {
      this.#cells = new Array<number>(this.#channels * this.#slices).fill(0);
      this.#slice = Math.floor(nowMs / this.#sliceMs);
    }
    this.#cells[this.#at * this.#channels + channel]! += amount;
    this.#totals[channel]! += amount;
  }

  /** Names the slice that {@link add} counts into, for {@link addTo}; it holds from the first count on. */
  get slice(): number {
    return this.#slice;
  }

  /** Adds to a slice that was counted into before, to take back what was counted there; nothing once it is out of the window. */
  addTo(slice: number, channel: number, amount: number): void {
    const age = this.#slice - slice;
    if (this.#cells === undefined || age >= this.#slices) return;
    const at = (this.#at - age + this.#slices) % this.#slices;
    this.#cells[at * this.#channels + channel]! += amount;
    this.#totals[channel]! += amount;
  }

  /** The count within the window as of the last {@link advance}. */
  total(channel: number): number {
    return this.#totals[channel]!;
  }

  /** Forgets everything. */
  clear(): void {
    this.#cells?.fill(0);
    this.#totals.fill(0);
  }
}
