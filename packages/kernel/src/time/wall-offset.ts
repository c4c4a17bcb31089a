import type { Clock } from './clock.js';

/** How long the wall clock is taken to run in step with the other one, in milliseconds: reading it for each moment costs more. */
const inStepMs = 1000;

/** Turns moments of `clock.now()` into wall time. */
export class WallOffset {
  readonly #clock: Clock;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What to add to moments on the clock of limits, in milliseconds.
   * @param nowMs - the present, on the clock of limits.
   */
  at(nowMs: number): number {
    if (nowMs - this.#readAtMs >= inStepMs) {
      this.#readAtMs = nowMs;
      this.#aheadMs = this.#clock.wallTime() - nowMs;
    }
    return this.#aheadMs;
  }
}
