import type { Clock, Timer } from '@fwk/kernel';

const PROBE_MS = 5;
/** Timers of Node are late by up to this even in an idle process. */
const GRANULARITY_MS = 1;

/**
 * How late the event loop runs things. When it lags, the times of all calls grow alike, and that says nothing about the
 * callee. Measured by how late a short timer rings; one is set only when a call asks for it and none is pending.
 */
export class LoopLag {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #dueMs = 0;
  #sumMs = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a measurement unless one is under way. */
  probe(nowMs: number): void {
    if (this.#timer !== undefined) return;
    this.#dueMs = nowMs + PROBE_MS + GRANULARITY_MS;
    this.#timer = this.#clock.setTimer(this.#rang, PROBE_MS, true);
  }

  /** Gives up the measurement under way: no timer outlives the calls it was set for. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Mean lag in milliseconds since this was asked last; 0 when nothing was measured. */
  take(): number {
    const meanMs = this.#count === 0 ? 0 : this.#sumMs / this.#count;
    this.#sumMs = 0;
    this.#count = 0;
    return meanMs;
  }

  readonly #rang = (): void => {
    this.#timer = undefined;
    this.#sumMs += Math.max(0, this.#clock.now() - this.#dueMs);
    this.#count++;
  };
}
