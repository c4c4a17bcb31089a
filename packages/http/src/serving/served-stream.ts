/**
 * The answering end of a stream: asks the handler for one item after another and writes each, as fast as the caller reads.
 *
 * What the handler gives without waiting is written at once, in one piece up to a limit; then it is asked again only when the
 * wire wants more. The stream ends when the handler has no more items, fails or is too slow, when the caller leaves, and when
 * the server stops. The handler's iterator is then told by `return`, its context is cancelled before that where it did not
 * end by itself.
 */
import {
  type AnswerEnd,
  type CallContext,
  type Clock,
  type Counter,
  isThenable,
  LastingEnd,
  type Limited,
  lastingKey,
  type TimeLimit,
  type TimeLimits,
} from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import type { ChosenFormat } from '../stream/item-format.js';
import { type ItemWriter, itemWriter, marked } from '../stream/item-writer.js';
import { StreamDrainingError, type StreamLimitCode, StreamLimitError } from '../stream/stream-errors.js';
import { headerNames } from '../wire/headers.js';
import type { ServedAnswer } from './answer.js';
import { ItemRecords, iteratorOf } from './item-records.js';
import type { OpenStream, OpenStreams } from './open-streams.js';
import type { AnswerStream, StreamSink } from './stream-sink.js';

/** Characters that are written at once. */
const PIECE_LENGTH = 32_768;

/** How a stream ended: by itself, by a failure, because the server stops, or because its caller left. */
export type StreamEnd = 'ended' | 'failed' | 'drained' | 'left';

/** Whom a stream belongs to. */
export interface StreamOwner {
  /** Runs a part of the work, in the call. */
  run(body: () => void): void;
  /** What an error is answered with. */
  answerOf(error: unknown): ServedAnswer;
  /** The handler is to stop. */
  cancel(reason: unknown): void;
}

/** What streams of a server share. */
export interface StreamParts {
  readonly limits: TimeLimits;
  readonly streams: OpenStreams;
  readonly items: Counter;
  /** What is told of an error that the handler threw; perhaps later. Must not reject. */
  told(error: unknown): unknown;
}

/** See the head of this file. */
export class ServedStream implements OpenStream, AnswerStream, Limited {
  /** What the caller gets: the head of the answer, which goes on with the stream. */
  readonly answer: ServedAnswer;
  /** How it ended; undefined while it goes on. */
  how: StreamEnd | undefined;
  /** What it failed with, or why it was ended. */
  error: unknown;
  /** Items that were written, and their bytes. */
  items = 0;
  bytes = 0;
  readonly #end = new LastingEnd();
  readonly #operation: string;
  readonly #plan: StreamPlan;
  readonly #parts: StreamParts;
  readonly #clock: Clock;
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #owner: StreamOwner;
  readonly #writer: ItemWriter;
  readonly #records: ItemRecords;
  readonly #startedMs: number;
  #opened: ((end: AnswerEnd) => void) | undefined;
  #sink: StreamSink | undefined;
  #text = '';
  #count = 0;
  /** A tick is due that writes what is here. */
  #ticking = false;
  /** The wire wants no more for now, since then. */
  #fullMs: number | undefined;
  #pumping = false;
  /** Whether the handler is asked for an item, and since when. */
  #asked = false;
  #askedMs = 0;
  #wroteMs: number;
  #limit: TimeLimit | undefined;
  #cancelled: Disposable | undefined;

  /** @throws FwkError `FWK_HTTP_RESPONSE_INVALID` where the handler answered no items */
  constructor(
    { id }: OperationPlan,
    plan: StreamPlan,
    source: unknown,
    { format, contentType }: ChosenFormat,
    marks: boolean,
    parts: StreamParts,
    owner: StreamOwner,
  ) {
    this.#operation = id;
    this.#plan = plan;
    this.#source = iteratorOf(id, source);
    this.#parts = parts;
    this.#clock = parts.limits.clock;
    this.#owner = owner;
    this.#writer = itemWriter(format, marks);
    this.#records = new ItemRecords(id, plan, this.#writer);
    this.#startedMs = this.#clock.now();
    this.#wroteMs = this.#startedMs;
    this.answer = {
      status: 200,
      contentType,
      body: undefined,
      headers: {
        // Proxies that gather an answer before they pass it on would hold back its items.
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        ...((marks || format === 'events') && { [headerNames.stream]: marked }),
      },
      stream: this,
      [lastingKey]: this.#end.tell,
    };
  }

  get resumable(): boolean {
    return this.#plan.id !== undefined;
  }

  /** Asks for the first item. @param opened - told once it is here, the stream has ended without one, or has failed before it */
  open(context: CallContext, opened: (end: AnswerEnd) => void): void {
    this.#opened = opened;
    this.#parts.streams.add(this);
    this.#cancelled = context.onCancel((reason) => this.#finish('left', reason));
    if (!this.how) this.#pump();
  }

  start(sink: StreamSink): void {
    this.#sink = sink;
    if (this.how) {
      this.#sendEnd(sink);
      return;
    }
    sink.drained = () => this.#owner.run(this.#goOn);
    this.#wroteMs = this.#clock.now();
    this.#arm(this.#wroteMs);
    this.#owner.run(this.#goOn);
  }

  /** Its caller has gone, or its answer goes to nobody. */
  leave(reason: unknown): void {
    this.#finish('left', reason);
  }

  drain(): void {
    this.#finish('drained', new StreamDrainingError(this.#operation));
  }

