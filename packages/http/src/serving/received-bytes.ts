/**
 * The bytes of an upload, for a handler that reads them piece by piece. What it does not read yet waits at the caller: here are never
 * more than the pieces that were under way when it was told to wait.
 */
import { CancelledError, type Counter, type Limited, type TimeLimit, type TimeLimits } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { StreamDrainingError, StreamLimitError } from '../stream/stream-errors.js';
import { uploadTooLarge } from './body-faults.js';
import type { IncomingRequest } from './incoming-request.js';
import type { OpenStream } from './open-streams.js';
import type { BodyPieces, PieceTaker } from './stream-sink.js';
import { type BodyParts, carriesNoStreams } from './streamed-body.js';

type Step = IteratorResult<Uint8Array, undefined>;

/** See the head of this file. They can be read once. */
export class ReceivedBytes implements AsyncIterableIterator<Uint8Array>, OpenStream, PieceTaker, Limited {
  readonly resumable = false;
  /** Pieces that the handler has got. */
  count = 0;
  readonly #operation: string;
  readonly #plan: StreamPlan;
  readonly #pieces: BodyPieces;
  readonly #limits: TimeLimits;
  readonly #received: Counter;
  readonly #over: () => void;
  readonly #startedMs: number;
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #begun = false;
  /** How it ended: by an error, or by itself. */
  #end: { readonly error?: unknown } | undefined;
  /** The handler waits since then. */
  #asked:
    | { readonly sinceMs: number; readonly step: (step: Step) => void; readonly fail: (error: unknown) => void }
    | undefined;
  #limit: TimeLimit | undefined;
  /** The call of `next` before, which the next one waits for. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws RequestError where the request has no such body, or announces one that is too large */
  constructor(
    { id }: OperationPlan,
    plan: StreamPlan,
    request: IncomingRequest,
    { limits, streams, items }: BodyParts,
  ) {
    if (!request.readPieces) throw carriesNoStreams(id);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > plan.maxItemBytes) throw uploadTooLarge(plan.maxItemBytes, announced);
    this.#operation = id;
    this.#plan = plan;
    this.#limits = limits;
    this.#received = items;
    this.#startedMs = limits.clock.now();
    this.#over = () => streams.delete(this);
    this.#pieces = request.readPieces(this, plan.content);
    streams.add(this);
    this.#arm();
  }

  /** Whether the handler waits for a piece. */
  get waits(): boolean {
    return this.#asked !== undefined;
  }

  next(): Promise<Step> {
    const step = this.#last.then(() => this.#next());
    this.#last = step.catch(() => {});
    return step;
  }

  /** The handler wants no more. */
  async return(): Promise<Step> {
    this.#finish({});
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  bytes(chunk: Buffer): void {
    if (this.#end) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#plan.maxItemBytes) {
      this.#finish({ error: uploadTooLarge(this.#plan.maxItemBytes, this.#bytes) });
      return;
    }
    const asked = this.#asked;
    if (!asked) {
      this.#waiting.push(chunk);
      this.#pieces.pause();
      return;
    }
    this.#asked = undefined;
    this.#got();
    asked.step({ value: chunk, done: false });
  }

  finished(): void {
    this.#finish({});
  }

  fail(error: unknown): void {
    this.#finish({ error });
  }

  /** The caller has gone. */
  leave(): void {
    this.fail(new CancelledError(`${this.#operation}: the caller left amid its body`));
  }

  drain(): void {
    this.fail(new StreamDrainingError(this.#operation));
  }

  expired(): void {
    const nowMs = this.#limits.clock.now();
    const { idleMs, totalMs } = this.#plan;
    if (nowMs >= this.#startedMs + totalMs) this.#late('FWK_HTTP_STREAM_TOTAL', 'the body has not been read', totalMs);
    else if (this.#asked && nowMs >= this.#asked.sinceMs + idleMs)
      this.#late('FWK_HTTP_STREAM_IDLE', 'nothing more of the body came', idleMs);
    else this.#arm();
  }

  #late(code: ConstructorParameters<typeof StreamLimitError>[0], what: string, limitMs: number): void {
    this.fail(new StreamLimitError(code, this.#operation, what, limitMs));
  }

  #next(): Promise<Step> {
    const chunk = this.#waiting.shift();
    if (chunk) {
      this.#got();
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#end) {
      const { error } = this.#end;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((step, fail) => {
      this.#asked = { sinceMs: this.#limits.clock.now(), step, fail };
      this.#begun = true;
      this.#pieces.resume();
    });
  }

  #got(): void {
    this.count++;
    this.#received.add();
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    this.#limit?.end();
    this.#over();
    if (end.error !== undefined) this.#waiting.length = 0;
    if (this.#begun) this.#pieces.pause();
    const asked = this.#asked;
    this.#asked = undefined;
    if (end.error !== undefined) asked?.fail(end.error);
    else asked?.step({ value: undefined, done: true });
  }

  /** Looks again when the nearest limit may be over. A handler may ask at any time, so that is looked at as often. */
  #arm(): void {
    const nowMs = this.#limits.clock.now();
    const { idleMs, totalMs } = this.#plan;
    const nextMs = Math.min(this.#startedMs + totalMs, (this.#asked?.sinceMs ?? nowMs) + idleMs);
    if (nextMs !== Number.POSITIVE_INFINITY) this.#limit = this.#limits.begin(this, nowMs, Math.max(1, nextMs - nowMs));
  }
}
