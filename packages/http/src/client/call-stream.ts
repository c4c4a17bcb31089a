/**
 * A stream as the caller of an operation reads it. The call is made when the first item is asked for. When a stream breaks whose
 * items have ids, the call is made again from behind the last item that was given out, and the reader sees nothing of it.
 */
import {
  backoffBound,
  type CallContext,
  type Clock,
  type Counter,
  isFwkError,
  isThenable,
  jittered,
  type Service,
  sleep,
} from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { ItemStream } from '../contract/contract-types.js';
import { ItemReader, type ItemResult } from '../stream/item-reader.js';

/** How often in a row a stream is called again without an item, and the pauses before that, in milliseconds. */
const MOST_RESUMED = 5;
const pauses = { baseMs: 100, capMs: 5000 };

/** What a stream is called by. */
export interface CallStreamParts {
  readonly service: Service<OperationRequest, OperationResponse>;
  readonly context: CallContext;
  readonly clock: Clock;
  readonly random: () => number;
  readonly resumed: Counter;
  readonly items: Counter;
  /** Whether its items have ids. */
  readonly resumable: boolean;
  /** The id that the caller has already. */
  readonly lastEventId: string | undefined;
  /** Makes the request. */
  request(lastEventId: string | undefined): OperationRequest | Promise<OperationRequest>;
  /** The stream begins. @throws what keeps it from beginning */
  begun(stream: CallStream): void;
  over(stream: CallStream): void;
}

const finished: ItemResult = Object.freeze({ value: undefined, done: true });

/** Anything that gives items: the reader of an answer, or what a fallback answered instead. */
type Source = ItemReader | AsyncIterator<unknown> | Iterator<unknown>;

/** See the head of this file. */
export class CallStream implements ItemStream<unknown> {
  lastEventId: string | undefined;
  readonly #parts: CallStreamParts;
  #source: Source | undefined;
  #begun = false;
  #over = false;
  /** Set once it is to end with an error. */
  #aborted: { readonly error: unknown } | undefined;
  /** Whether it was called again, and has given no item since. */
  #resumed = false;
  /** Failures in a row without an item. */
  #failures = 0;
  #cancelled: Disposable | undefined;
  /** The step that is under way; the next one waits for it. */
  #step: Promise<ItemResult> | undefined;

  constructor(parts: CallStreamParts) {
    this.#parts = parts;
    this.lastEventId = parts.lastEventId;
  }

  next(): Promise<ItemResult> {
    const before = this.#step;
    if (before) return this.#under(before.then(this.#nextStep, this.#nextStep));
    const step = this.#nextStep();
    return step instanceof Promise ? this.#under(step) : Promise.resolve(step);
  }

  async return(): Promise<ItemResult> {
    this.#close();
    return finished;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }

  /** Ends it with an error for its reader. */
  abort(error: unknown): void {
    if (this.#over) return;
    this.#aborted ??= { error };
    if (this.#source instanceof ItemReader) this.#source.abort(error);
  }

  /** Later steps wait for this one. */
  #under(step: Promise<ItemResult>): Promise<ItemResult> {
    this.#step = step;
    const done = () => {
      if (this.#step === step) this.#step = undefined;
    };
    step.then(done, done);
    return step;
  }

  /** At once where the item is here: most are, since they come in pieces. */
  readonly #nextStep = (): ItemResult | Promise<ItemResult> => {
    if (this.#over) return finished;
    if (this.#aborted) return this.#fail(this.#aborted.error);
    const step = this.#source ? this.#ask(this.#source) : this.#begin();
    return step instanceof Promise ? step.then(this.#given, this.#failed) : this.#given(step);
  };

  #ask(source: Source): ItemResult | Promise<ItemResult> {
    return source instanceof ItemReader ? source.next() : nextOf(source);
  }

  async #begin(): Promise<ItemResult> {
    const { service, context, begun, request } = this.#parts;
    if (!this.#begun) {
      begun(this);
      this.#begun = true;
      this.#cancelled = context.onCancel((reason) => this.abort(reason));
    }
    if (context.cancelled) throw context.reason;
    const given = request(this.lastEventId);
    const { value } = await service.call(isThenable(given) ? await given : given, context);
    const source = value instanceof ItemReader ? value : iteratorOf(value);
    this.#source = source;
    if (!this.#over && !this.#aborted) return this.#ask(source);
    // Left, or ended, while it was on its way.
    leave(source);
    return finished;
  }

  readonly #given = (result: ItemResult): ItemResult | Promise<ItemResult> => {
    if (this.#aborted && !this.#over) return this.#fail(this.#aborted.error);
    if (result.done || this.#over) {
      this.#close();
      return finished;
    }
    this.#parts.items.add();
    const { lastId } = this.#source instanceof ItemReader ? this.#source : { lastId: undefined };
    // A server may begin with the item that it was told of.
    if (this.#resumed && lastId === this.lastEventId) return this.#nextStep();
    this.#failures = 0;
    this.#resumed = false;
    this.lastEventId = lastId ?? this.lastEventId;
    return result;
  };

  readonly #failed = (error: unknown): ItemResult | Promise<ItemResult> => {
    this.#source = undefined;
    if (this.#over) return finished;
    if (this.#aborted) return this.#fail(this.#aborted.error);
    return this.#mayResume(error) ? this.#resume(error) : this.#fail(error);
  };

  #fail(error: unknown): Promise<ItemResult> {
    this.#close();
    return Promise.reject(error);
  }

  #mayResume(error: unknown): boolean {
    const { resumable, context } = this.#parts;
    if (!resumable || this.lastEventId === undefined || this.lastEventId === this.#parts.lastEventId) return false;
    if (context.cancelled || this.#failures >= MOST_RESUMED) return false;
    return isFwkError(error) && error.traits.retryable === true;
  }

  async #resume(error: unknown): Promise<ItemResult> {
    const { clock, random, context, resumed } = this.#parts;
    const atOnce = this.#failures === 0 && isFwkError(error, 'FWK_HTTP_STREAM_DRAINING');
    const pauseMs = atOnce ? 0 : jittered(backoffBound(this.#failures, pauses), 0.5, random);
    this.#failures++;
    this.#resumed = true;
    if (pauseMs > 0) await sleep(clock, pauseMs, context).catch(() => {});
    if (context.cancelled) return this.#fail(context.reason);
    resumed.add();
    return this.#nextStep();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelled?.[Symbol.dispose]();
    if (this.#source) leave(this.#source);
    this.#source = undefined;
    if (this.#begun) this.#parts.over(this);
  }
}

/** What a fallback gives, or throws, at any time. */
async function nextOf(source: AsyncIterator<unknown> | Iterator<unknown>): Promise<ItemResult> {
  const { done, value } = await source.next();
  return done ? finished : { value, done: false };
}

function leave(source: Source): void {
  if (source instanceof ItemReader) source.stop();
  else {
    const left: unknown = source.return?.();
    if (isThenable(left)) left.then(undefined, () => {});
  }
}

/** A fallback may answer any items. */
function iteratorOf(value: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof value === 'object' && value !== null) {
    if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new TypeError('the fallback of a stream must answer items: an async iterable, or a list');
}
