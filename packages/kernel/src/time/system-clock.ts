import type { Clock, Timer } from './clock.js';
import { keepTimerList } from './timer-lists.js';

/** The longest delay that a Node timer can hold; anything above would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The real clock: `performance.now`, `Date.now` and Node's own timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(callback, delayMs, background = false) {
    const boundedMs = Math.min(delayMs, LONGEST_DELAY_MS);
    keepTimerList(boundedMs);
    const timeout = setTimeout(callback, boundedMs);
    if (background) timeout.unref();
    return timeout as Timer;
  },
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** The default source of randomness: uniform in [0, 1). Not for secrets. */
export const systemRandom: () => number = Math.random;
