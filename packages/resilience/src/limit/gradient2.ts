/**
 * Gradient2, after Netflix's concurrency-limits (Gradient2Limit.java): compares the time of calls now with what it was in
 * the long run, and needs no notion of the fastest possible time, which drifts with what is being asked.
 *
 *     g  = clamp(1.5 · long / short, 0.5, 1)       1: no queue; below: calls take longer than they used to
 *     L' = L · g + √L                              √L: the queue that is allowed, and the step by which it grows
 *     L ← L + 0.2 · (L' − L)
 *
 * `short` is the mean of a window, `long` an exponential mean over 600 windows. When `long` is more than twice `short`, an
 * overload has ended: `long` falls by 5 % a window instead of waiting for the mean to forget.
 *
 * Unlike the original, which does not look at refusals, a window in which a share of the calls was dropped lowers `g` by
 * that share: a callee that refuses quickly looks healthy by its times alone.
 */
import { isSlack, type LimitStrategy, type LimitWindow } from './limit-strategy.js';

const TOLERANCE = 1.5;
const LEAST_GRADIENT = 0.5;
const SMOOTHING = 0.2;
const LONG_WINDOWS = 600;
/** So many first windows are averaged plainly, or the first of all would weigh for ten minutes. */
const WARM_UP_WINDOWS = 10;

/** Makes the strategy, with a long-run mean of its own. */
export function gradient2(): LimitStrategy {
  return new Gradient2();
}

class Gradient2 implements LimitStrategy {
  #longMs = 0;
  #windows = 0;

  next(limit: number, window: LimitWindow): number {
    const gradient = window.rttMs === undefined ? LEAST_GRADIENT : this.#gradient(window.rttMs);
    if (isSlack(limit, window)) return limit;
    const withDrops = Math.max(LEAST_GRADIENT, gradient * (1 - window.droppedRatio));
    const target = limit * withDrops + Math.sqrt(limit);
    return limit + SMOOTHING * (target - limit);
  }

  #gradient(shortMs: number): number {
    this.#windows++;
    const weight = this.#windows <= WARM_UP_WINDOWS ? 1 / this.#windows : 2 / (LONG_WINDOWS + 1);
    this.#longMs += weight * (shortMs - this.#longMs);
    const ratio = this.#longMs / shortMs;
    if (ratio > 2) this.#longMs *= 0.95;
    return Math.min(1, Math.max(LEAST_GRADIENT, TOLERANCE * ratio));
  }
}
