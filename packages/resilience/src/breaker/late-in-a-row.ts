/**
 * Time-outs that were noticed late, because this process was busy or stopped, say nothing against the callee: its answer may
 * have been near. But a callee that never answers would be called for ever by a caller that is always late. So once this
 * happens several times in a row, with no word of the callee in between, such time-outs count.
 */

/** So many times in a row say nothing yet. */
const DOUBTED = 5;
/** What is noticed within this time, in milliseconds, is one time: a process that wakes up notices all of it at once. */
const ONE_TIME_MS = 100;

/** What one breaker knows of time-outs that were noticed late. */
export class LateInARow {
  #times = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** The callee was heard of. */
  answered(): void {
    this.#times = 0;
  }

  /** A time-out was noticed late. @returns whether it counts against the callee */
  noticed(nowMs: number): boolean {
    if (nowMs - this.#lastMs > ONE_TIME_MS) this.#times++;
    this.#lastMs = nowMs;
    return this.#times > DOUBTED;
  }
}
