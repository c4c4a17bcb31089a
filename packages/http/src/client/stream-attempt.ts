/**
 * One attempt at a request whose answer is a stream. The attempt has its answer with the first item, so that until then it is tried
 * again, limited and judged like any other; the rest comes as it is read. What the server sends beyond that waits on its connection.
 */
import type { Transform } from 'node:stream';
import type { TakeReport } from '@fwk/discovery';
import type { CallContext, Clock } from '@fwk/kernel';
import { AnswerItems, leftReason } from '../calling/answer-items.js';
import type { Attempt } from '../calling/attempt.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { answerNotExpanded } from '../calling/read-answer.js';
import { contentType } from '../calling/received-answer.js';
import { type Coding, coder, codingOf } from '../coding/codings.js';
import { beyond, type ExpandFault, type ExpandLimits, hasRest } from '../coding/expand.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { formatOfType } from '../stream/item-format.js';
import { AttemptHandler } from './attempt-handler.js';
import { abortReason } from './http-attempt.js';

/** See the head of this file. */
export class StreamAttempt extends AttemptHandler {
  readonly #request: OperationRequest;
  readonly #plan: StreamPlan;
  readonly #endpoint: string;
  readonly #clock: Clock;
  #items: AnswerItems | undefined;
  /** Whether the end of the connection is told apart from an end of the answer. */
  #framed = false;
  #wireOver = false;
  #resume: () => void = nothing;
  #paused = false;
  #inBytes = 0;
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
    this.#request = request;
    this.#plan = plan;
    this.#limitsOfSize = { maxBytes: Number.POSITIVE_INFINITY, maxRatio: limits.maxRatio };
    this.#endpoint = url;
    this.#clock = clock;
  }

  override onHeaders(status: number, headers: readonly Buffer[], resume: () => void = nothing): boolean {
    super.onHeaders(status, headers);
    if (this.settled || status < 200 || status >= 300) return true;
    this.#resume = resume;
    this.#framed = this.header('transfer-encoding') !== undefined || this.header('content-length') !== undefined;
    try {
      this.#items = this.#itemsOf();
    } catch (error) {
      this.fail(error);
      this.abort(abortReason);
      return true;
    }
    const coding = codingOf(this.header('content-encoding'));
    if (coding !== undefined && coding !== 'unknown') this.#expandInto(this.#items, coding);
    this.#items.reader.whenReady(() => {
      if (!this.settled) this.succeed();
    });
    return true;
  }

  override onData(chunk: Buffer): boolean {
    if (!this.#items) return super.onData(chunk);
    if (this.#expanding) {
      this.#inBytes += chunk.length;
      return this.#expanding.write(chunk) && !this.#paused;
    }
    this.#items.reader.bytes(chunk);
    return !this.#paused;
  }

  /** What waits to be read is taken out of the expander only when it is asked for, so that its size stays bounded. */
  #expandInto(items: AnswerItems, coding: Coding): void {
    const expanding = coder().expander(coding);
    this.#expanding = expanding;
    let outBytes = 0;
    expanding.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      const fault = beyond(this.#limitsOfSize, this.#inBytes, outBytes);
      if (fault) return this.#notExpanded(items, fault, coding);
      items.reader.bytes(chunk);
      if (this.#paused) expanding.pause();
    });
    expanding.on('drain', () => {
      if (!this.#paused) this.#resume();
    });
    const broken = () => this.#notExpanded(items, { kind: 'broken', inBytes: this.#inBytes, outBytes }, coding);
    expanding.on('end', () => {
      if (hasRest(coding, expanding, this.#inBytes)) broken();
      else this.#ended(items);
    });
    expanding.on('error', broken);
  }

  #notExpanded({ reader }: AnswerItems, fault: ExpandFault, coding: Coding): void {
    this.#expanding?.destroy();
    reader.fail(answerNotExpanded(this.#request.operation.plan.id, fault, coding, this.#limitsOfSize));
    if (!this.#wireOver) this.abort(abortReason);
  }

  override onComplete(): void {
    const items = this.#items;
    if (!items) {
      super.onComplete();
      return;
    }
    this.#wireOver = true;
    this.complete();
    if (this.#expanding) this.#expanding.end();
    else this.#ended(items);
  }

  #ended(items: AnswerItems): void {
    if (this.#framed) items.reader.finished();
    else items.broke(new Error('the stream ended with its connection, so that nobody knows whether it is whole'));
  }

  override onError(error: Error): void {
    const items = this.#items;
    if (!items) {
      super.onError(error);
      return;
    }
    this.#wireOver = true;
    this.#expanding?.destroy();
    this.broken(error !== abortReason);
    items.broke(error);
  }

  override read(): OperationResponse | Promise<OperationResponse> {
    return this.#items ? this.#items.response(this.status) : super.read();
  }

  protected override get boundsLength(): boolean {
    return this.status >= 300 || formatOfType(contentType(this)) === undefined;
  }

  override failBody(error: Error): void {
    super.failBody(error);
    this.#items?.reader.abort(error);
  }

  protected override giveUp(): void {
    super.giveUp();
    this.#items?.reader.abort(leftReason);
  }

  #itemsOf(): AnswerItems {
    return new AnswerItems(this.#request.operation.plan, this.#plan, this.#endpoint, this, this.#clock, {
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
      over: nothing,
    });
  }
}

function nothing(): void {}
