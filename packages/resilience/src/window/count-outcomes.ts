import type { OutcomeWindow } from './outcome-window.js';

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however long ago: a ring with one byte a call. */
export class CountOutcomes implements OutcomeWindow {
  readonly #size: number;
  #ring: Uint8Array | undefined;
  #at = 0;
  calls = 0;
  failures = 0;
  slow = 0;

  constructor(size: number) {
    this.#size = size;
  }

  record(_nowMs: number, failed: boolean, slow: boolean): void {
    this.#ring ??= new Uint8Array(this.#size);
    if (this.calls === this.#size) {
      const oldest = this.#ring[this.#at]!;
      if (oldest & FAILED) this.failures--;
      if (oldest & SLOW) this.slow--;
    } else this.calls++;
    this.#ring[this.#at] = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    if (failed) this.failures++;
    if (slow) this.slow++;
    this.#at = (this.#at + 1) % this.#size;
  }

  /** More calls than fit are taken over in proportion; which of them failed is not known, so failures come first. */
  restore(nowMs: number, calls: number, failures: number, slow: number): void {
    this.clear();
    const kept = Math.min(calls, this.#size);
    const share = calls === 0 ? 0 : kept / calls;
    const [failed, slowed] = [Math.round(failures * share), Math.round(slow * share)];
    for (let call = 0; call < kept; call++) this.record(nowMs, call < failed, call < slowed);
  }

  advance(): void {}

  clear(): void {
    this.#at = 0;
    this.calls = 0;
    this.failures = 0;
    this.slow = 0;
  }
}
