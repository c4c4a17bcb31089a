/**
 * How long the next call to an endpoint will take, times the calls already there: `cost = ewma · (pending + 1)`.
 *
 * The average forgets with time, not with calls: `w = exp(−Δt/τ)`, `ewma = ewma·w + rtt·(1−w)`. A sample above the current
 * value replaces it at once (the peak), so slowness is felt with the first slow answer and forgiven slowly. Reads project
 * the decay without writing it, so looking at an endpoint does not change it.
 *
 * A new endpoint has one call at a time until it has answered a few: these pay for connecting and for code that never ran,
 * and would count against it for half a minute. Its seed fades within seconds, or it would wait as long for its first call
 * beside faster ones that suffice (docs/decisions/0004). Source: Finagle PeakEwma, linkerd2-proxy.
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

/** Load of a new endpoint with a call under way: one call finds out, the others go elsewhere. */
const UNPROVEN = 1e9;
/** The answer that is the first to count. */
const FIRST_COUNTED_ANSWER = 3;
/** τ of the seed, in milliseconds. */
const SEED_DECAY_MS = 1000;

/**
 * Makes the meter of one endpoint.
 * @param nowMs - since when the endpoint is known.
 * @param previous - what measured it until now; what a meter of this kind has learnt is carried on.
 */
export function peakEwmaMeter(
  { decayMs, seedMs, failureMs }: PeakEwmaOptions,
  nowMs: number,
  previous?: LoadMeter,
): LoadMeter {
  return new PeakEwma(decayMs, seedMs, failureMs, nowMs, previous);
}

class PeakEwma implements LoadMeter {
  readonly #decayMs: number;
  readonly #failureMs: number;
  /**
   * The average and the time of its last change. Side by side in one array of doubles: as fields each would be a box of
   * its own, and a look at one of ten thousand endpoints is mostly waiting for memory.
   */
  readonly #latest: [averageMs: number, atMs: number];
  #measured = false;
  #answers = 0;

  constructor(decayMs: number, seedMs: number, failureMs: number, nowMs: number, previous: LoadMeter | undefined) {
    this.#decayMs = decayMs;
    this.#failureMs = failureMs;
    if (previous instanceof PeakEwma) {
      this.#latest = [...previous.#latest];
      this.#measured = previous.#measured;
      this.#answers = previous.#answers;
    } else this.#latest = [seedMs, nowMs];
  }

  load(nowMs: number, inFlight: number): number {
    if (this.#measured) return this.#latest[0] * this.#weight(nowMs, this.#decayMs) * (inFlight + 1);
    if (inFlight > 0) return UNPROVEN + inFlight;
    return this.#latest[0] * this.#weight(nowMs, SEED_DECAY_MS);
  }

  succeeded(nowMs: number, elapsedMs: number): void {
    this.#answers++;
    if (!this.#measured) {
      if (this.#answers >= FIRST_COUNTED_ANSWER) this.#record(nowMs, elapsedMs);
    } else if (elapsedMs <= this.#latest[0]) {
      const weight = this.#weight(nowMs, this.#decayMs);
      this.#record(nowMs, this.#latest[0] * weight + elapsedMs * (1 - weight));
    } else this.#record(nowMs, elapsedMs);
  }

  failed(nowMs: number, retryAfterMs: number): void {
    this.#record(nowMs, Math.max(this.#failureMs, retryAfterMs, this.#latest[0]));
  }

  abandoned(nowMs: number, elapsedMs: number): void {
    if (elapsedMs > this.#latest[0]) this.#record(nowMs, elapsedMs);
  }

  #record(nowMs: number, averageMs: number): void {
    this.#latest[0] = averageMs;
    this.#latest[1] = nowMs;
    this.#measured = true;
  }

  #weight(nowMs: number, decayMs: number): number {
    const elapsedMs = nowMs - this.#latest[1];
    return elapsedMs > 0 ? Math.exp(-elapsedMs / decayMs) : 1;
  }
}
