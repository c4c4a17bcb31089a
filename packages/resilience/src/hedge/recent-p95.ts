import { currentOf, type Live } from '@fwk/kernel';
import { RollingLatency } from '../window/rolling-latency.js';

const WINDOW_MS = 30_000;
const SLICES = 6;
/** Reading merges the slices of the window; a percentile of 30 seconds hardly moves in one. */
const REREAD_MS = 1000;
const SHORTEST_MS = 1;

/** What 95 % of the answers of the last 30 seconds took, at least 1 ms; undefined on too few answers. */
export class RecentP95 {
  readonly #minimumSamples: number | Live<number>;
  readonly #latencies = new RollingLatency(WINDOW_MS, SLICES);
  #p95Ms: number | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(minimumSamples: number | Live<number>) {
    this.#minimumSamples = minimumSamples;
  }

  record(latencyMs: number, nowMs: number): void {
    this.#latencies.record(latencyMs, nowMs);
  }

  /** As it was within the last second. */
  read(nowMs: number): number | undefined {
    if (nowMs - this.#readAtMs < REREAD_MS) return this.#p95Ms;
    this.#readAtMs = nowMs;
    const digest = this.#latencies.digest(nowMs);
    const p95Ms = digest.count < currentOf(this.#minimumSamples) ? undefined : digest.quantile(0.95);
    this.#p95Ms = p95Ms === undefined ? undefined : Math.max(p95Ms, SHORTEST_MS);
    return this.#p95Ms;
  }
}
