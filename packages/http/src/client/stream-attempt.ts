/**
 * One attempt at a request whose answer is a stream. The attempt has its answer with the first item, so that until then it is tried
 * again, limited and judged like any other; the rest comes as it is read. What the server sends beyond that waits on its connection.
 */
import type { Transform } from 'node:stream';
import type { TakeReport } from '@fwk/discovery';
import {
  type AnswerEnd,
  type CallContext,
  type Clock,
  isFwkError,
  LastingEnd,
  lastingKey,
  TimeLimits,
} from '@fwk/kernel';
import type { Attempt } from '../calling/attempt.js';
import { AnswerInvalidError, ConnectionError } from '../calling/client-errors.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { answerNotExpanded, streamProblem } from '../calling/read-answer.js';
import { type Coding, coder, codingOf } from '../coding/codings.js';
import { beyond, type ExpandFault, type ExpandLimits } from '../coding/expand.js';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { formatOfType } from '../stream/item-format.js';
import { ItemReader } from '../stream/item-reader.js';
import { marked } from '../stream/item-writer.js';
import { headerNames } from '../wire/headers.js';
import { AttemptHandler } from './attempt-handler.js';
import { abortReason } from './http-attempt.js';

/** By so much longer a client waits than a server, so that the word of the server comes first, in milliseconds. */
const GRACE_MS = 1000;

/** See the head of this file. */
export class StreamAttempt extends AttemptHandler {
  readonly #plan: StreamPlan;
  readonly #contract: OperationPlan<string>;
  readonly #operation: string;
  readonly #endpoint: string;
  readonly #limits: TimeLimits;
  readonly #end = new LastingEnd();
  #reader: ItemReader | undefined;
  /** Whether the end of the connection is told apart from an end of the answer. */
  #framed = false;
  #wireOver = false;
  #inBytes = 0;
  #resume: () => void = nothing;
  #paused = false;
  /** Where the answer is compressed. */
  #expanding: Transform | undefined;
  readonly #limitsOfSize: ExpandLimits;

  constructor(
    request: OperationRequest,
    plan: StreamPlan,
    url: string,
    limits: ExpandLimits,
    clock: Clock,
    reported: TakeReport,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ) {
    super(request, url, limits, clock, reported, context, resolve, reject);
    this.#plan = plan;
    this.#limitsOfSize = { maxBytes: Number.POSITIVE_INFINITY, maxRatio: limits.maxRatio };
    this.#contract = request.operation.plan;
    this.#operation = this.#contract.id;
    this.#endpoint = url;
    this.#limits = TimeLimits.of(clock, true);
  }

