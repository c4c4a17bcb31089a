/**
 * What a session sends. All frames of one turn of the event loop go out in one write, or in two where there are many: the first
 * goes out as soon as 4 KiB wait, or one large message, so that both ends work at the same time. A message that is larger than the peer
 * wants in one frame is sent in fragments, a few with each write, so that small messages need not wait for all of it. While the
 * operating system takes them at once, several such writes follow each other. While it has not taken what was written,
 * nothing more is written: frames wait here, and `unsentBytes` is their size.
 */
import type { Duplex } from 'node:stream';
import { outside } from '@fwk/kernel';
import { FrameOutput, giveBack, type TakenFrames } from '../codec/frame-output.js';
import { countedHeadBytes, headBytes, tags } from '../codec/message-types.js';
import type { SessionSeries } from './session-series.js';

/** Most bytes of a message in one fragment, also where the peer takes more, and most bytes of all fragments of one write. */
const largestFragment = 128 * 1024;
/** Most writes that follow each other at once. */
const mostWrites = 8;
/** After a write with fewer bytes none follows at once: its fragments are tiny, and cost more than their bytes. */
const fewBytes = 64 * 1024;
/** As soon as so many bytes wait, they are written within the turn: the peer begins with them while this end goes on. */
const eagerBytes = 4096;
/** What each fragment counts for beside its bytes, so that a peer which wants tiny ones does not get very many in one write. */
const fragmentCost = 64;
/** Most large messages whose fragments take turns; further ones wait, since the peer has to keep what has arrived of each. */
const maxInTurn = 8;

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
  readonly #broke: (error: Error) => void;
  readonly #series: SessionSeries | undefined;
  /** Frames that had been sent by the last write. */
  #counted = 0;
  #fragmentsSent = 0;
  #fragmentBytes = Number.POSITIVE_INFINITY;
  /** Messages that go in fragments, the next one first. */
  readonly #large: LargeMessage[] = [];
  #largeBytes = 0;
  #scheduled = false;
  /** What was written, until the operating system has taken it. */
  #writing: readonly TakenFrames[] | undefined;
  #writingBytes = 0;
  /** Writes whose bytes are known to be taken, though the stream has not called back. */
  #toldEarly = 0;
  #ended = false;
  #afterAll: (() => void) | undefined;
  /** Called whenever the system has taken all that was written. */
  onTaken: (() => void) | undefined;
  /** Writes so far. */
  writes = 0;

  /** @param broke - called when writing to the connection failed. */
  constructor(socket: Duplex, broke: (error: Error) => void, series?: SessionSeries) {
    this.#socket = socket;
    this.#broke = broke;
    this.#series = series;
  }

  /** Most bytes of a message that the peer wants in one frame; `Infinity` where it takes messages of any size in one piece. */
  set peerFrameBytes(bytes: number) {
    this.#fragmentBytes = bytes === Number.POSITIVE_INFINITY ? bytes : Math.min(bytes, largestFragment);
  }

  /** Bytes that the system has not taken. */
  get unsentBytes(): number {
    return this.frames.bytes + this.#writingBytes + this.#largeBytes;
  }

  /** Whether the system has not taken what was written last. */
  get blocked(): boolean {
    return this.#writing !== undefined;
  }

  /** Ends the frame that is being written, and sends it at the end of this turn of the event loop. */
  endFrame(): void {
    this.frames.end();
    this.#send();
  }

  /** The same for a frame of a message that may go in fragments. */
  endMessage(type: number, tag: number): void {
    if (this.frames.bodyBytes <= this.#fragmentBytes) {
      this.endFrame();
      return;
    }
    const body = this.frames.takeBackBody();
    this.#large.push({ type, tag, body, sentBytes: 0 });
    this.#largeBytes += body.length;
    this.#send(true);
  }

  /**
   * Whether nothing of a message has been written to the connection.
   * @param writesBefore - number of writes when the message was made.
   */
  isUnsent(tag: number, writesBefore: number): boolean {
    if (this.writes === writesBefore) return true;
    return this.#large.some((message) => message.tag === tag && message.sentBytes === 0);
  }

  /** Sends no more of a message. @returns how much of it had been sent: nothing, some of it, or all */
  drop(tag: number): 'unsent' | 'partly' | 'sent' {
    const at = this.#large.findIndex((message) => message.tag === tag);
    const [message] = at === -1 ? [] : this.#large.splice(at, 1);
    if (!message) return 'sent';
    this.#largeBytes -= message.body.length - message.sentBytes;
    return message.sentBytes === 0 ? 'unsent' : 'partly';
  }

  /** Runs `listener` once all that is to be sent has been taken by the system. */
  afterAll(listener: () => void): void {
    if (this.#isEmpty) listener();
    else this.#afterAll = listener;
  }

  /** Drops everything that waits, and sends nothing more. */
  end(): void {
    this.#ended = true;
    this.#large.length = 0;
    this.#largeBytes = 0;
    for (const taken of this.frames.take()) giveBack(taken);
  }

  /** Writes what waits at the end of this turn of the event loop. */
  flushSoon(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    if (waiting.push(this) === 1) outside(schedule);
  }

  /** Writes what waits at once, unless an earlier write is still under way. @internal */
  flush(): void {
    this.#scheduled = false;
    let writes = 0;
    do {
      if (this.#writing || this.#ended) return;
      const taken = this.#take();
      if (taken.length === 0) return;
      this.#writing = taken;
      this.writes++;
      this.#count();
      try {
        this.#write(taken);
      } catch (error) {
        // Sockets do not throw, but other streams may, and others go out in the same turn.
        this.#broke(error as Error);
        return;
      }
      writes++;
    } while (this.#large.length > 0 && writes < mostWrites && this.#writingBytes >= fewBytes && this.#isTaken());
  }

  /** Whether the system took at once what was written; its callback comes later. */
  #isTaken(): boolean {
    if (this.#socket.writableLength > 0 || !this.#writing) return false;
    this.#toldEarly++;
    this.#giveBack();
    return true;
  }

  /** @param large - whether what was added is much by itself */
  #send(large = false): void {
    if ((large || this.frames.bytes >= eagerBytes) && !this.#writing && !this.#ended) outside(this.#flush);
    else this.flushSoon();
  }

  readonly #flush = (): void => this.flush();

  #write(taken: readonly TakenFrames[]): void {
    let bytes = 0;
    for (const each of taken) bytes += each.bytes.length;
    this.#writingBytes = bytes;
    const last = taken.length - 1;
    if (last > 0) this.#socket.cork();
    for (let index = 0; index <= last; index++) {
      this.#socket.write((taken[index] as TakenFrames).bytes, index === last ? this.#written : undefined);
    }
    if (last > 0) this.#socket.uncork();
  }

  get #isEmpty(): boolean {
    return this.#writing === undefined && this.frames.bytes === 0 && this.#large.length === 0;
  }

  /** The frames that wait, then fragments of large messages in turn. */
  #take(): readonly TakenFrames[] {
    const small = this.frames.take();
    if (this.#large.length === 0) return small;
    const all = [...small];
    for (let room = largestFragment; room > 0; ) {
      const message = this.#large.shift();
      if (!message) break;
      const { type, tag, body, sentBytes } = message;
      const end = Math.min(body.length, sentBytes + this.#fragmentBytes);
      const last = end === body.length;
      const head = headOf(type, last ? tag : tag | tags.fragment, end - sentBytes);
      all.push({ bytes: head, chunk: head }, { bytes: body.subarray(sentBytes, end), chunk: head });
      message.sentBytes = end;
      this.#fragmentsSent++;
      this.#largeBytes -= end - sentBytes;
      room -= end - sentBytes + fragmentCost;
      if (!last) this.#large.splice(maxInTurn - 1, 0, message);
    }
    return all;
  }

  #count(): void {
    const sent = this.frames.count + this.#fragmentsSent;
    this.#series?.sent(sent - this.#counted);
    this.#counted = sent;
  }

  readonly #written = (error?: Error | null): void => {
    if (this.#toldEarly > 0) {
      this.#toldEarly--;
      if (!error) return;
    }
    this.#giveBack();
    if (this.#ended) return;
    if (error) {
      this.#broke(error);
      return;
    }
    if (!this.#isEmpty) this.flushSoon();
    else if (this.#afterAll) this.#afterAll();
    this.onTaken?.();
  };

  #giveBack(): void {
    const taken = this.#writing;
    this.#writing = undefined;
    this.#writingBytes = 0;
    if (taken) for (const each of taken) giveBack(each);
  }
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

/** Runs outside any call's async context, since one turn sends frames of many calls. */
function schedule(): void {
  setImmediate(flushAll);
}

function flushAll(): void {
  for (const each of waiting.splice(0)) each.flush();
}
