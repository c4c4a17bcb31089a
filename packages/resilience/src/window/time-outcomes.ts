import type { OutcomeWindow } from './outcome-window.js';
import { RollingCounts } from './rolling-counts.js';

const CALLS = 0;
const FAILURES = 1;
const SLOW = 2;

/** The calls of the last `windowMs` milliseconds. */
export class TimeOutcomes implements OutcomeWindow {
  readonly #counts: RollingCounts;

  constructor(windowMs: number, slices: number) {
    this.#counts = new RollingCounts(3, windowMs, slices);
  }

  record(nowMs: number, failed: boolean, slow: boolean): void {
    this.#counts.advance(nowMs);
    this.#counts.add(CALLS, 1, nowMs);
    if (failed) this.#counts.add(FAILURES, 1, nowMs);
    if (slow) this.#counts.add(SLOW, 1, nowMs);
  }

  advance(nowMs: number): void {
    this.#counts.advance(nowMs);
  }

  restore(nowMs: number, calls: number, failures: number, slow: number): void {
    this.#counts.clear();
    this.#counts.advance(nowMs);
    this.#counts.add(CALLS, calls, nowMs);
    this.#counts.add(FAILURES, failures, nowMs);
    this.#counts.add(SLOW, slow, nowMs);
  }

  get calls(): number {
    return this.#counts.total(CALLS);
  }

  get failures(): number {
    return this.#counts.total(FAILURES);
  }

  get slow(): number {
    return this.#counts.total(SLOW);
  }

  clear(): void {
    this.#counts.clear();
  }
}
