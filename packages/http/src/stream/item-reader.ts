/**
 * The reading end of a stream: bytes come in as the wire brings them, validated items go out as they are asked for. In between
 * only so much waits as keeps the reader busy; then the wire is told to wait. Items that came before a failure are given out
 * before it.
 *
 * Limits of time count only while the reader waits: one that is slow itself does not end its stream.
 */
import { type AnswerEnd, jsonFault, type Limited, parseJson, type TimeLimit, type TimeLimits } from '@fwk/kernel';
import { type ItemFormat, itemId, type StreamPlan, silenceMs } from '../contract/item-stream.js';
import type { WireIssue } from '../wire/problem.js';
import { type Validated, validatePart } from '../wire/validate.js';
import { ItemFault } from './line-splitter.js';
import { type RecordReader, type RecordTaker, recordReader } from './record-reader.js';
import { StreamLimitError } from './stream-errors.js';

/** Characters of items that may wait; above it the wire waits, until a quarter is left. */
const MOST_WAITING = 65_536;
const FEW_WAITING = MOST_WAITING / 4;
/** Places of items that were read, after which they are given back. */
const MOST_READ = 1024;

/** What the reader needs of the wire, and of the end of it that it stands at. */
export interface ReaderParts {
  readonly operation: string;
  readonly plan: StreamPlan;
  readonly format: ItemFormat;
  /** Whether the writer marks how the stream ends. */
  readonly marks: boolean;
  /** Which part of its operation the items are. */
  readonly part: WireIssue['in'];
  readonly limits: TimeLimits;
  /** Added to the limits of time, so that the word of a writer that has the same limits comes first. */
  readonly graceMs: number;
  pause(): void;
  resume(): void;
  /** The reader wants no more; called unless the wire has ended before. */
  stop(): void;
  /** The stream is over, as far as the wire goes. Called once. */
  over(end: AnswerEnd): void;
  /** The error for an item that is wrong. @param what - in words that follow the item */
  wrong(index: number, what: string, issues: readonly WireIssue[], cause?: unknown): unknown;
  /** The error that the writer tells of, by its problem document; perhaps later. Must not reject. */
  problem(document: string): unknown;
  /** The error for a stream without its mark. */
  cutOff(): unknown;
}

/** An item, or the end. */
export type ItemResult = IteratorResult<unknown, undefined>;

