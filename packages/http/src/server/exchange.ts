/**
 * One request and its answer. Whatever comes first ends it: the handler's answer, the deadline, or the caller's going
 * away; the context that the handler works with is cancelled by the last two. The call counts as in flight until its
 * answer has left. An operation with idempotency keys is not cancelled when its caller goes away, since that one may have
 * been cut off and comes back for the answer; it counts as in flight until the work is over.
 */
import type { ServerResponse } from 'node:http';
import { type TraceContext, traceKey } from '@fwk/core';
import {
  type CallContext,
  type Cancellable,
  CancelledError,
  type ContextEntry,
  type ContextScope,
  cancellable,
  contextScope,
  currentContext,
  DeadlineExceededError,
  doNotRetryMarks,
  isFwkError,
  type Timer,
} from '@fwk/kernel';
import { type Answer, answerOfError } from './answer.js';
import type { RequestSeries } from './request-series.js';
import { instanceOf } from './request-target.js';
import type { ServerParts } from './server-parts.js';

/** What an exchange knows of the operation. */
export interface ExchangeRoute {
  readonly id: string;
  readonly series: RequestSeries;
  /** Whether the work goes on, up to its limit, when the caller goes away. */
  readonly outlivesCaller: boolean;
}

/** See the head of this file. */
export class Exchange {
  readonly context: CallContext;
  /** The handler's part of the exchange: over once it has answered, which may be after the deadline has. */
  readonly scope: ContextScope;
  readonly #parts: ServerParts;
  readonly #route: ExchangeRoute;
  readonly #response: ServerResponse;
  readonly #call: Cancellable;
  readonly #startedMs: number;
  readonly #marks = doNotRetryMarks();
  readonly #limitMs: number;
  readonly #inFlight: Disposable;
  readonly #timer: Timer;
  #answered = false;
  /** The caller has gone and the work goes on. */
  #alone = false;

  /** @param limitMs - time for the answer, above 0. */
  constructor(
    parts: ServerParts,
    route: ExchangeRoute,
    response: ServerResponse,
    limitMs: number,
    values: readonly ContextEntry[],
  ) {
    const { clock } = parts.env;
    this.#parts = parts;
    this.#route = route;
    this.#response = response;
    this.#startedMs = clock.now();
    this.#limitMs = limitMs;
    this.#inFlight = parts.drain.track();
    this.#call = cancellable(undefined, { deadlineMs: this.#startedMs + limitMs, values });
    this.context = this.#call.context;
    this.scope = contextScope(this.context);
    this.#timer = clock.setTimer(() => this.#expire(), limitMs, true);
    // Node emits it after every answer too; only without an answer has the caller gone.
    response.on('close', () => this.#closed());
  }

  get trace(): TraceContext | undefined {
    return this.context.get(traceKey);
  }

  /** What the error will be answered with. */
  answerOf(error: unknown): Answer {
    return answerOfError(error, {
      instance: instanceOf(this.#response.req.url as string),
      traceId: this.trace?.traceId,
      marks: this.#marks,
    });
  }

  /** The handler is done: answers, unless that has happened or nobody is there any more. */
  send(answer: Answer, error?: unknown): void {
    this.#answer(answer, error);
    if (this.#alone) this.#end();
    this.scope.end();
  }

  /** The handler failed: answers its error, unless there was an answer. */
  fail(error: unknown): void {
    this.send(this.answerOf(error), error);
  }

  #answer(answer: Answer, error: unknown): void {
    if (this.#answered) return;
    this.#answered = true;
    const { env } = this.#parts;
    env.clock.clearTimer(this.#timer);
    const { status } = answer;
    this.#parts.write(this.#response, answer);
    const ms = env.clock.now() - this.#startedMs;
    this.#route.series.observe(status, ms / 1000, this.trace?.traceId);
    this.#log(status, ms, error);
  }

  #expire(): void {
    const error = new DeadlineExceededError(this.#route.id, this.#limitMs);
    if (!this.#alone) this.#answer(this.answerOf(error), error);
    this.#call.cancel(error);
    if (this.#alone) this.#end();
  }

  #closed(): void {
    if (!this.#answered) {
      this.#answered = true;
      const { clock } = this.#parts.env;
      const ms = clock.now() - this.#startedMs;
      this.#route.series.observe(499, ms / 1000, this.trace?.traceId);
      this.#log(499, ms);
      if (this.#route.outlivesCaller) {
        this.#alone = true;
        return;
      }
      this.#call.cancel(new CancelledError(`${this.#route.id}: the caller closed its connection`));
    }
    this.#end();
  }

  #end(): void {
    this.#alone = false;
    this.#parts.env.clock.clearTimer(this.#timer);
    this.#inFlight[Symbol.dispose]();
    this.#call[Symbol.dispose]();
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
    } else logger.error({ operation, status, durationMs, err: error }, 'a handler failed');
  }
}
