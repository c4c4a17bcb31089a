/** The items of a request's body, for a handler that reads them one by one. What it does not read yet waits at the caller. */
import { CancelledError, type Counter, type TimeLimits } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { ItemReader, type ItemResult } from '../stream/item-reader.js';
import { StreamDrainingError } from '../stream/stream-errors.js';
import { formatIssues } from '../wire/validate.js';
import type { IncomingRequest } from './incoming-request.js';
import type { OpenStream, OpenStreams } from './open-streams.js';
import { RequestError } from './request-error.js';
import type { BodyPieces } from './stream-sink.js';

/** What streams of bodies share. */
export interface BodyParts {
  readonly limits: TimeLimits;
  readonly streams: OpenStreams;
  readonly items: Counter;
}

/** See the head of this file. They can be read once. */
export class StreamedBody implements AsyncIterableIterator<unknown>, OpenStream {
  readonly resumable = false;
  readonly #operation: string;
  readonly #reader: ItemReader;
  readonly #pieces: BodyPieces;
  readonly #items: Counter;
  #begun = false;
  /** The call of `next` before, which the next one waits for. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws RequestError where the request has no stream as its body */
  constructor(
    { id }: OperationPlan,
    plan: StreamPlan,
    request: IncomingRequest,
    { limits, streams, items }: BodyParts,
  ) {
    if (!request.readPieces) throw carriesNoStreams(id);
    this.#operation = id;
    this.#items = items;
    this.#reader = new ItemReader({
      operation: id,
      plan,
      format: 'ndjson',
      // The framing of HTTP tells a server whether a body has come whole.
      marks: false,
      part: 'body',
      limits,
      graceMs: 0,
      pause: () => this.#pieces.pause(),
      resume: () => this.#pieces.resume(),
      stop: () => this.#pieces.pause(),
      over: () => streams.delete(this),
      wrong: (index, what, issues) => {
        const placed = issues.map((issue) => ({
          ...issue,
          path: issue.path ? `${index}.${issue.path}` : String(index),
        }));
        const why = placed.length > 0 ? formatIssues(placed) : `item ${index} of the body ${what}`;
        const tooLarge = what.includes('maxItemBytes');
        return new RequestError(tooLarge ? 'FWK_HTTP_BODY_TOO_LARGE' : 'FWK_HTTP_REQUEST_INVALID', why, {
          members: { issues: placed.length > 0 ? placed : [{ in: 'body', path: String(index), message: what }] },
        });
      },
      problem: () => undefined,
      cutOff: () => undefined,
    });
    this.#pieces = request.readPieces(this.#reader, plan.content);
    streams.add(this);
  }

  /** Whether the handler waits for an item. */
  get waits(): boolean {
    return this.#reader.waits;
  }

  /** Items that it has got. */
  get count(): number {
    return this.#reader.count;
  }

  next(): Promise<ItemResult> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(): Promise<ItemResult> {
    this.#reader.stop();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The caller has gone. */
  leave(): void {
    this.#reader.abort(new CancelledError(`${this.#operation}: the caller left amid its body`));
  }

  drain(): void {
    this.#reader.abort(new StreamDrainingError(this.#operation));
  }

  async #step(): Promise<ItemResult> {
    if (!this.#begun) {
      this.#begun = true;
      this.#pieces.resume();
    }
    const result = await this.#reader.next();
    if (!result.done) this.#items.add();
    return result;
  }
}

/** The operation needs a wire that carries streams. */
export function carriesNoStreams(operation: string): RequestError {
  return new RequestError('FWK_HTTP_STREAM_WIRE', `${operation} is a stream: call it over HTTP`);
}
