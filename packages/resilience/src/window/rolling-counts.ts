/**
 * Counts over the last stretch of time, in O(1) a count and without a timer.
 *
 * Time is cut into slices of `windowMs / slices`; each channel has a ring with one count a slice, and a running total
 * beside it. Moving on subtracts what falls out: amortised one count a slice, never a sum over the window. The window
 * therefore covers between `windowMs − one slice` and `windowMs`. A ring is made at the first count of its channel, so that
 * something idle, or something that never happens, costs nothing.
 */
export class RollingCounts {
  readonly #channels: number;
  readonly #slices: number;
  readonly #sliceMs: number;
  readonly #totals: number[];
  /** One a channel; undefined before anything was counted. */
  #rings: (number[] | undefined)[] | undefined;
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
    const rings = this.#rings;
    if (rings === undefined || slice <= this.#slice) return;
    const steps = slice - this.#slice;
    this.#slice = slice;
    if (steps >= this.#slices) {
      this.clear();
      return;
    }
    for (let step = 0; step < steps; step++) {
      this.#at = (this.#at + 1) % this.#slices;
      for (let channel = 0; channel < this.#channels; channel++) {
        const ring = rings[channel];
        if (ring === undefined) continue;
        this.#totals[channel]! -= ring[this.#at]!;
        ring[this.#at] = 0;
      }
    }
  }

  /** Adds to the slice that {@link advance} has reached. */
  add(channel: number, amount: number, nowMs: number): void {
    if (this.#rings === undefined) {
      this.#rings = new Array<number[] | undefined>(this.#channels).fill(undefined);
      this.#slice = Math.floor(nowMs / this.#sliceMs);
    }
    this.#rings[channel] ??= new Array<number>(this.#slices).fill(0);
    this.#rings[channel][this.#at]! += amount;
    this.#totals[channel]! += amount;
  }

  /** Names the slice that {@link add} counts into, for {@link addTo}; it holds from the first count on. */
  get slice(): number {
    return this.#slice;
  }

  /** Adds to a slice that was counted into before, to take back what was counted there; nothing once it is out of the window. */
  addTo(slice: number, channel: number, amount: number): void {
    const age = this.#slice - slice;
    const ring = this.#rings?.[channel];
    if (ring === undefined || age >= this.#slices) return;
    ring[(this.#at - age + this.#slices) % this.#slices]! += amount;
    this.#totals[channel]! += amount;
  }

  /** The count within the window as of the last {@link advance}. */
  total(channel: number): number {
    return this.#totals[channel]!;
  }

  /** Forgets everything. */
  clear(): void {
    for (const ring of this.#rings ?? []) ring?.fill(0);
    this.#totals.fill(0);
  }
}
