/**
 * A log of the calls of the last `windowMs`: in no stretch of that length do more than `permits` calls start, wherever one
 * looks. Exact, where a window that is cut into slices would let more through or refuse too soon; it costs 8 bytes for each
 * call of the window, made as they come. Taking and asking are O(1) in the long run.
 */
import type { Permits, WindowShape } from './permits.js';

const SMALLEST = 8;

/** Remembers when the calls of the window started. */
export class SlidingWindow implements Permits {
  readonly #shape: WindowShape;
  /** A ring; the oldest call of the window stands at `#first`. */
  #startedMs = new Float64Array(SMALLEST);
  #first = 0;
  #count = 0;

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  take(nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.#count >= this.#shape.permits) return false;
    if (this.#count === this.#startedMs.length) this.#grow();
    this.#startedMs[(this.#first + this.#count) % this.#startedMs.length] = nowMs;
    this.#count++;
    return true;
  }

  /** A call can start once enough of those before it have left the window; whoever waits longer than a window follows itself. */
  waitMs(count: number, nowMs: number): number {
    this.#forget(nowMs);
    const { permits, windowMs } = this.#shape;
    const laps = Math.floor((count - 1) / permits);
    const mustLeave = this.#count + (count - laps * permits) - permits;
    const firstMs = mustLeave <= 0 ? 0 : this.#at(mustLeave - 1) + windowMs - nowMs;
    return firstMs + laps * windowMs;
  }

  full(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#count === 0;
  }

  #at(index: number): number {
    return this.#startedMs[(this.#first + index) % this.#startedMs.length]!;
  }

  #forget(nowMs: number): void {
    const { windowMs } = this.#shape;
    while (this.#count > 0 && nowMs - this.#at(0) >= windowMs) {
      this.#first = (this.#first + 1) % this.#startedMs.length;
      this.#count--;
    }
  }

  #grow(): void {
    const grown = new Float64Array(this.#startedMs.length * 2);
    for (let index = 0; index < this.#count; index++) grown[index] = this.#at(index);
    this.#startedMs = grown;
    this.#first = 0;
  }
}