/** See the head of this file. For one reader at a time. */
export class ItemReader implements RecordTaker, Limited {
  /** Id of the last item that was given out. */
  lastId: string | undefined;
  /** Items that were given out. */
  count = 0;
  readonly #parts: ReaderParts;
  readonly #records: RecordReader;
  readonly #startedMs: number;
  #texts: string[] = [];
  #ids: (string | undefined)[] = [];
  #at = 0;
  #waitingLength = 0;
  #paused = false;
  #marked = false;
  /** The writer has told of a failure, which is not known yet. */
  #told = false;
  /** Nothing more comes over the wire. */
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #waitingMs = 0;
  #heardMs: number;
  #limit: TimeLimit | undefined;
  /** The first item, where it was looked at before it was asked for. */
  #peeked: ItemResult | Promise<ItemResult> | undefined;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    const { format, marks, plan, limits } = parts;
    this.#records = recordReader(format, marks, plan.maxItemBytes, this);
    this.#startedMs = limits.clock.now();
    this.#heardMs = this.#startedMs;
    if (plan.totalMs !== Number.POSITIVE_INFINITY) this.#arm(this.#startedMs);
  }

  /** Whether an item, an end or a failure is here. */
  get ready(): boolean {
    return this.#peeked !== undefined || this.#at < this.#texts.length || this.#closed;
  }

  /** What the stream failed with before its first item; undefined where there is an item, or it ended well. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#at < this.#texts.length ? undefined : this.#failure;
  }

  /** Whether somebody waits for an item. */
  get waits(): boolean {
    return this.#wake !== undefined;
  }

  /** Takes what the wire brings. */
  bytes(chunk: Buffer): void {
    if (this.#closed) return;
    this.#heardMs = this.#parts.limits.clock.now();
    try {
      this.#records.read(chunk);
    } catch (error) {
      this.#wrong(error);
    }
    if (!this.#closed && !this.#paused && this.#waitingLength > MOST_WAITING) {
      this.#paused = true;
      this.#parts.pause();
    }
    if (this.ready) this.#tell();
  }

  /** The wire has ended, and not broken. */
  finished(): void {
    if (this.#closed || this.#told) return;
    try {
      this.#records.end();
    } catch (error) {
      this.#wrong(error);
      return;
    }
    if (this.#parts.marks && !this.#marked) this.fail(this.#parts.cutOff());
    else this.#close(undefined);
  }

  /** The stream has failed, behind the items that are here. */
  fail(error: unknown): void {
    this.#close({ error });
  }

  /** The stream has failed, and nobody wants the items that are here. */
  abort(error: unknown): void {
    this.#drop();
    if (this.#closed) this.#failure = { error };
    else {
      // First, so that what the wire tells of its own end comes too late.
      this.#close({ error });
      this.#parts.stop();
    }
  }

  item(json: string, id: string | undefined): void {
    if (this.#closed) return;
    this.#texts.push(json);
    if (id !== undefined) this.#ids[this.#texts.length - 1] = id;
    this.#waitingLength += json.length;
  }

  problem(document: string): void {
    if (this.#closed) return;
    this.#marked = true;
    const error = this.#parts.problem(document);
    if (!(error instanceof Promise)) {
      this.fail(error);
      return;
    }
    this.#told = true;
    error.then((later) => this.fail(later));
  }

  ended(): void {
    this.#marked = true;
  }

  /** Calls `told` when an item, an end or a failure is here. */
  whenReady(told: () => void): void {
    if (this.ready) {
      told();
      return;
    }
    this.#waitingMs = this.#parts.limits.clock.now();
    this.#wake = told;
    this.#arm(this.#waitingMs);
  }

  /** The next item: at once where it is here, and its schema answers at once. For one call at a time. */
  next(): ItemResult | Promise<ItemResult> {
    const text = this.#texts[this.#at];
    if (text !== undefined && this.#peeked === undefined) return this.#read(text);
    if (this.ready) return this.#take();
    return new Promise<void>((resolve) => this.whenReady(resolve)).then(() => this.#take());
  }

  /** The reader wants no more. */
  stop(): void {
    this.#drop();
    this.#failure = undefined;
    if (this.#closed) return;
    this.#close(undefined);
    this.#parts.stop();
  }

  /** Parses and validates the first item that waits, so that a wrong one is known before it is asked for. */
  peek(): Promise<void> | undefined {
    if (this.#at >= this.#texts.length) return undefined;
    const first = this.#take();
    this.#peeked = first;
    if (!(first instanceof Promise)) return undefined;
    // Nobody may ask for it any more.
    first.catch(() => {});
    return first.then(() => {});
  }

  expired(): void {
    const { operation, plan, limits, graceMs } = this.#parts;
    const nowMs = limits.clock.now();
    this.#limit = undefined;
    if (nowMs >= this.#startedMs + plan.totalMs + graceMs) {
      this.abort(new StreamLimitError('FWK_HTTP_STREAM_TOTAL', operation, 'the stream has not ended', plan.totalMs));
    } else if (this.#wake && nowMs >= this.#waitingMs + plan.idleMs + graceMs) {
      this.abort(new StreamLimitError('FWK_HTTP_STREAM_IDLE', operation, 'no item came', plan.idleMs));
    } else if (this.#wake && nowMs >= this.#silentAtMs()) {
      this.abort(
        new StreamLimitError('FWK_HTTP_STREAM_IDLE', operation, 'nothing was heard of the peer', silenceMs(plan)),
      );
    } else this.#arm(nowMs);
  }

  #silentAtMs(): number {
    return Math.max(this.#heardMs, this.#waitingMs) + silenceMs(this.#parts.plan);
  }

  /** Sets the nearest limit, unless a nearer one is set. */
  #arm(nowMs: number): void {
    const { plan, limits, graceMs } = this.#parts;
    const idleMs = this.#wake
      ? Math.min(this.#waitingMs + plan.idleMs + graceMs, this.#silentAtMs())
      : Number.POSITIVE_INFINITY;
    const endMs = Math.min(this.#startedMs + plan.totalMs + graceMs, idleMs);
    if (endMs === Number.POSITIVE_INFINITY || (this.#limit && this.#limit.endMs <= endMs)) return;
    this.#limit?.end();
    this.#limit = limits.begin(this, nowMs, Math.max(0, endMs - nowMs));
  }

  #take(): ItemResult | Promise<ItemResult> {
    const peeked = this.#peeked;
    if (peeked) {
      this.#peeked = undefined;
      return peeked;
    }
    const text = this.#texts[this.#at];
    return text === undefined ? this.#end() : this.#read(text);
  }

  /** Parses and validates the first text that waits. */
  #read(text: string): ItemResult | Promise<ItemResult> {
    const id = this.#ids[this.#at];
    // A reader that is always a little behind never empties the list, and would keep all that it ever read.
    this.#texts[this.#at] = '';
    this.#at++;
    this.#waitingLength -= text.length;
    if (this.#at === this.#texts.length) this.#drop();
    else if (this.#at >= MOST_READ && this.#at * 2 >= this.#texts.length) this.#forgetRead();
    if (this.#paused && this.#waitingLength <= FEW_WAITING) {
      this.#paused = false;
      this.#parts.resume();
    }
    try {
      const checked = validatePart(this.#parts.plan.schema, this.#parts.part, this.#parsed(text));
      if (!(checked instanceof Promise)) return this.#give(checked, id);
      return checked
        .then((later) => this.#give(later, id))
        .catch((error) => {
          throw this.#broken(error);
        });
    } catch (error) {
      return Promise.reject(this.#broken(error));
    }
  }

  #parsed(text: string): unknown {
    try {
      return parseJson(text);
    } catch (error) {
      throw this.#parts.wrong(this.count, jsonFault(error), [], error);
    }
  }

  #give(checked: Validated, id: string | undefined): ItemResult {
    const { plan, wrong } = this.#parts;
    if (checked.issues) throw wrong(this.count, 'does not fit the contract', checked.issues);
    const { value } = checked;
    this.lastId = id ?? itemId(plan, value) ?? this.lastId;
    this.count++;
    return { value, done: false };
  }

  #end(): ItemResult | Promise<ItemResult> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure.error) : { value: undefined, done: true };
  }

  /** What follows is not read. @returns the error */
  #broken(error: unknown): unknown {
    this.abort(error);
    this.#failure = undefined;
    return error;
  }

  #wrong(fault: unknown): void {
    const index = this.count + this.#texts.length - this.#at;
    const error = fault instanceof ItemFault ? this.#parts.wrong(index, fault.message, []) : fault;
    if (this.#closed) return;
    this.fail(error);
    this.#parts.stop();
  }

  #close(end: AnswerEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = end;
    this.#limit?.end();
    this.#parts.over(end);
    this.#tell();
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #forgetRead(): void {
    this.#texts = this.#texts.slice(this.#at);
    this.#ids = this.#ids.slice(this.#at);
    this.#at = 0;
  }

  #drop(): void {
    this.#texts = [];
    this.#ids = [];
    this.#at = 0;
    this.#waitingLength = 0;
  }
}
