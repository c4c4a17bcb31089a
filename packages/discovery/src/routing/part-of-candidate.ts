import type { Endpoint } from '../membership/endpoint.js';
import type { Candidate, LoadMeter } from '../pick/balancer.js';
import type { LoadRow } from '../pick/load-table.js';

/** A candidate that gets only a part of what its weight says; the rest comes from other callers. */
export class PartOfCandidate implements Candidate {
  readonly endpoint: Endpoint;
  readonly whole: Candidate;
  readonly #part: number;

  /** @param part - above 0 up to 1 */
  constructor(whole: Candidate, part: number) {
    this.endpoint = whole.endpoint;
    this.whole = whole;
    this.#part = part;
  }

  get meter(): LoadMeter | undefined {
    return this.whole.meter;
  }

  get row(): LoadRow | undefined {
    return this.whole.row;
  }

  get inFlight(): number {
    return this.whole.inFlight;
  }

  available(request?: unknown): boolean {
    return this.whole.available(request);
  }

  load(nowMs: number, share?: number, more?: number): number {
    return this.whole.load(nowMs, share, more);
  }

  weight(nowMs: number): number {
    return this.whole.weight(nowMs) * this.#part;
  }
}

/** The candidate itself. */
export function wholeOf(candidate: Candidate): Candidate {
  return candidate instanceof PartOfCandidate ? candidate.whole : candidate;
}
