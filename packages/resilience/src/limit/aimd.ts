/**
 * Additive increase, multiplicative decrease, after Netflix's concurrency-limits (AIMDLimit.java) and TCP: one place more
 * a window while all goes well, a tenth less when a call was refused for overload or timed out.
 *
 * Looks at no times, so it suits callees that say when they have had enough, and work whose times vary widely.
 */
import { isSlack, type LimitStrategy, type LimitWindow } from './limit-strategy.js';

const BACKOFF_RATIO = 0.9;

/** Makes the strategy; it remembers nothing. */
export function aimd(): LimitStrategy {
  return { next };
}

function next(limit: number, window: LimitWindow): number {
  if (isSlack(limit, window)) return limit;
  return window.droppedRatio > 0 ? limit * BACKOFF_RATIO : limit + 1;
}