  override onHeaders(status: number, headers: readonly Buffer[], resume: () => void = nothing): boolean {
    super.onHeaders(status, headers);
    if (this.settled || status < 200 || status >= 300) return true;
    const fault = this.#faultOf();
    if (fault !== undefined) {
      this.fail(new AnswerInvalidError(this.#operation, fault));
      this.abort(abortReason);
      return true;
    }
    this.#resume = resume;
    const marks = this.header(headerNames.stream) === marked;
    this.#framed = this.header('transfer-encoding') !== undefined || this.header('content-length') !== undefined;
    this.#reader = new ItemReader({
      operation: this.#operation,
      plan: this.#plan,
      format: formatOfType(this.#type) ?? this.#plan.as,
      marks,
      part: 'response',
      limits: this.#limits,
      graceMs: GRACE_MS,
      pause: () => {
        this.#paused = true;
      },
      resume: () => {
        this.#paused = false;
        this.#expanding?.resume();
        this.#resume();
      },
      stop: () => {
        this.#expanding?.destroy();
        if (!this.#wireOver) this.abort(abortReason);
      },
      over: (end) => this.#over(end),
      wrong: (index, what, issues, cause) =>
        new AnswerInvalidError(this.#operation, `has an item (number ${index}) that ${what}`, issues, cause),
      problem: (document) => streamProblem(this.#contract, document, this.#limits.clock),
      cutOff: () => this.#broken(new Error('the stream ended without its mark')),
    });
    const coding = codingOf(this.header('content-encoding'));
    if (coding !== undefined && coding !== 'unknown') this.#expandInto(this.#reader, coding);
    this.#reader.whenReady(() => {
      if (!this.settled) this.succeed();
    });
    return true;
  }

  override onData(chunk: Buffer): boolean {
    if (!this.#reader) return super.onData(chunk);
    if (this.#expanding) {
      this.#inBytes += chunk.length;
      return this.#expanding.write(chunk) && !this.#paused;
    }
    this.#reader.bytes(chunk);
    return !this.#paused;
  }

  /** What waits to be read is taken out of the expander only when it is asked for, so that its size stays bounded. */
  #expandInto(reader: ItemReader, coding: Coding): void {
    const expanding = coder().expander(coding);
    this.#expanding = expanding;
    let outBytes = 0;
    expanding.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      const fault = beyond(this.#limitsOfSize, this.#inBytes, outBytes);
      if (fault) return this.#notExpanded(reader, fault, coding);
      reader.bytes(chunk);
      if (this.#paused) expanding.pause();
    });
    expanding.on('drain', () => {
      if (!this.#paused) this.#resume();
    });
    expanding.on('end', () => this.#ended(reader));
    expanding.on('error', () =>
      this.#notExpanded(reader, { kind: 'broken', inBytes: this.#inBytes, outBytes }, coding),
    );
  }

  #notExpanded(reader: ItemReader, fault: ExpandFault, coding: Coding): void {
    this.#expanding?.destroy();
    reader.fail(answerNotExpanded(this.#operation, fault, coding, this.#limitsOfSize));
    if (!this.#wireOver) this.abort(abortReason);
  }

  override onComplete(): void {
    const reader = this.#reader;
    if (!reader) {
      super.onComplete();
      return;
    }
    this.#wireOver = true;
    this.complete();
    if (this.#expanding) this.#expanding.end();
    else this.#ended(reader);
  }

  #ended(reader: ItemReader): void {
    if (this.#framed) reader.finished();
    else
      reader.fail(
        this.#broken(new Error('the stream ended with its connection, so that nobody knows whether it is whole')),
      );
  }

  override onError(error: Error): void {
    const reader = this.#reader;
    if (!reader) {
      super.onError(error);
      return;
    }
    this.#wireOver = true;
    this.#expanding?.destroy();
    this.broken(error !== abortReason);
    reader.fail(this.#broken(error));
  }

  override read(): OperationResponse | Promise<OperationResponse> {
    const reader = this.#reader;
    if (!reader) return super.read();
    const { failure } = reader;
    if (failure) throw failure.error;
    const response: OperationResponse = { status: this.status, value: reader, [lastingKey]: this.#end.tell };
    const first = reader.peek();
    return first ? first.then(() => response) : response;
  }

  protected override get boundsLength(): boolean {
    return this.status >= 300 || formatOfType(this.#type) === undefined;
  }

  override failBody(error: Error): void {
    super.failBody(error);
    this.#reader?.abort(error);
  }

  protected override giveUp(): void {
    super.giveUp();
    this.#reader?.abort(abortReason);
  }

  get #type(): string {
    return this.header('content-type') ?? '';
  }

  /** Why a good answer is no stream. */
  #faultOf(): string | undefined {
    const encoding = this.header('content-encoding') ?? '';
    if (codingOf(encoding) === 'unknown') return `is encoded (${encoding.slice(0, 100)}), which is not read`;
    if (formatOfType(this.#type)) return undefined;
    return `is no stream of items but ${this.#type.slice(0, 100) || 'without a type'}`;
  }

  #over(end: AnswerEnd): void {
    // That a server stops says nothing against it.
    const drained = isFwkError(end?.error, 'FWK_HTTP_STREAM_DRAINING');
    this.#end.end(drained || end?.error === abortReason ? undefined : end);
  }

  #broken(cause: Error): ConnectionError {
    return new ConnectionError(this.#operation, this.#endpoint, true, cause);
  }
}

function nothing(): void {}
