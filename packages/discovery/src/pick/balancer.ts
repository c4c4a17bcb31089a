/**
 * The seam between choosing and calling. A picker works on an array that never changes; a change of membership makes a new
 * picker. What is known of an endpoint lives in its meter, which outlives the pickers.
 */
import type { CallContext, Env } from '@fwk/kernel';
import type { Endpoint } from '../membership/endpoint.js';
import type { HeardLoad } from './load-report.js';
import type { LoadRow } from './load-table.js';

/**
 * Measures one endpoint. Numbers only, no timers; called on every call. A balancer may answer the same meter for several endpoints:
 * each method is told the endpoint's row, the one that {@link Balancer.meter} was given.
 */
export interface LoadMeter {
  /**
   * Expected cost of one more call; lower is better. Free of side effects.
   * @param inFlight - calls under way there; a part of a call where an endpoint of more weight counts each as less.
   */
  load(nowMs: number, inFlight: number, row?: LoadRow): number;
  /** The endpoint answered, after this time. */
  succeeded(nowMs: number, elapsedMs: number, row?: LoadRow): void;
  /** The call failed. @param retryAfterMs - what the endpoint asked to wait, 0 if nothing */
  failed(nowMs: number, retryAfterMs: number, row?: LoadRow): void;
  /** The caller gave up after this time: the endpoint is at least as slow as that. */
  abandoned(nowMs: number, elapsedMs: number, row?: LoadRow): void;
}

/** One endpoint as a picker sees it. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /**
   * False where another endpoint should be preferred: this one is busy, is ejected but kept as a last resort, is to be avoided by
   * this call, or has an open breaker for the operation of this request. Free of side effects.
   * @param request - the one to be sent; left out where none in particular is meant.
   */
  available(request?: unknown): boolean;
  /** Calls of this balancer under way there. */
  readonly inFlight: number;
  /**
   * Expected cost of one more call; lower is better.
   * @param share - its weight relative to the mean of those picked from: each call under way counts as 1/share. @defaultValue 1
   * @param more - calls to count as under way beside those that are. @defaultValue 0
   */
  load(nowMs: number, share?: number, more?: number): number;
  /** Share of the traffic relative to the others; a finite number above 0. */
  weight(nowMs: number): number;
  /** What measures it, for the balancer that made it. */
  readonly meter?: LoadMeter;
  /** The row of its numbers in a table, which a picker may read instead of calling `load`. Absent: call `load`. */
  readonly row?: LoadRow;
  /** The last load that it reported; undefined before its first report. */
  readonly heard?: HeardLoad | undefined;
  /**
   * Asks it for its load alone; `heard` has the answer. Undefined where it cannot be asked, or so many questions are under way.
   * Never rejects.
   * @param context - its cancellation ends the question.
   */
  probe?(context: CallContext): Promise<void> | undefined;
}

/** Chooses among a fixed set. */
export interface Picker {
  /**
   * Synchronous; undefined only for an empty set. Prefers those that are available for the request, but answers somebody even
   * when nobody is. A picker that has to ask first answers an `Undecided`.
   */
  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined;
  /** An endpoint, of this set or another, has reported its load: see `heard` of the candidate. */
  reported?(nowMs: number, candidate: Candidate): void;
}

/** A way to choose. Holds no state of its own: one balancer may serve many stacks. */
export interface Balancer {
  /** Its standard name: `p2c`, `round-robin`. */
  readonly role: string;
  /**
   * Makes the meter of an endpoint.
   * @param previous - what measured it until now, where another balancer takes over; one that fits is carried on.
   * @param row - where the meter may keep numbers that pickers read often; the calls under way are counted there.
   */
  meter(env: Env, previous?: LoadMeter, row?: LoadRow): LoadMeter;
  /** Makes a picker for a changed set. @param previous - the one it replaces, so that a position can be carried on */
  picker(candidates: readonly Candidate[], env: Env, previous?: Picker): Picker;
  describe?(): Readonly<Record<string, unknown>>;
}
