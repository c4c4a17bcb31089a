/**
 * Time limits for many short pieces of work, such as the requests of a server. Nearly all end long before their limit, and a
 * timer of Node for each costs too much: it is set, cleared and counted as an async resource. So one timer looks at all limits
 * every 20 ms, and only a limit that it meets for the second time gets a timer of its own.
 */
import type { Clock, Timer } from './clock.js';

/** Time between two looks at all limits, in milliseconds. */
const sweepEveryMs = 20;

/** Work with a time limit. */
export interface Limited {
  /** Its time is over. */
  expired(): void;
}

/** The time limit of one piece of work. */
export class TimeLimit {
  /** Its index among the limits without a timer; -1 when it is not among them. */
  index = -1;
  /** Whether a sweep has met it. */
  swept = false;
  readonly #limits: TimeLimits;
  readonly #work: Limited;
  readonly #endMs: number;
  #timer: Timer | undefined;

  /** @internal */
  constructor(limits: TimeLimits, work: Limited, endMs: number) {
    this.#limits = limits;
    this.#work = work;
    this.#endMs = endMs;
  }

  /** The work has ended. It may be called more than once. */
  end(): void {
    if (this.index >= 0) this.#limits.remove(this);
    else if (this.#timer !== undefined) this.#limits.clock.clearTimer(this.#timer);
  }

  /** @internal */
  setTimer(nowMs: number): void {
    const leftMs = Math.max(0, this.#endMs - nowMs);
    this.#timer = this.#limits.clock.setTimer(() => this.#work.expired(), Math.ceil(leftMs), true);
  }
}

/** See the head of this file. Its timers do not keep the process alive. */
export class TimeLimits {
  readonly clock: Clock;
  readonly #withoutTimer: TimeLimit[] = [];
  #sweepTimer: Timer | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Begins a limit.
   * @param nowMs - the current time of the clock.
   * @param limitMs - time until the work is told that it is over, unless the limit is ended before; not `Infinity`.
   */
  begin(work: Limited, nowMs: number, limitMs: number): TimeLimit {
    const limit = new TimeLimit(this, work, nowMs + limitMs);
    if (limitMs <= 2 * sweepEveryMs) limit.setTimer(nowMs);
    else {
      limit.index = this.#withoutTimer.push(limit) - 1;
      this.#sweepTimer ??= this.clock.setTimer(this.#sweep, sweepEveryMs, true);
    }
    return limit;
  }

  /** @internal */
  remove(limit: TimeLimit): void {
    const last = this.#withoutTimer.pop() as TimeLimit;
    if (last !== limit) {
      this.#withoutTimer[limit.index] = last;
      last.index = limit.index;
    }
    limit.index = -1;
  }

  readonly #sweep = (): void => {
    const nowMs = this.clock.now();
    let kept = 0;
    for (const limit of this.#withoutTimer) {
      if (limit.swept) {
        limit.index = -1;
        limit.setTimer(nowMs);
      } else {
        limit.swept = true;
        limit.index = kept;
        this.#withoutTimer[kept++] = limit;
      }
    }
    this.#withoutTimer.length = kept;
    this.#sweepTimer = kept > 0 ? this.clock.setTimer(this.#sweep, sweepEveryMs, true) : undefined;
  };
}
