/** The items of an answer that is a stream, on any wire: how they are read, and what becomes of a stream that is none, or breaks. */
import { type AnswerEnd, type Clock, isFwkError, LastingEnd, lastingKey, TimeLimits } from '@fwk/kernel';
import { codingOf } from '../coding/codings.js';
import type { OperationPlan } from '../contract/contract.js';
import type { ItemFormat, StreamPlan } from '../contract/item-stream.js';
import { formatOfType } from '../stream/item-format.js';
import { ItemReader, type ReaderParts } from '../stream/item-reader.js';
import { marked } from '../stream/item-writer.js';
import { headerNames } from '../wire/headers.js';
import { AnswerInvalidError, ConnectionError } from './client-errors.js';
import type { OperationResponse } from './operation-request.js';
import { streamProblem } from './read-answer.js';
import { contentType, type ReceivedAnswer } from './received-answer.js';

/** By so much longer a client waits than a server, so that the word of the server comes first, in milliseconds. */
const GRACE_MS = 1000;

/** Ends the items of a caller that wants no more of them; nobody sees it. */
export const leftReason = new Error('the call was given up');

/** What the items need of the wire. */
export interface ItemsWire extends Pick<ReaderParts, 'pause' | 'resume' | 'stop'> {
  /** They are over, as far as the wire goes. Called once. */
  over(): void;
}

/** See the head of this file. */
export class AnswerItems {
  readonly reader: ItemReader;
  readonly #operation: OperationPlan<string>;
  readonly #endpoint: string;
  readonly #end = new LastingEnd();

  /** @param endpoint - its URL, for messages. @throws AnswerInvalidError where the answer is no stream of items */
  constructor(
    operation: OperationPlan<string>,
    plan: StreamPlan,
    endpoint: string,
    answer: ReceivedAnswer,
    clock: Clock,
    { pause, resume, stop, over }: ItemsWire,
  ) {
    const format = formatIn(operation.id, answer);
    this.#operation = operation;
    this.#endpoint = endpoint;
    this.reader = new ItemReader({
      operation: operation.id,
      plan,
      format,
      marks: answer.header(headerNames.stream) === marked,
      part: 'response',
      limits: TimeLimits.of(clock, true),
      graceMs: GRACE_MS,
      pause,
      resume,
      stop,
      over: (end) => {
        over();
        this.#over(end);
      },
      wrong: (index, what, issues, cause) =>
        new AnswerInvalidError(operation.id, `has an item (number ${index}) that ${what}`, issues, cause),
      problem: (document) => streamProblem(operation, document, clock),
      cutOff: () => this.#broken(new Error('the stream ended without its mark')),
    });
  }

  /** What the caller gets, once the first item is here and fits. @throws what the stream failed with before it */
  response(status: number): OperationResponse | Promise<OperationResponse> {
    const { failure } = this.reader;
    if (failure) throw failure.error;
    const response: OperationResponse = { status, value: this.reader, [lastingKey]: this.#end.tell };
    const first = this.reader.peek();
    return first ? first.then(() => response) : response;
  }

  /** The wire broke. */
  broke(cause: Error): void {
    this.reader.fail(this.#broken(cause));
  }

  #over(end: AnswerEnd): void {
    // That a server stops says nothing against it.
    const drained = isFwkError(end?.error, 'FWK_HTTP_STREAM_DRAINING');
    this.#end.end(drained || end?.error === leftReason ? undefined : end);
  }

  #broken(cause: Error): ConnectionError {
    return new ConnectionError(this.#operation.id, this.#endpoint, true, cause);
  }
}

/** @throws AnswerInvalidError where a good answer is no stream */
function formatIn(operation: string, answer: ReceivedAnswer): ItemFormat {
  const encoding = answer.header('content-encoding') ?? '';
  if (codingOf(encoding) === 'unknown') {
    throw new AnswerInvalidError(operation, `is encoded (${encoding.slice(0, 100)}), which is not read`);
  }
  const type = contentType(answer);
  const format = formatOfType(type);
  if (format) return format;
  throw new AnswerInvalidError(operation, `is no stream of items but ${type.slice(0, 100) || 'without a type'}`);
}
