/**
 * How calls ended, as a breaker is told: judged by the stack's classifier, timed, counted, and announced in opossum's words.
 * What comes of it is the breaker's business.
 *
 * A report names the epoch in which its call was admitted and counts only while that epoch lasts: a success from before
 * the opening cannot close the breaker, a failure from before the closing cannot open it again.
 */
import { type CallContext, concernsCallee, currentOf, type Env, type Verdict } from '@fwk/kernel';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import type { BreakerCounts } from './breaker-counts.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerState } from './breaker-state.js';
import { isShort } from './error-tally.js';
import type { Evidence } from './evidence.js';
import { LateInARow } from './late-in-a-row.js';
import type { OpossumView } from './opossum-view.js';

/** Stands where a start time is expected when a call is not timed. */
const NOT_TIMED = -1;

/** The breaker, as far as it is told how calls ended. */
export interface ReportedBreaker {
  readonly state: BreakerState;
  readonly epoch: number;
  /** A call of this epoch ended and counts. @param tookMs - 0 when nobody wants to know */
  ended(nowMs: number, failed: boolean, tookMs: number): void;
  /** A call of this epoch ended and counts neither way. */
  ignored(): void;
}

/** What the reports of a breaker go into. */
export interface ReportParts {
  readonly counts: BreakerCounts;
  readonly evidence: Evidence;
  readonly opossum: OpossumView;
  readonly options: BreakerOptions;
  readonly env: Env;
}

/** Takes the reports of one breaker's calls. */
export class CallReports {
  readonly #breaker: ReportedBreaker;
  readonly #counts: BreakerCounts;
  readonly #evidence: Evidence;
  readonly #opossum: OpossumView;
  readonly #options: BreakerOptions;
  readonly #env: Env;
  readonly #late = new LateInARow();

  constructor(breaker: ReportedBreaker, { counts, evidence, opossum, options, env }: ReportParts) {
    this.#breaker = breaker;
    this.#counts = counts;
    this.#evidence = evidence;
    this.#opossum = opossum;
    this.#options = options;
    this.#env = env;
  }

  /** A call begins. @returns its start time, or a number that says that nobody wants to know how long calls take */
  started(request: unknown): number {
    this.#opossum.begun(request);
    const timed =
      this.#opossum.watched ||
      this.#breaker.state === 'half-open' ||
      currentOf(this.#options.slowCallMs) !== Number.POSITIVE_INFINITY;
    return timed ? this.#env.clock.now() : NOT_TIMED;
  }

  /** A call ended with a result. */
  answered(result: unknown, epoch: number, startMs: number, request: unknown, context: CallContext): void {
    this.#late.answered();
    const { outcome } = judgeCallResult(this.#env, result, context, request);
    if (outcome === 'ignored') this.#ignored(result, epoch, startMs);
    else this.#ended(outcome === 'failure', result, epoch, startMs, request, context);
  }

  /** A call ended with an error, which the classifier may well call a success: `404` is what some callers want to know. */
  failed(error: unknown, epoch: number, startMs: number, request: unknown, context: CallContext): void {
    const verdict = judgeCallError(this.#env, error, context, request);
    if (isFromCallee(verdict, context)) this.#late.answered();
    if (concernsCallee(verdict) || this.#countsThoughLate(verdict))
      this.#ended(verdict.outcome === 'failure', error, epoch, startMs, request, context);
    else this.#ignored(error, epoch, startMs);
  }

  /** What was never sent waited for us, not for the callee. */
  #countsThoughLate({ outcome, noticedLate, sent }: Verdict): boolean {
    if (!noticedLate || outcome !== 'failure' || sent === false) return false;
    return this.#late.noticed(this.#env.clock.now());
  }

  /** To opossum's statistics it does not matter in which state a call began: they only say what happened. */
  #ended(failed: boolean, what: unknown, epoch: number, startMs: number, request: unknown, context: CallContext): void {
    const breaker = this.#breaker;
    const nowMs = this.#env.clock.now();
    const tookMs = startMs === NOT_TIMED ? undefined : nowMs - startMs;
    if (epoch !== breaker.epoch) this.#counts.stale();
    else if (breaker.state === 'disabled') {
      this.#counts.unmeasured();
      this.#opossum.unmeasured(nowMs);
      return;
    } else if (failed) this.#countFailure(what, nowMs, context);
    else {
      this.#counts.success();
      this.#evidence.inARow = 0;
    }
    if (failed) this.#opossum.failed(what, tookMs, nowMs, request);
    else this.#opossum.succeeded(what, tookMs, nowMs);
    // A listener on the engine may have set the state by hand.
    if (epoch === breaker.epoch) breaker.ended(nowMs, failed, tookMs ?? 0);
  }

  #countFailure(what: unknown, nowMs: number, context: CallContext): void {
    const { window, errors } = this.#evidence;
    this.#counts.failure();
    this.#evidence.inARow++;
    // Errors from before the window belong to another story.
    if (this.#breaker.state === 'closed') {
      window.advance(nowMs);
      if (window.failures === 0) errors.clear();
    }
    errors.add(what, this.#traceId(context));
  }

  #ignored(what: unknown, epoch: number, startMs: number): void {
    const nowMs = this.#env.clock.now();
    if (epoch !== this.#breaker.epoch) this.#counts.stale();
    else {
      this.#counts.ignored();
      this.#breaker.ignored();
    }
    this.#opossum.ignored(what, startMs === NOT_TIMED ? undefined : nowMs - startMs, nowMs);
  }

  #traceId(context: CallContext): string | undefined {
    try {
      const traceId: unknown = this.#options.traceIdOf?.(context);
      return isShort(traceId) && traceId !== '' ? traceId : undefined;
    } catch {
      // A broken look-up must not change how the call counts; the record merely lacks the id.
      return undefined;
    }
  }
}

/** Whether it is the callee who ended the call: not a limit of time, the caller, or a layer on its side. */
function isFromCallee({ timedOut, sent }: Verdict, { cancelled }: CallContext): boolean {
  return !timedOut && !cancelled && sent !== false;
}
