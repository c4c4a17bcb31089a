import { currentOf, type Live } from '@fwk/kernel';
import { RollingLatency } from '../window/rolling-latency.js';

const WINDOW_MS = 30_000;
const SLICES = 6;
/** Reading merges the slices of the window; a percentile of 30 seconds hardly moves in one. */
const REREAD_MS = 1000;
const SHORTEST_MS = 1;
/** However much may be spent, this share of the answers is not slow. */
const LEAST_QUANTILE = 0.95;
/** Of what may be spent, the part that ordinary slow answers get. The rest is there when a callee is stuck. */
const ORDINARY = 0.5;

/** From where on an answer of the last 30 seconds was slow. */
export class RecentTail {
  readonly #minimumSamples: number | Live<number>;
  readonly #latencies = new RollingLatency(WINDOW_MS, SLICES);
  #tailMs: number | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(minimumSamples: number | Live<number>) {
    this.#minimumSamples = minimumSamples;
  }

  record(latencyMs: number, nowMs: number): void {
    this.#latencies.record(latencyMs, nowMs);
  }

  /**
   * What all took but the slowest, which are half of the ratio and at most 5 %; at least 1 ms; undefined on too few
   * answers. As it was within the last second.
   * @param maxExtraRatio - second attempts as a share of the calls, 0 to 1.
   */
  read(nowMs: number, maxExtraRatio: number): number | undefined {
    if (nowMs - this.#readAtMs < REREAD_MS) return this.#tailMs;
    this.#readAtMs = nowMs;
    const digest = this.#latencies.digest(nowMs);
    const quantile = Math.max(LEAST_QUANTILE, 1 - maxExtraRatio * ORDINARY);
    const tailMs = digest.count < currentOf(this.#minimumSamples) ? undefined : digest.quantile(quantile);
    this.#tailMs = tailMs === undefined ? undefined : Math.max(tailMs, SHORTEST_MS);
    return this.#tailMs;
  }
}
