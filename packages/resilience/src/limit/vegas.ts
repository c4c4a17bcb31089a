/**
 * Vegas, after Netflix's concurrency-limits (VegasLimit.java) and TCP Vegas: estimates how many of the calls in flight
 * stand in a queue, from the fastest time ever seen, and keeps that number small.
 *
 *     q = L · (1 − min / rtt)        step = log10 L, at least 1
 *     q ≤ step       → L + 6 · step  (no queue at all: grow fast)
 *     q < 3 · step   → L + step
 *     q > 6 · step   → L − step, also when calls were dropped
 *
 * Steadier than Gradient2 where the time of a call depends on little but load. What the fastest time is may change for
 * good, so after 30 · L windows the next one is taken for it.
 */
import { isSlack, type LimitStrategy, type LimitWindow } from './limit-strategy.js';

const WINDOWS_A_PLACE = 30;

/** Makes the strategy, with a fastest time of its own. */
export function vegas(): LimitStrategy {
  return new Vegas();
}

class Vegas implements LimitStrategy {
  #fastestMs = Number.POSITIVE_INFINITY;
  #windows = 0;

  next(limit: number, window: LimitWindow): number {
    const { rttMs = this.#fastestMs } = window;
    if (++this.#windows > WINDOWS_A_PLACE * limit) {
      this.#windows = 0;
      this.#fastestMs = rttMs;
    }
    this.#fastestMs = Math.min(this.#fastestMs, rttMs);
    if (isSlack(limit, window)) return limit;
    const step = Math.max(1, Math.log10(limit));
    if (window.droppedRatio > 0) return limit - step;
    const queue = limit * (1 - this.#fastestMs / rttMs);
    if (queue <= step) return limit + 6 * step;
    if (queue < 3 * step) return limit + step;
    return queue > 6 * step ? limit - step : limit;
  }
}
