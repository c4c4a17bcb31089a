/**
 * Counting in windows that follow each other: `permits` calls may start in each. A window begins with its first call, so that
 * quiet times cost nothing. Round the edge between two windows up to twice as many may start in a stretch of `windowMs`; this
 * is for quotas that are counted in this way. It keeps two numbers.
 */
import type { Permits, WindowShape } from './permits.js';

/** Counts the calls of the window that is under way. */
export class FixedWindow implements Permits {
  readonly #shape: WindowShape;
  #startMs = 0;
  #used = 0;

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  take(nowMs: number): boolean {
    this.#roll(nowMs);
    if (this.#used >= this.#shape.permits) return false;
    if (this.#used === 0) this.#startMs = nowMs;
    this.#used++;
    return true;
  }

  waitMs(count: number, nowMs: number): number {
    this.#roll(nowMs);
    const { permits, windowMs } = this.#shape;
    const missing = count - Math.max(0, permits - this.#used);
    if (missing <= 0) return 0;
    const startMs = this.#used === 0 ? nowMs : this.#startMs;
    return startMs + Math.ceil(missing / permits) * windowMs - nowMs;
  }

  full(nowMs: number): boolean {
    this.#roll(nowMs);
    return this.#used === 0;
  }

  #roll(nowMs: number): void {
    if (nowMs - this.#startMs >= this.#shape.windowMs) this.#used = 0;
  }
}
