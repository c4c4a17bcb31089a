import { currentOf } from '@fwk/kernel';
import type { BreakerOptions } from './breaker-options.js';

/** The calls that a half-open breaker lets through to find out how the callee does. */
export class Probes {
  inFlight = 0;
  readonly #options: BreakerOptions;
  #succeeded = 0;
  #lastAtMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** True while one more is permitted. */
  get permitted(): boolean {
    return this.inFlight < currentOf(this.#options.halfOpenPermits);
  }

  /** How long all that are in flight have been hanging, in milliseconds, if longer than allowed; else 0. */
  hungMs(nowMs: number): number {
    const waitedMs = nowMs - this.#lastAtMs;
    return waitedMs > currentOf(this.#options.probeTimeoutMs) ? waitedMs : 0;
  }

  begin(nowMs: number): void {
    this.inFlight++;
    this.#lastAtMs = nowMs;
  }

  /** One ended without saying anything. */
  ignored(): void {
    this.inFlight--;
  }

  /** One succeeded. @returns true when that is enough to close */
  succeeded(): boolean {
    this.inFlight--;
    this.#succeeded++;
    return this.#succeeded >= currentOf(this.#options.successesToClose);
  }

  /** Forgets those of the last time; how they end no longer matters. */
  reset(): void {
    this.inFlight = 0;
    this.#succeeded = 0;
  }
}
