import type { Clock, Timer } from './clock.js';
import { keepTimerList } from './timer-lists.js';

/** The longest delay that a Node timer can hold; anything above would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * A timer that lets I/O go first. After the process was busy or stopped, Node runs the timers that are due before it reads
 * what has arrived meanwhile; a limit of time would then give up answers that are there. So a timer that rings waits until
 * the loop has read once, and only then runs.
 */
class SystemTimer {
  readonly #callback: () => void;
  readonly #timeout: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  constructor(callback: () => void, delayMs: number, background: boolean) {
    this.#callback = callback;
    this.#timeout = setTimeout(ring, delayMs, this);
    if (background) this.#timeout.unref();
  }

  rung(): void {
    this.#immediate = setImmediate(this.#callback);
  }

  clear(): void {
    clearTimeout(this.#timeout);
    if (this.#immediate) clearImmediate(this.#immediate);
  }

  /** Whether it keeps the process alive. */
  hasRef(): boolean {
    return this.#timeout.hasRef();
  }
}

/** One function for all timers. */
function ring(timer: SystemTimer): void {
  timer.rung();
}

/** The global one is looked up anew with each use, which takes half as long again as reading the time. */
const { performance } = globalThis;

/** The real clock: `performance.now`, `Date.now` and Node's own timers, which read before they ring. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(callback, delayMs, background = false) {
    const boundedMs = Math.min(delayMs, LONGEST_DELAY_MS);
    keepTimerList(boundedMs);
    return new SystemTimer(callback, boundedMs, background) as Timer;
  },
  clearTimer: (timer) => (timer as SystemTimer).clear(),
};

/** The default source of randomness: uniform in [0, 1). Not for secrets. */
export const systemRandom: () => number = Math.random;
