import type { Counter, Env } from '@fwk/kernel';
import { resilienceMetrics } from '../metrics.js';

/** One count of a cache, for its snapshot and for the metrics. */
class Count {
  total = 0;
  readonly #counter: Counter;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  add(amount = 1): void {
    this.total += amount;
    this.#counter.add(amount);
  }
}

/** What a cache counts. Every call that may be cached ends in one of the first four. */
export class CacheCounts {
  readonly fresh: Count;
  readonly stale: Count;
  readonly staleOnError: Count;
  readonly missed: Count;
  readonly refreshed: Count;
  readonly refreshFailed: Count;
  readonly evicted: Count;

  constructor({ metrics, path }: Env) {
    const calls = (result: string) =>
      new Count(metrics.counter(resilienceMetrics['resilience.cache.calls'], { path, result }));
    this.fresh = calls('fresh');
    this.stale = calls('stale');
    this.staleOnError = calls('stale-on-error');
    this.missed = calls('missed');
    const refreshes = (result: string) =>
      new Count(metrics.counter(resilienceMetrics['resilience.cache.refreshes'], { path, result }));
    this.refreshed = refreshes('refreshed');
    this.refreshFailed = refreshes('failed');
    this.evicted = new Count(metrics.counter(resilienceMetrics['resilience.cache.evicted'], { path }));
  }
}
