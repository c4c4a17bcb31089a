/**
 * Percentiles of latencies in bounded memory, without keeping the latencies.
 *
 * A histogram with logarithmic buckets, after DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019): bucket `i` holds what
 * lies in `(γ^(i−1), γ^i]` microseconds with `γ = (1+α)/(1−α)`, and answers `2·γ^i/(γ+1)` for all of it, which is wrong by
 * at most `α`. Two digests merge by adding their buckets, so percentiles of several clients, endpoints or slices of time
 * are those of all their calls together; averaged percentiles would be the percentiles of nothing.
 *
 * Only the stretch of buckets between the fastest and the slowest latency is kept: usually less than a hundred.
 */

/** α: how far a quantile may be from the latency that it stands for. */
const RELATIVE_ERROR = 0.02;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const BUCKETS_PER_E = 1 / Math.log(GAMMA);
const FASTEST_MS = 0.001;
const SLOWEST_MS = 3_600_000;
/** Spare buckets to either side when the kept stretch grows, so that it does not grow with each record. */
const SPARE = 16;

/** The percentiles that people look at, in milliseconds; all 0 while nothing was recorded. Plain data. */
export interface LatencySnapshot {
  readonly count: number;
  readonly meanMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Latencies, counted. A quantile is within 2 % of the exact one, down to a microsecond and up to an hour. */
export interface LatencyDigest {
  /**
   * Counts a latency in milliseconds: below a microsecond it counts as one, above an hour as an hour. What is no number
   * or below 0 is left out.
   */
  record(ms: number): void;
  /**
   * The latency that a share `q` of the recorded ones did not exceed (nearest rank), in milliseconds.
   * @param q - 0 for the fastest, 1 for the slowest; both are exact.
   * @returns undefined while nothing was recorded.
   */
  quantile(q: number): number | undefined;
  readonly count: number;
  /** Sum of all latencies in milliseconds. */
  readonly sumMs: number;
  /** Adds what the other digest counted. */
  merge(other: MergedDigest): void;
  /** Visits each latency that stands for others, fastest first, with how many it stands for. */
  forEachBucket(visit: (ms: number, count: number) => void): void;
  snapshot(): LatencySnapshot;
  /** Forgets everything. */
  clear(): void;
}

/** What is read of a digest that is merged into another. */
export type MergedDigest = Pick<LatencyDigest, 'quantile' | 'count' | 'sumMs' | 'forEachBucket'>;

/**
 * Makes an empty digest.
 * @example const latencies = createDigest(); latencies.record(12.5); latencies.quantile(0.95);
 */
export function createDigest(): LatencyDigest {
  return new LogDigest();
}

class LogDigest implements LatencyDigest {
  /** Counts of the buckets from `#first` on; doubles, so that no counter overflows. */
  #counts: Float64Array = new Float64Array(0);
  #first = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;
  #count = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  record(ms: number): void {
    if (!(ms >= 0)) return;
    const latencyMs = Math.min(Math.max(ms, FASTEST_MS), SLOWEST_MS);
    this.#tally(latencyMs, 1);
    this.#addTotals(1, latencyMs, latencyMs, latencyMs);
  }

  quantile(q: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.ceil(q * this.#count);
    if (rank <= 1) return this.#minMs;
    if (rank >= this.#count) return this.#maxMs;
    let at = 0;
    for (let seen = this.#counts[0]!; seen < rank; seen += this.#counts[at]!) at++;
    return this.#latencyAt(at);
  }

  merge(other: MergedDigest): void {
    const [minMs, maxMs] = [other.quantile(0), other.quantile(1)];
    if (minMs === undefined || maxMs === undefined) return;
    const { count, sumMs } = other;
    other.forEachBucket((ms, times) => this.#tally(ms, times));
    this.#addTotals(count, sumMs, minMs, maxMs);
  }

  forEachBucket(visit: (ms: number, count: number) => void): void {
    for (let at = 0; at < this.#counts.length; at++) {
      const times = this.#counts[at]!;
      if (times > 0) visit(this.#latencyAt(at), times);
    }
  }

  snapshot(): LatencySnapshot {
    const at = (q: number) => this.quantile(q) ?? 0;
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumMs / this.#count,
      minMs: at(0),
      maxMs: at(1),
      p50Ms: at(0.5),
      p90Ms: at(0.9),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
    };
  }

  clear(): void {
    this.#counts.fill(0);
    this.#minMs = Number.POSITIVE_INFINITY;
    this.#maxMs = 0;
    this.#count = 0;
    this.#sumMs = 0;
  }

  #addTotals(count: number, sumMs: number, minMs: number, maxMs: number): void {
    this.#count += count;
    this.#sumMs += sumMs;
    if (minMs < this.#minMs) this.#minMs = minMs;
    if (maxMs > this.#maxMs) this.#maxMs = maxMs;
  }

  #tally(ms: number, times: number): void {
    const bucket = Math.ceil(Math.log(ms / FASTEST_MS) * BUCKETS_PER_E);
    const at = bucket - this.#first;
    if (at < 0 || at >= this.#counts.length) this.#keepUntil(bucket);
    this.#counts[bucket - this.#first]! += times;
  }

  /** Keeps more buckets, up to this one and some more; spare room lies on the side on which it grew. */
  #keepUntil(bucket: number): void {
    const empty = this.#counts.length === 0;
    const first = empty ? bucket : Math.min(bucket, this.#first);
    const last = empty ? bucket : Math.max(bucket, this.#first + this.#counts.length - 1);
    const start = first === bucket ? Math.max(0, first - SPARE) : first;
    const kept = new Float64Array(last - first + 1 + SPARE);
    kept.set(this.#counts, empty ? 0 : this.#first - start);
    this.#first = start;
    this.#counts = kept;
  }

  /** What a bucket answers, never beyond what was recorded. */
  #latencyAt(at: number): number {
    const ms = ((2 * GAMMA ** (this.#first + at)) / (GAMMA + 1)) * FASTEST_MS;
    return Math.min(Math.max(ms, this.#minMs), this.#maxMs);
  }
}
