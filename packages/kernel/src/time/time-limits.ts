/**
 * Limits of time for many short pieces of work, such as the requests of a server. Nearly all end long before their limit,
 * and a timer of Node for each costs too much: it is set, taken off and counted as an async resource. So one timer looks at all
 * of them now and then, and only what it finds for the second time gets a timer of its own.
 */
import type { Clock, Timer } from './clock.js';

/** How often is looked, in milliseconds. */
const lookEveryMs = 20;

/** Work with a limit. */
export interface Limited {
  /** Its time is over. */
  expired(): void;
}

/** The limit of one piece of work. */
export class TimeLimit {
  /** Where it stands among those that have no timer yet. */
  place = -1;
  /** Whether it was found once. */
  seen = false;
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

  /** The work is over; harmless more than once. */
  end(): void {
    if (this.place >= 0) this.#limits.remove(this);
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
  readonly #young: TimeLimit[] = [];
  #look: Timer | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Begins a limit.
   * @param nowMs - what the clock says.
   * @param limitMs - when the work is told that its time is over, unless the limit is ended before; not `Infinity`.
   */
  begin(work: Limited, nowMs: number, limitMs: number): TimeLimit {
    const limit = new TimeLimit(this, work, nowMs + limitMs);
    if (limitMs <= 2 * lookEveryMs) limit.setTimer(nowMs);
    else {
      limit.place = this.#young.push(limit) - 1;
      this.#look ??= this.clock.setTimer(this.#lookAtAll, lookEveryMs, true);
    }
    return limit;
  }

  /** @internal */
  remove(limit: TimeLimit): void {
    const last = this.#young.pop() as TimeLimit;
    if (last !== limit) {
      this.#young[limit.place] = last;
      last.place = limit.place;
    }
    limit.place = -1;
  }

  readonly #lookAtAll = (): void => {
    const nowMs = this.clock.now();
    let stay = 0;
    for (const limit of this.#young) {
      if (limit.seen) {
        limit.place = -1;
        limit.setTimer(nowMs);
      } else {
        limit.seen = true;
        limit.place = stay;
        this.#young[stay++] = limit;
      }
    }
    this.#young.length = stay;
    this.#look = stay > 0 ? this.clock.setTimer(this.#lookAtAll, lookEveryMs, true) : undefined;
  };
}
