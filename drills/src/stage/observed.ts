import type { AttemptRecord, CallerRecords, CallRecord } from './messages.js';

/** What a caller's records say of a stretch of time. */
export class Observed implements CallerRecords {
  readonly calls: readonly CallRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly httpAtMs: readonly number[];
  readonly retriesAtMs: readonly number[];

  constructor({ calls, attempts, httpAtMs, retriesAtMs }: CallerRecords) {
    this.calls = calls;
    this.attempts = attempts;
    this.httpAtMs = httpAtMs;
    this.retriesAtMs = retriesAtMs;
  }

  /** Calls that were due from one moment to another, and what was sent then. */
  between(fromMs: number, toMs: number): Observed {
    const within = (atMs: number) => atMs >= fromMs && atMs < toMs;
    return new Observed({
      calls: this.calls.filter(({ dueMs }) => within(dueMs)),
      attempts: this.attempts.filter(({ startMs }) => within(startMs)),
      httpAtMs: this.httpAtMs.filter(within),
      retriesAtMs: this.retriesAtMs.filter(within),
    });
  }

  /** Failed calls of a kind, or of all. */
  failed(kind?: CallRecord['kind']): number {
    return this.calls.filter((call) => call.error !== undefined && (!kind || call.kind === kind)).length;
  }

  /** Nearest-rank quantile of the time from when a call was due to its answer, failures included. */
  quantileMs(q: number): number {
    const sorted = this.calls.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  }

  /** Share of attempts that went over Mux, 0 to 1: those without an HTTP request. */
  get muxShare(): number {
    return Math.max(0, 1 - this.httpAtMs.length / this.attempts.length);
  }

  /** The figures that every drill has. */
  figures(): Record<'requests' | 'failed' | 'retried' | 'p50Ms' | 'p99Ms' | 'amplification' | 'muxShare', number> {
    const requests = this.calls.length;
    return {
      requests,
      failed: this.failed(),
      retried: this.retriesAtMs.length,
      p50Ms: this.quantileMs(0.5),
      p99Ms: this.quantileMs(0.99),
      amplification: this.attempts.length / requests,
      muxShare: this.muxShare,
    };
  }

  /** The errors seen, each once, with how often. */
  errors(): ReadonlyMap<string, number> {
    const seen = new Map<string, number>();
    for (const { error } of this.calls) if (error !== undefined) seen.set(error, (seen.get(error) ?? 0) + 1);
    return seen;
  }
}
