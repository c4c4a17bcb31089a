import { createDigest, type LatencyDigest } from '@fwk/kernel';

/**
 * Latencies of the last stretch of time: a ring with one digest a slice of `windowMs / slices`, without a timer. Moving on
 * empties the digests that fall out; reading merges those that are left, so read now and then, not on every call. The
 * window covers between `windowMs − one slice` and `windowMs`.
 */
export class RollingLatency {
  readonly #sliceMs: number;
  readonly #ring: LatencyDigest[];
  /** Number of the current slice, counted from the clock's zero; its digest stands at this modulo the ring's length. */
  #slice = 0;

  /**
   * @param windowMs - length of the window in milliseconds.
   * @param slices - how finely it moves on.
   */
  constructor(windowMs: number, slices: number) {
    this.#sliceMs = windowMs / slices;
    this.#ring = Array.from({ length: slices }, createDigest);
  }

  /** Counts a latency. Time that stands still or goes back counts to the latest slice. */
  record(ms: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#ring[this.#slice % this.#ring.length]!.record(ms);
  }

  /** A digest of the window as of now, the caller's own. */
  digest(nowMs: number): LatencyDigest {
    this.#advance(nowMs);
    const merged = createDigest();
    for (const slice of this.#ring) merged.merge(slice);
    return merged;
  }

  /** Forgets everything. */
  clear(): void {
    for (const slice of this.#ring) slice.clear();
  }

  #advance(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    if (slice <= this.#slice) return;
    const passed = Math.min(slice - this.#slice, this.#ring.length);
    for (let step = 0; step < passed; step++) this.#ring[(slice - step) % this.#ring.length]!.clear();
    this.#slice = slice;
  }
}
