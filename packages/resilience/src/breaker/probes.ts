import { currentOf } from '@fwk/kernel';
import type { BreakerRefusal } from './breaker-open-error.js';
import type { BreakerOptions } from './breaker-options.js';

/** What the probes that have ended come to: the breaker closes, or opens again since so much was measured. */
export type ProbesVerdict =
  | { readonly closes: true }
  | { readonly closes: false; readonly measured: number; readonly threshold: number };

const closes: ProbesVerdict = Object.freeze({ closes: true });

/**
 * The calls that a half-open breaker lets through to find out how the callee does. Each by itself, so that the first failure
 * is enough; or with `halfOpenFailureRatio` as many together as are permitted, which is decided as soon as those that are
 * left cannot change it.
 */
export class Probes {
  inFlight = 0;
  readonly #options: BreakerOptions;
  #succeeded = 0;
  #failed = 0;
  #lastAtMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** What a refusal tells of them. */
  told(): Pick<BreakerRefusal, 'probesInFlight' | 'probesEnded' | 'halfOpenPermits'> {
    return {
      probesInFlight: this.inFlight,
      ...(this.together && { probesEnded: this.ended }),
      halfOpenPermits: currentOf(this.#options.halfOpenPermits),
    };
  }

  /** True when they are judged together. */
  get together(): boolean {
    return currentOf(this.#options.halfOpenFailureRatio) !== undefined;
  }

  /** Those that have ended one way or the other. */
  get ended(): number {
    return this.#succeeded + this.#failed;
  }

  /** True while one more is permitted. */
  get permitted(): boolean {
    const permits = currentOf(this.#options.halfOpenPermits);
    // One always, or nobody would find out when fewer are permitted meanwhile than have ended.
    return this.together ? this.inFlight === 0 || this.inFlight + this.ended < permits : this.inFlight < permits;
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

  /** One ended. @returns what follows, if anything does yet */
  end(failed: boolean): ProbesVerdict | undefined {
    this.inFlight--;
    return this.#count(failed, 1);
  }

  /** Those in flight hang, and count as failed. */
  giveUp(): ProbesVerdict | undefined {
    const hung = this.inFlight;
    this.inFlight = 0;
    return this.#count(true, hung);
  }

  /** Forgets those of the last time; how they end no longer matters. */
  reset(): void {
    this.inFlight = 0;
    this.#succeeded = 0;
    this.#failed = 0;
  }

  #count(failed: boolean, count: number): ProbesVerdict | undefined {
    if (failed) this.#failed += count;
    else this.#succeeded += count;
    const ratio = currentOf(this.#options.halfOpenFailureRatio);
    if (ratio === undefined) {
      if (this.#failed > 0) return { closes: false, measured: 1, threshold: 1 };
      return this.#succeeded >= currentOf(this.#options.successesToClose) ? closes : undefined;
    }
    const judged = Math.max(currentOf(this.#options.halfOpenPermits), this.ended);
    if (this.#failed / judged >= ratio) return { closes: false, measured: this.#failed / judged, threshold: ratio };
    // Even if all that are left failed.
    return (judged - this.#succeeded) / judged < ratio ? closes : undefined;
  }
}
