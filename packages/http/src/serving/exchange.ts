/**
 * One request and its answer. Whatever comes first ends it: the handler's answer, the deadline, or the caller's going
 * away; the context that the handler works with is cancelled by the last two. The call counts as in flight until its
 * answer has left. An operation with idempotency keys is not cancelled when its caller goes away, since that one may have
 * been cut off and comes back for the answer; it counts as in flight until the work is over.
 */
import { runInSpan, type UsageAccount } from '@fwk/core';
import {
  background,
  type CallContext,
  type Cancellation,
  CancelledError,
  type ContextEntry,
  type ContextScope,
  cancellationUnder,
  contextScope,
  currentContext,
  doNotRetryMarks,
  isFwkError,
  type Limited,
  lasts,
  type TimeLimit,
  type TraceContext,
  traceKey,
} from '@fwk/kernel';
import type { CallCounts } from '@fwk/resilience';
import type { OperationPlan } from '../contract/contract.js';
import { httpMetrics } from '../metrics.js';
import { answerOfError, type ServedAnswer } from './answer.js';
import type { Course, Ending } from './course.js';
import { checkedFor } from './declared-errors.js';
import type { AnswerWatcher, IncomingRequest } from './incoming-request.js';
import type { ReadBody } from './read-body.js';
import type { RequestSeries } from './request-series.js';
import { endRequestSpan, type RequestEnd } from './request-span.js';
import { instanceOf } from './request-target.js';
import type { ServedStream } from './served-stream.js';
import type { ServerParts } from './server-parts.js';
import { usedCall } from './used-call.js';

/** What an exchange knows of the operation. */
export interface ExchangeRoute {
  readonly id: string;
  readonly plan: OperationPlan<string>;
  readonly series: RequestSeries;
  /** Its numbers in the policy. */
  readonly counts: CallCounts;
  /** Where what callers use of it is counted. */
  readonly usage: UsageAccount | undefined;
}

const failedBefore = 'a layer or a schema failed before the handler was called';

/** See the head of this file. */
export class Exchange implements Course, Ending, Limited, AnswerWatcher {
  readonly context: CallContext;
  /** The handler's part of the exchange: over once it has answered, which may be after the deadline has. */
  readonly scope: ContextScope;
  readonly #parts: ServerParts;
  readonly #route: ExchangeRoute;
  readonly #request: IncomingRequest;
  readonly #call: Cancellation;
  readonly #startedMs: number;
  readonly #marks = doNotRetryMarks();
  readonly #limitMs: number;
  readonly #inFlight: Disposable;
  /** The one limit of the request; undefined for none. */
  #limit: TimeLimit | undefined;
  readonly #countedMs: number;
  /** Calls in flight when it began; 0 once it is counted no more. */
  #loaded: number;
  #answered = false;
  /** Whether the handler was asked. */
  #begun = false;
  /** Whether the work goes on, up to its limit, when the caller goes away. */
  #outlives = false;
  #headSent = false;
  /** Where the answer goes on with a stream. */
  #stream: ServedStream | undefined;
  /** Where the handler reads the body item by item, and how many it had when its time was looked at. */
  #body: ReadBody | undefined;
  #bodyCount = 0;
  /** Nobody waits any more: the exchange leaves when the work that is under way has ended. */
  #leaving = false;

  /**
   * @param startedMs - when it began, on `env.clock.now()`.
   * @param limitMs - time for the answer; `Infinity` for no limit.
   */
  constructor(
    parts: ServerParts,
    route: ExchangeRoute,
    request: IncomingRequest,
    startedMs: number,
    limitMs: number,
    values: readonly ContextEntry[],
  ) {
    this.#parts = parts;
    this.#route = route;
    this.#request = request;
    this.#countedMs = route.counts.begin();
    this.#startedMs = startedMs;
    this.#limitMs = limitMs;
    this.#loaded = parts.load?.begin() ?? 0;
    this.#inFlight = parts.drain.track(route.id);
    this.#call = cancellationUnder(background);
    const { stream, bodyStream } = route.plan;
    // The limit is for the first item of a stream, and for a handler that does not go on reading: what goes on has its own.
    const lastingMs = stream?.totalMs ?? bodyStream?.totalMs;
    this.context = background.with({
      deadlineMs: startedMs + (lastingMs ?? limitMs),
      values,
      cancellation: this.#call,
    });
    this.scope = contextScope(this.context);
    const limited = limitMs !== Number.POSITIVE_INFINITY;
    this.#limit = limited ? parts.limits.begin(this, this.#startedMs, limitMs) : undefined;
    request.watch(this);
  }

