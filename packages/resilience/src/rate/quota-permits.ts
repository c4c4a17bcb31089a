import type { Permits } from './permits.js';
import type { RateQuota } from './rate-quota.js';

/** Permits of a limit's own that are there only while the callee's quota is not used up either. */
export class QuotaPermits implements Permits {
  readonly #own: Permits;
  readonly #quota: RateQuota;

  constructor(own: Permits, quota: RateQuota) {
    this.#own = own;
    this.#quota = quota;
  }

  take(nowMs: number): boolean {
    return this.#quota.waitMs(1, nowMs) === 0 && this.#own.take(nowMs) && this.#quota.take(nowMs);
  }

  waitMs(count: number, nowMs: number): number {
    return Math.max(this.#own.waitMs(count, nowMs), this.#quota.waitMs(count, nowMs));
  }

  /** The quota is kept elsewhere. */
  full(nowMs: number): boolean {
    return this.#own.full(nowMs);
  }
}

/** As many as anybody wants. */
export const noLimit: Permits = Object.freeze({ take: () => true, waitMs: () => 0, full: () => true });
