/**
 * What a session sends. All frames of one turn of the event loop go out in one write. A message that is larger than the peer
 * wants in one frame goes in fragments, one in each write, so that small messages pass it. While the system has not taken
 * what was written, nothing more is written: frames wait here, and their number is seen in `unsentBytes`.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import { FrameOutput, giveBack, type TakenFrames } from '../codec/frame-output.js';
import { countedHeadBytes, headBytes, tags } from '../codec/message-types.js';
import type { SessionSeries } from './session-series.js';

/** Bytes of a message that go in one fragment at most, also where the peer takes more. */
const largestFragment = 128 * 1024;

/** A message that goes in fragments. */
interface LargeMessage {
  readonly type: number;
  readonly tag: number;
  readonly body: Buffer;
  sentBytes: number;
}

/** See the head of this file. */
export class Outgoing {
  readonly frames = new FrameOutput();
  readonly #socket: Duplex;
  readonly #series: SessionSeries | undefined;
  /** Frames that had been sent by the last write. */
  #counted = 0;
  #fragmentsSent = 0;
  #fragmentBytes = Number.POSITIVE_INFINITY;
  readonly #large: LargeMessage[] = [];
  #scheduled = false;
  /** What the system has been given and not taken yet. */
  #writing: readonly TakenFrames[] | undefined;
  #writingBytes = 0;
  #ended = false;
  #afterAll: (() => void) | undefined;
  /** Told when the system has taken all that was written; for who waits until there is room. */
  onTaken: (() => void) | undefined;
  /** Writes so far. */
  writes = 0;

  constructor(socket: Duplex, series?: SessionSeries) {
    this.#socket = socket;
    this.#series = series;
  }

  /** Bytes of a message in one frame, as the peer wants it; `Infinity` for messages in one piece, whatever their size. */
  set peerFrameBytes(bytes: number) {
    this.#fragmentBytes = bytes === Number.POSITIVE_INFINITY ? bytes : Math.min(bytes, largestFragment);
  }

  /** Bytes that the system has not taken. */
  get unsentBytes(): number {
    let bytes = this.frames.bytes + this.#writingBytes;
    for (const { body, sentBytes } of this.#large) bytes += body.length - sentBytes;
    return bytes;
  }

  /** Whether the system has not taken what was written last. */
  get blocked(): boolean {
    return this.#writing !== undefined;
  }

  /** Ends the frame that is being written, and sends it at the end of this turn of the event loop. */
  endFrame(): void {
    this.frames.end();
    this.flushSoon();
  }

  /** The same for a frame of a message that may go in fragments. */
  endMessage(type: number, tag: number): void {
    if (this.frames.bodyBytes <= this.#fragmentBytes) this.frames.end();
    else this.#large.push({ type, tag, body: this.frames.takeBackBody(), sentBytes: 0 });
    this.flushSoon();
  }

  /** Sends no more of a message. @returns how much of it had been sent: nothing, some of it, or all */
  drop(tag: number): 'unsent' | 'partly' | 'sent' {
    const at = this.#large.findIndex((message) => message.tag === tag);
    if (at === -1) return 'sent';
    const [{ sentBytes } = { sentBytes: 0 }] = this.#large.splice(at, 1);
    return sentBytes === 0 ? 'unsent' : 'partly';
  }

  /** Runs `listener` once all that is to be sent has been taken by the system. */
  afterAll(listener: () => void): void {
    if (this.#isEmpty) listener();
    else this.#afterAll = listener;
  }

  /** Sends nothing any more. */
  end(): void {
    this.#ended = true;
    this.#large.length = 0;
    for (const taken of this.frames.take()) giveBack(taken);
  }

  flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (waiting.push(this) === 1) schedule();
  }

  /** @internal */
  flush(): void {
    this.#scheduled = false;
    if (this.#writing || this.#ended) return;
    const taken = this.#take();
    if (taken.length === 0) return;
    this.#writing = taken;
    this.writes++;
    this.#count();
    let bytes = 0;
    const [first] = taken;
    if (taken.length === 1 && first) {
      bytes = first.bytes.length;
      this.#writingBytes = bytes;
      this.#socket.write(first.bytes, this.#written);
      return;
    }
    this.#socket.cork();
    for (const each of taken) bytes += each.bytes.length;
    this.#writingBytes = bytes;
    for (const each of taken) this.#socket.write(each.bytes, each === taken.at(-1) ? this.#written : undefined);
    this.#socket.uncork();
  }

  get #isEmpty(): boolean {
    return this.#writing === undefined && this.frames.bytes === 0 && this.#large.length === 0;
  }

  /** The frames that wait, then a fragment of each large message. */
  #take(): readonly TakenFrames[] {
    const small = this.frames.take();
    if (this.#large.length === 0) return small;
    const all = [...small];
    for (const message of [...this.#large]) {
      const { type, tag, body, sentBytes } = message;
      const end = Math.min(body.length, sentBytes + this.#fragmentBytes);
      const last = end === body.length;
      this.#fragmentsSent++;
      message.sentBytes = end;
      if (last) this.#large.splice(this.#large.indexOf(message), 1);
      const head = headOf(type, last ? tag : tag | tags.fragment, end - sentBytes);
      all.push({ bytes: head, chunk: head }, { bytes: body.subarray(sentBytes, end), chunk: head });
    }
    return all;
  }

  #count(): void {
    const sent = this.frames.count + this.#fragmentsSent;
    this.#series?.sent(sent - this.#counted);
    this.#counted = sent;
  }

  readonly #written = (): void => {
    const taken = this.#writing;
    this.#writing = undefined;
    this.#writingBytes = 0;
    if (taken) for (const each of taken) giveBack(each);
    if (this.#ended) return;
    if (!this.#isEmpty) this.flushSoon();
    else if (this.#afterAll) this.#afterAll();
    this.onTaken?.();
  };
}

function headOf(type: number, tag: number, bodyBytes: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUInt32BE(bodyBytes + countedHeadBytes);
  head.writeInt8(type, 4);
  head.writeUIntBE(tag, 5, 3);
  return head;
}

/** Sessions with frames that go out at the end of this turn. */
const waiting: Outgoing[] = [];

/** In no call's async context: what one turn sends belongs to many. */
const schedule = AsyncResource.bind(() => void setImmediate(flushAll), 'FwkMuxFlush');

function flushAll(): void {
  for (const each of waiting.splice(0)) each.flush();
}
