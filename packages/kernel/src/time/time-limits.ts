/**
 * Time limits for many short pieces of work, such as calls and requests. Nearly all end long before their limit, and a
 * timer of Node for each costs too much: it is set, cleared and counted as an async resource. So one timer looks at all limits
 * every 20 ms, and only a limit that it meets for the second time gets a timer of its own.
 */

import type { Clock, Timer } from './clock.js';
import { outside } from './outside.js';

/** Time between two looks at all limits, in milliseconds. */
const sweepEveryMs = 20;

/** Work with a time limit. */
export interface Limited {
  /** Its time is over. The async context is that of the work, or none: who needs one enters it. */
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
  readonly endMs: number;
  #timer: Timer | undefined;
  #ended = false;

  /** @internal */
  constructor(limits: TimeLimits, work: Limited, endMs: number) {
    this.#limits = limits;
    this.#work = work;
    this.endMs = endMs;
  }

  /** The work has ended. It may be called more than once. */
  end(): void {
    this.#ended = true;
    if (this.index >= 0) this.#limits.remove(this);
    else if (this.#timer !== undefined) this.#limits.clock.clearTimer(this.#timer);
  }

  /** @internal */
  tell(): void {
    if (!this.#ended) this.#work.expired();
  }

  /** @internal */
  setTimer(nowMs: number): void {
    const leftMs = Math.max(0, this.endMs - nowMs);
    this.#timer = this.#limits.clock.setTimer(() => this.tell(), Math.ceil(leftMs), this.#limits.background);
  }
}

/** The time limits of one clock, by whether the process may end while one of them is open. */
interface LimitsOfClock {
  readonly foreground: TimeLimits;
  readonly background: TimeLimits;
}

const known = new WeakMap<Clock, LimitsOfClock>();

function limitsOf(clock: Clock): LimitsOfClock {
  const found = known.get(clock);
  if (found) return found;
  const made = { foreground: new TimeLimits(clock, false), background: new TimeLimits(clock, true) };
  known.set(clock, made);
  return made;
}

/** How many timers for sweeps a clock has: none from 20 ms after the end of its last limit on. */
export function sweepTimers(clock: Clock): number {
  const limits = known.get(clock);
  return limits ? Number(limits.foreground.sweeps) + Number(limits.background.sweeps) : 0;
}

/** See the head of this file. */
export class TimeLimits {
  readonly clock: Clock;
  /** Whether the process may end while a limit is open. */
  readonly background: boolean;
  readonly #withoutTimer: TimeLimit[] = [];
  #sweepTimer: Timer | undefined;

  /** Use {@link TimeLimits.of}: all limits of a clock share its sweeps. */
  constructor(clock: Clock, background: boolean) {
    this.clock = clock;
    this.background = background;
  }

  /** Those of a clock. @param background - whether the process may end while a limit is open. @defaultValue false */
  static of(clock: Clock, background = false): TimeLimits {
    const limits = limitsOf(clock);
    return background ? limits.background : limits.foreground;
  }

  /** Whether a timer for the next sweep is set. */
  get sweeps(): boolean {
    return this.#sweepTimer !== undefined;
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
      // A sweep belongs to no piece of work.
      this.#sweepTimer ??= outside(() => this.#sweepLater());
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
    const over: TimeLimit[] = [];
    let kept = 0;
    for (const limit of this.#withoutTimer) {
      if (limit.swept || limit.endMs <= nowMs + sweepEveryMs) {
        limit.index = -1;
        // This process was busy, so that the sweep is late.
        if (limit.endMs <= nowMs) over.push(limit);
        else limit.setTimer(nowMs);
      } else {
        limit.swept = true;
        limit.index = kept;
        this.#withoutTimer[kept++] = limit;
      }
    }
    this.#withoutTimer.length = kept;
    this.#sweepTimer = kept > 0 ? this.#sweepLater() : undefined;
    for (const limit of over) limit.tell();
  };

  #sweepLater(): Timer {
    return this.clock.setTimer(this.#sweep, sweepEveryMs, this.background);
  }
}