  get trace(): TraceContext | undefined {
    return this.context.get(traceKey);
  }

  /** Runs a part of the work, in the call and in its span. */
  run(body: () => void): void {
    const { trace } = this;
    if (trace?.span) this.scope.run(() => runInSpan(trace, body));
    else this.scope.run(body);
  }

  begin(): void {
    this.#begun = true;
  }

  reads(body: ReadBody): void {
    this.#body = body;
  }

  opened(stream: ServedStream): void {
    this.#stream = stream;
  }

  cancel(reason: unknown): void {
    this.#call.cancel(reason);
  }

  outlive(): void {
    this.#outlives = true;
  }

  headSent(): void {
    this.#headSent = true;
    this.#limit?.end();
  }

  answerOf(error: unknown): ServedAnswer {
    return answerOfError(error, {
      instance: instanceOf(this.#request.url),
      traceId: this.trace?.traceId,
      marks: this.#marks,
      plan: this.#route.plan,
      refusedAttempt: this.#isRefusal(error) ? this.#request.attempt : undefined,
    });
  }

  /** Answers, unless that has happened or nobody is there any more. */
  answered(answer: ServedAnswer): void {
    this.#end(this.#request.sent ?? answer, undefined, false);
  }

  /** Answers an error, unless there was an answer. */
  failed(error: unknown, answer: ServedAnswer = this.#request.sent ?? this.answerOf(error)): void {
    this.#end(answer, error, true);
  }

  /** The deadline has passed. */
  expired(): void {
    if (this.#readsOn()) return;
    const error = this.#route.counts.outOfTime(this.context, this.#limitMs);
    if (!this.#leaving) this.#answer(this.answerOf(error), error, true);
    this.#call.cancel(error);
    if (this.#leaving) this.#leave();
  }

  /** Whether the handler has gone on reading its body, or waits for more of it: then its time begins anew. */
  #readsOn(): boolean {
    const body = this.#body;
    if (!body || (!body.waits && body.count === this.#bodyCount)) return false;
    const { remainingMs = Number.POSITIVE_INFINITY } = this.#request;
    const nowMs = this.#parts.env.clock.now();
    const leftMs = Math.min(this.#limitMs, this.#startedMs + remainingMs - nowMs);
    if (leftMs <= 0) return false;
    this.#bodyCount = body.count;
    this.#limit = this.#parts.limits.begin(this, nowMs, leftMs);
    return true;
  }

  /** Whether a layer before the handler refused the request for lack of capacity. */
  #isRefusal(error: unknown): boolean {
    return !this.#begun && isFwkError(error) && error.traits.refusedBy === 'caller' && error.traits.overloaded === true;
  }

  #end(answer: ServedAnswer, error: unknown, failed: boolean): void {
    this.#answer(answer, error, failed);
    if (this.#leaving) this.#leave();
    // What is left of a stream is the handler's as well.
    if (!this.#stream || this.#stream.how) this.scope.end();
  }

  #answer(answer: ServedAnswer, error: unknown, failed: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#limit?.end();
    const stream = this.#stream;
    if (stream && answer.stream === stream) {
      this.#beginStream(answer, stream);
      return;
    }
    // A layer has answered something else, or the time was over.
    stream?.leave(error);
    // First, so that the answer tells of the other calls.
    this.#unload(!failed);
    const { status } = answer;
    this.#leaving = this.#request.answer(answer);
    if (!failed) this.#route.counts.succeeded(this.#countedMs);
    else if (this.#isRefusal(error)) this.#route.counts.refused(this.#countedMs);
    else this.#route.counts.failed(error, this.#countedMs, this.context);
    const ms = this.#measure(status, answer.body, failed ? error : undefined);
    this.#log(status, ms, error);
  }

  /** The answer begins: it is answered now, and in flight until its stream has ended. */
  #beginStream(answer: ServedAnswer, stream: ServedStream): void {
    const { counts, series } = this.#route;
    counts.succeeded(this.#countedMs);
    const ms = this.#parts.env.clock.now() - this.#startedMs;
    series.observe(this.#request.protocol, answer.status, ms / 1000, this.trace?.traceId);
    lasts(answer, () => this.#streamOver(answer.status, stream));
    this.#leaving = this.#request.answer(answer);
  }

  #streamOver(status: number, { how, error, bytes, items }: ServedStream): void {
    const nowMs = this.#parts.env.clock.now();
    const ms = nowMs - this.#startedMs;
    const failed = how === 'failed';
    this.#unload(false);
    const labels = { operation: this.#route.id, end: how ?? 'left' };
    this.#parts.env.metrics
      .histogram(httpMetrics['http.server.stream.duration'], labels)
      .observe(ms / 1000, this.trace?.traceId);
    this.#route.usage?.add(
      { ...usedCall(this.#request, ms, failed ? 500 : status, undefined), responseBytes: bytes },
      nowMs,
    );
    const { span } = this.trace ?? {};
    span?.set('fwk.stream.items', items);
    if (how) span?.set('fwk.stream.end', how);
    const declared = failed ? checkedFor(this.#route.plan, error)?.error.name : undefined;
    this.#endSpan({ status: how === 'left' ? undefined : status, error, declared, endMs: nowMs, broken: failed });
    this.#log(failed ? this.answerOf(error).status : how === 'left' ? 499 : status, ms, failed ? error : undefined);
    this.scope.end();
    if (this.#leaving) this.#leave();
  }

  #endSpan(end: RequestEnd): void {
    const span = this.trace?.span;
    if (span) endRequestSpan(span, this.#route.plan, this.#request, end);
  }

  /** Told after an answer too; only without one has the caller gone. */
  over(): void {
    if (!this.#answered) {
      this.#answered = true;
      this.#log(499, this.#measure(499, undefined, undefined));
      this.#route.counts.cancelled(this.#countedMs);
      // Without its limit, work that never ends would be in flight for ever.
      if (this.#outlives && !this.#headSent) {
        this.#leaving = true;
        return;
      }
      this.#call.cancel(this.#gone());
    } else if (this.#stream && !this.#stream.how) this.#stream.leave(this.#gone());
    this.#body?.leave();
    this.#leave();
  }

  #gone(): CancelledError {
    return new CancelledError(`${this.#route.id}: the caller closed its connection`);
  }

  /** Counts the request, and what its caller used. @returns how long it took, in milliseconds */
  #measure(status: number, answer: ServedAnswer['body'], error: unknown): number {
    const nowMs = this.#parts.env.clock.now();
    const ms = nowMs - this.#startedMs;
    const declared = error === undefined ? undefined : checkedFor(this.#route.plan, error)?.error.name;
    this.#route.series.observe(this.#request.protocol, status, ms / 1000, this.trace?.traceId, declared);
    this.#route.usage?.add(usedCall(this.#request, ms, status, answer), nowMs);
    this.#endSpan({ status: status === 499 ? undefined : status, error, declared, endMs: nowMs });
    return ms;
  }

  #leave(): void {
    this.#leaving = false;
    this.#unload(false);
    this.#limit?.end();
    this.#inFlight[Symbol.dispose]();
    this.#call[Symbol.dispose]();
  }

  /** It no longer counts as load. @param timed - whether the time that it took says how long a call takes */
  #unload(timed: boolean): void {
    const { load, env } = this.#parts;
    if (!load || this.#loaded === 0) return;
    if (timed) load.answered(env.clock.now() - this.#startedMs, this.#loaded);
    else load.ended();
    this.#loaded = 0;
  }

  /** Failures stand out in the log; the rest is there for who asks for it. Our own faults come with their error. */
  #log(status: number, durationMs: number, error?: unknown): void {
    // A timer or a closed connection may have ended the call; its line belongs to the call's trace all the same.
    if (currentContext() === this.context) this.#write(status, durationMs, error);
    else contextScope(this.context).run(() => this.#write(status, durationMs, error));
  }

  #write(status: number, durationMs: number, error: unknown): void {
    const { logger } = this.#parts.env;
    const operation = this.#route.id;
    if (status < 500) logger.debug({ operation, status, durationMs }, 'answered');
    else if (isFwkError(error) && status !== 500) {
      logger.info({ operation, status, durationMs, error: error.message }, 'answered with an error');
    } else {
      // What was thrown may be no error, or nothing at all.
      const err = error ?? new TypeError(`${error} was thrown`);
      logger.error({ operation, status, durationMs, err }, this.#begun ? 'a handler failed' : failedBefore);
    }
  }
}