  expired(): void {
    const nowMs = this.#clock.now();
    this.#limit = undefined;
    const { idleMs, totalMs } = this.#plan;
    if (nowMs >= this.#startedMs + totalMs) {
      this.#late('FWK_HTTP_STREAM_TOTAL', 'the stream has not ended', totalMs);
    } else if (this.#asked && nowMs >= this.#askedMs + idleMs) {
      this.#late('FWK_HTTP_STREAM_IDLE', 'the handler gave no item', idleMs);
    } else if (this.#fullMs !== undefined && nowMs >= this.#fullMs + idleMs) this.#sink?.destroy();
    else this.#beat(nowMs);
  }

  #late(code: StreamLimitCode, what: string, limitMs: number): void {
    this.#finish('failed', new StreamLimitError(code, this.#operation, what, limitMs));
  }

  /** Says that the stream is alive, where nothing else has lately. */
  #beat(nowMs: number): void {
    if (this.#fullMs === undefined && nowMs >= this.#wroteMs + this.#plan.heartbeatMs) {
      this.#text += this.#writer.heartbeat;
      this.#flush();
    }
    this.#arm(nowMs);
  }

  /** Sets the nearest limit. */
  #arm(nowMs: number): void {
    const { idleMs, totalMs, heartbeatMs } = this.#plan;
    const waitsMs = this.#asked ? this.#askedMs + idleMs : Number.POSITIVE_INFINITY;
    const wireMs = this.#fullMs === undefined ? this.#wroteMs + heartbeatMs : this.#fullMs + idleMs;
    // The handler is asked again and again between two looks, so one that is not asked now may be soon.
    const nextMs = Math.min(this.#startedMs + totalMs, waitsMs, wireMs, nowMs + idleMs);
    if (nextMs !== Number.POSITIVE_INFINITY)
      this.#limit = this.#parts.limits.begin(this, nowMs, Math.max(1, nextMs - nowMs));
  }

  /** Asks the handler for one item after another, until the wire wants no more. One runs at a time. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      do {
        this.#asked = true;
        // Otherwise the next tick sets it: looking at the clock for each item would cost as much as writing it.
        if (!this.#ticking) this.#askedMs = this.#clock.now();
        const given = this.#source.next();
        // Lists and generators that do not wait cost no promise.
        const step = isThenable(given) ? await given : given;
        this.#asked = false;
        if (this.how) return;
        if (step.done) return this.#finish('ended', undefined);
        const record = this.#records.of(step.value);
        this.#write(typeof record === 'string' ? record : await record);
        // Until the head of the answer is out there is nowhere to put more.
      } while (!this.how && this.#sink && this.#fullMs === undefined);
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.#pumping = false;
    }
  }

  async #failed(error: unknown): Promise<void> {
    this.#asked = false;
    const told = this.#parts.told(error);
    this.#finish('failed', told instanceof Promise ? await told : told);
  }

  #write(record: string): void {
    if (this.how) return;
    this.#text += record;
    this.#count++;
    if (this.#opened) this.#begun(undefined);
    else if (this.#text.length >= PIECE_LENGTH) this.#flush();
    else if (!this.#ticking) {
      this.#ticking = true;
      // Comes when the handler waits for something: what it gives before that goes out in one piece.
      process.nextTick(this.#tick);
    }
  }

  readonly #tick = (): void => {
    this.#ticking = false;
    if (this.#asked) this.#askedMs = this.#clock.now();
    this.#flush();
  };

  #flush(): void {
    const text = this.#text;
    if (text === '' || !this.#sink || this.how || this.#fullMs !== undefined) return;
    this.#text = '';
    const bytes = this.#countItems(text);
    this.#wroteMs = this.#clock.now();
    if (!this.#sink.write(text, bytes)) this.#fullMs = this.#wroteMs;
  }

  /** The wire wants more. */
  readonly #goOn = (): void => {
    if (this.how) return;
    this.#fullMs = undefined;
    this.#flush();
    if (this.#fullMs === undefined && !this.#pumping) this.#pump();
  };

  #begun(end: AnswerEnd): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.(end);
  }

  #finish(how: StreamEnd, error: unknown): void {
    if (this.how) return;
    this.how = how;
    this.error = error;
    this.#limit?.end();
    this.#cancelled?.[Symbol.dispose]();
    this.#parts.streams.delete(this);
    if (how !== 'ended') {
      this.#owner.cancel(error);
      this.#release();
    }
    const sink = this.#sink;
    this.#begun(how === 'ended' ? undefined : { error });
    if (sink) this.#sendEnd(sink);
    this.#end.end(how === 'failed' ? { error } : undefined);
  }

  #sendEnd(sink: StreamSink): void {
    sink.drained = undefined;
    if (this.how === 'left') return;
    const text = this.#text + this.#last();
    this.#text = '';
    this.#countItems(text);
    sink.end(text);
  }

  /** The last record. */
  #last(): string {
    if (this.how === 'ended') return this.#writer.end;
    const { body } = this.#owner.answerOf(this.error);
    return typeof body === 'string' ? this.#writer.problem(body) : '';
  }

  /** @returns the bytes of the text */
  #countItems(text: string): number {
    const bytes = Buffer.byteLength(text);
    this.bytes += bytes;
    this.items += this.#count;
    if (this.#count > 0) this.#parts.items.add(this.#count);
    this.#count = 0;
    return bytes;
  }

  /** Lets the handler clean up. What it throws then has no caller. */
  #release(): void {
    this.#owner.run(() => {
      try {
        const left: unknown = this.#source.return?.();
        if (isThenable(left)) left.then(undefined, () => {});
      } catch {
        // Its answer has another end already.
      }
    });
  }
}
