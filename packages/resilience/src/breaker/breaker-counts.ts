import type { BreakerSeries } from './breaker-series.js';
import type { BreakerTotals } from './breaker-state.js';

/** What became of the calls that met one breaker: since it was made, and in the metrics, which breakers by key share. */
export class BreakerCounts {
  readonly #totals = { successes: 0, failures: 0, ignored: 0, rejected: 0, stale: 0, unmeasured: 0 };
  readonly #series: BreakerSeries;

  constructor(series: BreakerSeries) {
    this.#series = series;
  }

  get totals(): BreakerTotals {
    return { ...this.#totals };
  }

  success(): void {
    this.#totals.successes++;
    this.#series.successes.add();
  }

  failure(): void {
    this.#totals.failures++;
    this.#series.failures.add();
  }

  ignored(): void {
    this.#totals.ignored++;
    this.#series.ignored.add();
  }

  rejected(): void {
    this.#totals.rejected++;
    this.#series.rejected.add();
  }

  stale(): void {
    this.#totals.stale++;
    this.#series.stale.add();
  }

  unmeasured(): void {
    this.#totals.unmeasured++;
  }
}
