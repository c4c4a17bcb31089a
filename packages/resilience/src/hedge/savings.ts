/** Second attempts that may be saved up however few the calls are, and for however long. */
const ALWAYS_KEPT = 10;
/** τ, in milliseconds, with which savings above that fade: a quiet hour must not pay for a burst. */
const FADING_MS = 10_000;
/** Sums of 0.02 are not exact; what is missing by less than this is not missing. */
const ROUNDING = 1e-9;

/**
 * What second attempts are paid from: each call pays its share in, each second attempt costs 1. So they are never more than
 * that share of all calls. What is not needed is kept for the moment when a callee gets stuck and all its calls ask for a
 * second attempt at once: up to what the calls of about 10 seconds paid in, because a faster client has more calls there.
 */
export class Savings {
  #saved = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  /** A call pays in. @param share - 0 to 1 */
  pay(share: number, nowMs: number): void {
    if (this.#saved > ALWAYS_KEPT) {
      this.#saved = Math.max(ALWAYS_KEPT, this.#saved * Math.exp((this.#atMs - nowMs) / FADING_MS));
    }
    this.#atMs = nowMs;
    this.#saved += share;
  }

  /** Whether there is enough for a second attempt. */
  get enough(): boolean {
    return this.#saved >= 1 - ROUNDING;
  }

  /** A second attempt is paid for. */
  spend(): void {
    this.#saved -= 1;
  }
}
