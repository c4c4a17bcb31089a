/**
 * Smooth weighted round robin: the next turn is that of the endpoint whose deadline is first, and each turn moves its deadline on
 * by one over its weight. So one of weight 3 beside one of weight 1 is picked a b a a, a b a a, never three times in a row and
 * then the other. A heap finds the first deadline. Source: earliest deadline first, as in Envoy.
 *
 * First deadlines are drawn, each from 0 up to one over the weight: many clients started at once do not begin alike, and each
 * endpoint gets its share on average from the first pick on, however often the set changes.
 */
import type { Candidate, Picker } from './balancer.js';
import { firstAvailable } from './first-available.js';

/** Endpoints passed over because they are unavailable, before any other that is available is taken. */
const MAX_PASSED = 256;

/** The picker; for at least two candidates. */
export class WeightedRotation implements Picker {
  readonly #candidates: readonly Candidate[];
  readonly #shares: Float64Array;
  readonly #deadlines: Float64Array;
  /** Indices of candidates, the first deadline on top. */
  readonly #heap: Uint32Array;
  /** Where to look when those of the first deadlines are unavailable. */
  #turn = 0;

  /** @param shares - weights relative to their mean. */
  constructor(candidates: readonly Candidate[], shares: Float64Array, random: () => number) {
    this.#candidates = candidates;
    this.#shares = shares;
    this.#deadlines = shares.map((share) => random() / share);
    this.#heap = Uint32Array.from(shares, (_, at) => at).sort((a, b) => this.#deadline(a) - this.#deadline(b));
  }

  pick(_nowMs: number, request?: unknown): Candidate | undefined {
    const candidates = this.#candidates;
    const tries = Math.min(candidates.length, MAX_PASSED);
    for (let passed = 0; passed < tries; passed++) {
      const first = this.#heap[0] as number;
      const candidate = candidates[first] as Candidate;
      const isAvailable = candidate.available(request);
      // One that is passed over goes behind the one that follows, so that it is not in the way, and not owed its turns afterwards.
      const from = isAvailable ? this.#deadline(first) : Math.max(this.#deadline(first), this.#secondDeadline());
      this.#deadlines[first] = from + 1 / (this.#shares[first] as number);
      this.#sink(first);
      if (isAvailable) return candidate;
    }
    this.#turn = (this.#turn + 1) % candidates.length;
    return firstAvailable(candidates, this.#turn, request) ?? candidates[this.#turn];
  }

  #secondDeadline(): number {
    const heap = this.#heap;
    let second = Number.NEGATIVE_INFINITY;
    if (heap.length > 1) second = this.#deadline(heap[1] as number);
    if (heap.length > 2) second = Math.min(second, this.#deadline(heap[2] as number));
    return second;
  }

  /** Moves what stands on top down to its place. */
  #sink(moved: number): void {
    const heap = this.#heap;
    const deadline = this.#deadline(moved);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        this.#deadline(heap[child + 1] as number) < this.#deadline(heap[child] as number)
      ) {
        child++;
      }
      if (this.#deadline(heap[child] as number) >= deadline) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moved;
  }

  #deadline(index: number): number {
    return this.#deadlines[index] as number;
  }
}
