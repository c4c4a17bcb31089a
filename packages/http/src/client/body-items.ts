/**
 * A body whose items are sent as its caller gives them and the server reads them. Each is validated before it is sent. It can be
 * sent once: an attempt that took some of it is not made again.
 */
import { CancelledError, type Counter, type Limited, type TimeLimit, type TimeLimits } from '@fwk/kernel';
import { CallInvalidError } from '../calling/client-errors.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { itemWriter } from '../stream/item-writer.js';
import { type StreamLimitCode, StreamLimitError } from '../stream/stream-errors.js';
import { jsonText } from '../wire/json-text.js';
import { sentOf, validateSent } from '../wire/validate-sent.js';

/** Characters that are handed to the connection at once. */
const PIECE_LENGTH = 32_768;

const writer = itemWriter('ndjson', false);

/** What is handed to the connection at once. */
interface Piece {
  readonly piece: Buffer;
  readonly done: boolean;
}

type Source = AsyncIterator<unknown> | Iterator<unknown>;

/** See the head of this file. */
export class BodyItems implements Limited {
  readonly #operation: string;
  readonly #plan: StreamPlan;
  readonly #items: AsyncIterable<unknown> | Iterable<unknown>;
  /** Whether some of it may have been sent. */
  taken = false;
  #limit: TimeLimit | undefined;
  #movedMs = 0;
  #startedMs = 0;
  #fail: ((error: Error) => void) | undefined;
  #index = 0;
  #bytes = 0;
  #limits: TimeLimits | undefined;
  #sent: Counter | undefined;
  /** The item that the source was asked for. */
  #asked: Promise<IteratorResult<unknown>> | undefined;

  /** @throws CallInvalidError `FWK_HTTP_CALL_INVALID` where the caller gave no items */
  constructor(operation: string, plan: StreamPlan, given: unknown) {
    this.#operation = operation;
    this.#plan = plan;
    if (!isItems(given))
      throw this.#invalid('', 'must be items: an async iterable, such as an async generator, or a list');
    this.#items = given;
  }

  /**
   * The pieces to send. Nothing is asked of the caller before the first one is wanted.
   * @param fail - ends the attempt with an error of the body's own, or with a limit of time
   * @param sent - counts items
   */
  async *pieces(fail: (error: Error) => void, limits: TimeLimits, sent: Counter): AsyncGenerator<Buffer, void> {
    this.taken = true;
    this.#fail = fail;
    this.#sent = sent;
    this.#limits = limits;
    this.#startedMs = limits.clock.now();
    this.#movedMs = this.#startedMs;
    this.#arm(limits);
    const source: Source =
      Symbol.asyncIterator in this.#items ? this.#items[Symbol.asyncIterator]() : this.#items[Symbol.iterator]();
    let open = true;
    try {
      for (;;) {
        const { piece, done } = await (this.#plan.content.kind === 'bytes' ? this.#file(source) : this.#gather(source));
        open = !done;
        if (piece.length > 0) yield piece;
        this.#movedMs = limits.clock.now();
        if (done) return;
      }
    } catch (error) {
      fail(
        error instanceof Error ? error : new CancelledError(`${this.#operation}: the body failed: ${String(error)}`),
      );
      throw error;
    } finally {
      // Left before its end: the answer came first, or nobody waits for one.
      if (open) await source.return?.();
    }
  }

  /** The attempt is over. */
  end(): void {
    this.#fail = undefined;
    this.#limit?.end();
  }

  expired(): void {
    const limits = this.#limits;
    if (!limits) return;
    const nowMs = limits.clock.now();
    const { idleMs, totalMs } = this.#plan;
    if (nowMs >= this.#startedMs + totalMs) {
      this.#late('FWK_HTTP_STREAM_TOTAL', 'the body has not been sent and answered', totalMs);
    } else if (nowMs >= this.#movedMs + idleMs) {
      this.#late('FWK_HTTP_STREAM_IDLE', 'the body gave no item, the server read none, or has not answered', idleMs);
    } else this.#arm(limits);
  }

  /** What the source gives without waiting, up to a limit, is one piece. */
  async #gather(source: Source): Promise<Piece> {
    let text = '';
    let turn: Promise<undefined> | undefined;
    while (text.length < PIECE_LENGTH) {
      this.#asked ??= Promise.resolve(source.next());
      // The first item is waited for, however long that takes; what is here is not held back for another.
      turn ??= text === '' ? undefined : new Promise((resolve) => process.nextTick(resolve, undefined));
      const step = await (turn ? Promise.race([this.#asked, turn]) : this.#asked);
      if (!step) break;
      this.#asked = undefined;
      if (step.done) return { piece: Buffer.from(text), done: true };
      text += await this.#line(step.value);
      this.#sent?.add();
    }
    return { piece: Buffer.from(text), done: false };
  }

  /** The next piece of a file, as it is. */
  async #file(source: Source): Promise<Piece> {
    const { value, done } = await source.next();
    if (done) return { piece: Buffer.alloc(0), done: true };
    const index = String(this.#index++);
    if (!(value instanceof Uint8Array)) throw this.#invalid(index, 'must be a Uint8Array, as all pieces of a file');
    this.#bytes += value.length;
    const { maxItemBytes } = this.#plan;
    if (this.#bytes > maxItemBytes)
      throw this.#invalid(index, `makes the file ${this.#bytes} bytes long, more than maxBytes ${maxItemBytes}`);
    this.#sent?.add();
    return { piece: Buffer.from(value.buffer, value.byteOffset, value.byteLength), done: false };
  }

  async #line(item: unknown): Promise<string> {
    const index = this.#index++;
    const { schema, maxItemBytes } = this.#plan;
    const checked = await validateSent(schema, 'body', item);
    if (checked.issues) {
      throw new CallInvalidError(
        this.#operation,
        checked.issues.map((issue) => ({ ...issue, path: issue.path ? `${index}.${issue.path}` : String(index) })),
        undefined,
        'an item of its body does not fit its contract',
      );
    }
    const json: string | undefined = jsonOf(sentOf(schema, item, checked));
    if (json === undefined) throw this.#invalid(String(index), 'has no form in JSON');
    const bytes = Buffer.byteLength(json);
    if (bytes > maxItemBytes)
      throw this.#invalid(String(index), `has ${bytes} bytes, more than maxItemBytes ${maxItemBytes}`);
    const line = writer.item(json, undefined);
    if (line === undefined) throw this.#invalid(String(index), 'begins like the end of a stream');
    return line;
  }

  #invalid(path: string, message: string): CallInvalidError {
    return new CallInvalidError(this.#operation, [{ in: 'body', path, message }]);
  }

  #arm(limits: TimeLimits): void {
    const { idleMs, totalMs } = this.#plan;
    const endMs = Math.min(this.#movedMs + idleMs, this.#startedMs + totalMs);
    const nowMs = limits.clock.now();
    if (endMs !== Number.POSITIVE_INFINITY) this.#limit = limits.begin(this, nowMs, Math.max(0, endMs - nowMs));
  }

  #late(code: StreamLimitCode, what: string, limitMs: number): void {
    this.#fail?.(new StreamLimitError(code, this.#operation, what, limitMs));
  }
}

function isItems(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

function jsonOf(item: unknown): string | undefined {
  try {
    return jsonText(item);
  } catch {
    return undefined;
  }
}
