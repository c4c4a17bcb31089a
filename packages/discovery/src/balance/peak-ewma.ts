/**
 * How long the next call to an endpoint will take, times the calls already there: `cost = ewma · (pending + 1)`.
 *
 * The average forgets with time, not with calls: `w = exp(−Δt/τ)`, `ewma = ewma·w + rtt·(1−w)`. A sample above the current
 * value replaces it at once (the peak), so slowness is felt with the first slow answer and forgiven slowly. Reads project
 * the decay without writing it, so looking at an endpoint does not change it. An endpoint that was never called starts at
 * the seed, which decays as well: else a new endpoint would starve beside faster ones for as long as these suffice.
 * Source: Finagle PeakEwma, linkerd2-proxy.
 */
import type { LoadMeter } from './balancer.js';

/** Settings of {@link peakEwmaMeter}; all in milliseconds. */
export interface PeakEwmaOptions {
  /** τ: after this time without samples the average has fallen to 1/e. */
  readonly decayMs: number;
  /** Assumed of an endpoint nobody has called yet. Much less, and every new endpoint would be overrun. */
  readonly seedMs: number;
  /** What a failure counts as, at least: an endpoint that fails fast must not look fast. */
  readonly failureMs: number;
}

/** Load of an endpoint that is called for the first time: one call finds out, the others go elsewhere. */
const UNPROVEN = 1e9;
/** Below this a new endpoint would look better than any that answers, and be overrun. */
const LEAST_SEED_MS = 1;

/** Makes the meter of one endpoint. @param nowMs - since when the endpoint is known */
export function peakEwmaMeter({ decayMs, seedMs, failureMs }: PeakEwmaOptions, nowMs: number): LoadMeter {
  return new PeakEwma(decayMs, seedMs, failureMs, nowMs);
}

class PeakEwma implements LoadMeter {
  readonly #decayMs: number;
  readonly #failureMs: number;
  #averageMs: number;
  #atMs: number;
  #measured = false;

  constructor(decayMs: number, seedMs: number, failureMs: number, nowMs: number) {
    this.#decayMs = decayMs;
    this.#failureMs = failureMs;
    this.#averageMs = seedMs;
    this.#atMs = nowMs;
  }

  load(nowMs: number, inFlight: number): number {
    const averageMs = this.#averageMs * this.#weight(nowMs);
    if (this.#measured) return averageMs * (inFlight + 1);
    return inFlight === 0 ? Math.max(LEAST_SEED_MS, averageMs) : UNPROVEN + inFlight;
  }

  succeeded(nowMs: number, elapsedMs: number): void {
    if (this.#measured && elapsedMs <= this.#averageMs) {
      const weight = this.#weight(nowMs);
      this.#record(nowMs, this.#averageMs * weight + elapsedMs * (1 - weight));
    } else this.#record(nowMs, elapsedMs);
  }

  failed(nowMs: number, retryAfterMs: number): void {
    this.#record(nowMs, Math.max(this.#failureMs, retryAfterMs, this.#averageMs));
  }

  abandoned(nowMs: number, elapsedMs: number): void {
    if (elapsedMs > this.#averageMs) this.#record(nowMs, elapsedMs);
  }

  #record(nowMs: number, averageMs: number): void {
    this.#averageMs = averageMs;
    this.#atMs = nowMs;
    this.#measured = true;
  }

  #weight(nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs;
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1;
  }
}
