import { RollingCounts } from '../window/rolling-counts.js';
import { RollingLatency } from '../window/rolling-latency.js';
import type { OpossumStats } from './opossum.js';

/** What is counted, and where: a number each, since the first is counted on every call. */
export const opossumChannels = Object.freeze({
  successes: 0,
  failures: 1,
  rejects: 2,
  timeouts: 3,
  fallbacks: 4,
  cacheHits: 5,
  cacheMisses: 6,
  coalesceCacheHits: 7,
  coalesceCacheMisses: 8,
  semaphoreRejections: 9,
  /** Ended without a word: what counts neither way, and what passed through while the breaker was disabled. */
  others: 10,
});

const { successes, failures, rejects, cacheHits, coalesceCacheHits, semaphoreRejections, others } = opossumChannels;
/** Each of these is one call that began; the others happen on the way. */
const fires = [successes, failures, rejects, cacheHits, coalesceCacheHits, semaphoreRejections, others];
const names = Object.keys(opossumChannels) as readonly (keyof typeof opossumChannels)[];
const quantiles = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 1];

/**
 * The statistics of opossum: everything that happened in the window, whatever the breaker's state was and whether it has
 * closed since. The breaker's own window is another one: that is cleared when it closes, and is what its rules judge.
 */
export class OpossumCounts {
  readonly #windowMs: number;
  readonly #slices: number;
  /** Made at the first call: breakers that nobody uses cost little. */
  #counts: RollingCounts | undefined;
  /** Made at the first latency, which is only measured while somebody listens. */
  #latencies: RollingLatency | undefined;
  /** Calls that have begun and not ended. */
  inFlight = 0;

  constructor(windowMs: number, slices: number) {
    this.#windowMs = windowMs;
    this.#slices = slices;
  }

  /** @param channel - one of {@link opossumChannels} */
  add(channel: number, nowMs: number): void {
    this.#counts ??= new RollingCounts(names.length, this.#windowMs, this.#slices);
    this.#counts.advance(nowMs);
    this.#counts.add(channel, 1, nowMs);
  }

  took(tookMs: number, nowMs: number): void {
    this.#latencies ??= new RollingLatency(this.#windowMs, this.#slices);
    this.#latencies.record(tookMs, nowMs);
  }

  stats(nowMs: number, isCircuitBreakerOpen: boolean): OpossumStats {
    this.#counts?.advance(nowMs);
    const of = (channel: number) => this.#counts?.total(channel) ?? 0;
    const all = Object.fromEntries(names.map((name) => [name, of(opossumChannels[name])]));
    const { others: _, ...counted } = all as Record<keyof typeof opossumChannels, number>;
    const digest = this.#latencies?.digest(nowMs);
    return {
      ...counted,
      fires: fires.reduce((sum, channel) => sum + of(channel), this.inFlight),
      latencyMean: digest === undefined ? -1 : digest.count === 0 ? 0 : digest.sumMs / digest.count,
      percentiles: Object.fromEntries(quantiles.map((q) => [q, digest === undefined ? -1 : (digest.quantile(q) ?? 0)])),
      latencyTimes: [],
      isCircuitBreakerOpen,
    };
  }
}
