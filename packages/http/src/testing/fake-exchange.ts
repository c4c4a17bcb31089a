/**
 * One call of a fake within the process, as what answers an operation sees it: everything that a server does between a request and
 * its answer, but for its layers. A connection that the script breaks ends the call without an answer.
 */
import { baggageKey, readBaggage } from '@fwk/core';
import {
  background,
  type CallContext,
  type Cancellation,
  CancelledError,
  type ContextEntry,
  type ContextScope,
  callerKey,
  cancellationUnder,
  contextScope,
  operationKey,
  traceKey,
} from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { LocalCaller, LocalRequest } from '../local/local-request.js';
import { answerOfError, type ServedAnswer } from '../serving/answer.js';
import type { Course, Ending } from '../serving/course.js';
import type { AnswerWatcher } from '../serving/incoming-request.js';
import { priorityEntry } from '../serving/priority.js';
import type { ReadBody } from '../serving/read-body.js';
import { instanceOf } from '../serving/request-target.js';
import type { ServedStream } from '../serving/served-stream.js';
import type { AnswerStream, StreamSink } from '../serving/stream-sink.js';
import { headerNames } from '../wire/headers.js';
import { ConnectionFault } from './connection-fault.js';

/** See the head of this file. */
export class FakeExchange implements Course, Ending, AnswerWatcher {
  readonly context: CallContext;
  readonly #plan: OperationPlan;
  readonly #request: LocalRequest;
  readonly #caller: LocalCaller;
  readonly #call: Cancellation;
  readonly #scope: ContextScope;
  #answered = false;
  #stream: ServedStream | undefined;
  #body: ReadBody | undefined;

  /** @param nowMs - on the clock of the client */
  constructor(plan: OperationPlan, request: LocalRequest, caller: LocalCaller, nowMs: number) {
    this.#plan = plan;
    this.#request = request;
    this.#caller = caller;
    this.#call = cancellationUnder(background);
    const deadlineMs = nowMs + (request.remainingMs ?? Number.POSITIVE_INFINITY);
    this.context = background.with({ deadlineMs, values: valuesOf(plan, request), cancellation: this.#call });
    this.#scope = contextScope(this.context);
    request.watch(this);
  }

  run(body: () => void): void {
    this.#scope.run(body);
  }

  begin(): void {}

  /** A fake has no work that goes on without its caller. */
  outlive(): void {}

  headSent(): void {}

  reads(body: ReadBody): void {
    this.#body = body;
  }

  opened(stream: ServedStream): void {
    this.#stream = stream;
  }

  cancel(reason: unknown): void {
    this.#call.cancel(reason);
  }

  answerOf(error: unknown): ServedAnswer {
    const answer = answerOfError(error, {
      instance: instanceOf(this.#request.url),
      traceId: this.#request.trace?.traceId,
      marks: 0,
      plan: this.#plan,
    });
    // Whoever reads a stream finds nothing behind its items.
    return error instanceof ConnectionFault ? { ...answer, body: undefined } : answer;
  }

  answered(answer: ServedAnswer): void {
    if (this.#answered) return;
    this.#answered = true;
    const { stream } = answer;
    this.#request.answer(stream ? { ...answer, stream: this.#breakable(stream) } : answer);
  }

  failed(error: unknown, answer: ServedAnswer = this.answerOf(error)): void {
    if (this.#answered) return;
    if (error instanceof ConnectionFault) this.#break(error);
    else this.answered(answer);
  }

  /** Its caller has gone, or its stream has ended. */
  over(): void {
    const stream = this.#stream;
    const gone = new CancelledError(`${this.#plan.id}: the caller left`);
    if (!this.#answered) this.#call.cancel(gone);
    else if (stream && !stream.how) stream.leave(gone);
    this.#answered = true;
    this.#body?.leave();
    this.#call[Symbol.dispose]();
    this.#scope.end();
  }

  #break(fault: ConnectionFault): void {
    this.#answered = true;
    this.#caller.lost(fault);
    this.#request.gone();
  }

  /** The stream, whose items arrive before the connection breaks behind them. */
  #breakable(stream: AnswerStream): AnswerStream {
    return {
      start: (sink) => stream.start(new BreakableSink(sink, (text) => this.#endStream(sink, text))),
      leave: (reason) => stream.leave(reason),
    };
  }

  #endStream(sink: StreamSink, text: string): void {
    const error = this.#stream?.error;
    if (!(error instanceof ConnectionFault)) sink.end(text);
    else {
      if (text !== '') sink.write(text, Buffer.byteLength(text));
      this.#caller.lost(error);
    }
  }
}

/** A sink whose end is somebody else's. */
class BreakableSink implements StreamSink {
  readonly end: (text: string) => void;
  readonly #sink: StreamSink;

  constructor(sink: StreamSink, end: (text: string) => void) {
    this.#sink = sink;
    this.end = end;
  }

  get drained(): (() => void) | undefined {
    return this.#sink.drained;
  }

  set drained(drained: (() => void) | undefined) {
    this.#sink.drained = drained;
  }

  write(text: string, bytes: number): boolean {
    return this.#sink.write(text, bytes);
  }

  destroy(): void {
    this.#sink.destroy();
  }
}

/** What a server reads of the call into its context. */
function valuesOf({ id, priority }: OperationPlan, request: LocalRequest): ContextEntry[] {
  const { trace, caller, headers } = request;
  const values: ContextEntry[] = [operationKey.of(id)];
  if (trace) values.push(traceKey.of(trace));
  const baggage = headers[headerNames.baggage];
  if (baggage !== undefined) values.push(baggageKey.of(readBaggage(baggage)));
  const claimed = priorityEntry(request.priority, priority, false);
  if (claimed) values.push(claimed);
  if (caller !== undefined) values.push(callerKey.of(caller));
  return values;
}
