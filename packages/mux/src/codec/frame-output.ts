/**
 * Outgoing frames, written one after the other into chunks of memory from a pool that all sessions of the process share. A frame is
 * written once and in place: its size is filled in when it ends. Whoever takes the frames gives the chunks back once they are sent.
 */
import { NotWrittenError } from '../not-written-error.js';
import { countedHeadBytes, headBytes } from './message-types.js';

/** Bytes of a chunk: the frames of one turn of the event loop mostly fit into one. */
const chunkBytes = 16 * 1024;
/** Most bytes that a chunk for a large frame has beyond what the frame needs so far. */
const largestSurplus = 256 * 1024;
/** Most chunks in the pool; further ones are left to the garbage collector. */
const maxSpare = 32;
/** Texts up to this many characters are copied faster here than by Node. */
const shortText = 24;

const spare: Buffer[] = [];
const nothing = Buffer.alloc(0);

/** A chunk that was taken, with the bytes in it that are to be sent. */
export interface TakenFrames {
  readonly bytes: Buffer;
  /** The whole chunk, for {@link giveBack}. */
  readonly chunk: Buffer;
}

/** Gives back a chunk whose frames have been sent. */
export function giveBack({ chunk }: TakenFrames): void {
  if (chunk.length === chunkBytes && spare.length < maxSpare) spare.push(chunk);
}

/** See the head of this file. */
export class FrameOutput {
  #chunk: Buffer = nothing;
  /** Where the next byte goes. */
  #at = 0;
  /** Where the frame begins that is being written. */
  #begun = 0;
  #full: TakenFrames[] = [];
  #fullBytes = 0;
  /** Frames that have ended so far. */
  count = 0;
  /** Whether a frame is being written. */
  #writing = false;

  /** Bytes of the frames that have not been taken. */
  get bytes(): number {
    return this.#fullBytes + this.#at;
  }

  /**
   * Begins a frame.
   * @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` while another frame is being written, as when a call makes another while it
   *   writes itself
   */
  begin(type: number, tag: number): void {
    if (this.#writing) throw new NotWrittenError('another message is being written on this session');
    this.#writing = true;
    this.#begun = this.#at;
    this.ensure(headBytes);
    const chunk = this.#chunk;
    let at = this.#at + 4;
    chunk[at++] = type;
    chunk[at++] = tag >>> 16;
    chunk[at++] = tag >>> 8;
    chunk[at++] = tag;
    this.#at = at;
  }

  /** Bytes of the body that has been written since the frame was begun. */
  get bodyBytes(): number {
    return this.#at - this.#begun - headBytes;
  }

  /** Ends the frame. */
  end(): void {
    this.count++;
    this.#writing = false;
    this.#put32(this.#begun, this.#at - this.#begun - headBytes + countedHeadBytes);
  }

  /** Removes the frame that is being written. @returns its body, which belongs to the caller */
  takeBackBody(): Buffer {
    const body = this.#chunk.subarray(this.#begun + headBytes, this.#at);
    this.takeBack();
    if (this.#chunk.length === chunkBytes) return Buffer.from(body);
    // The chunk was made for this body.
    this.#closeChunk(this.#begun);
    this.#chunk = nothing;
    this.#at = 0;
    this.#begun = 0;
    return body;
  }

  /** Removes the frame that is being written. */
  takeBack(): void {
    this.#writing = false;
    this.#at = this.#begun;
  }

  /** Where the next byte goes, within the frame; for {@link patch16}. */
  get position(): number {
    return this.#at - this.#begun;
  }

  byte(value: number): void {
    this.ensure(1);
    this.#chunk[this.#at++] = value;
  }

  uint16(value: number): void {
    this.ensure(2);
    this.#chunk[this.#at++] = value >>> 8;
    this.#chunk[this.#at++] = value;
  }

  uint32(value: number): void {
    this.ensure(4);
    this.#put32(this.#at, value);
    this.#at += 4;
  }

  /** Overwrites two bytes with a number. @param position - where, within the frame */
  patch16(position: number, value: number): void {
    const at = this.#begun + position;
    this.#chunk[at] = value >>> 8;
    this.#chunk[at + 1] = value;
  }

  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    this.#chunk.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Characters up to U+00FF, one byte each. */
  latin1(text: string): void {
    const { length } = text;
    this.ensure(length);
    const chunk = this.#chunk;
    let at = this.#at;
    if (length > shortText) at += chunk.write(text, at, 'latin1');
    else for (let index = 0; index < length; index++) chunk[at++] = text.charCodeAt(index);
    this.#at = at;
  }

  utf8(text: string): void {
    // A short text gets the room that it can need at most; the bytes of a longer one are counted first.
    this.ensure(text.length < 1024 ? text.length * 3 : Buffer.byteLength(text));
    this.#at += this.#chunk.write(text, this.#at, 'utf8');
  }

  /** Hexadecimal digits in pairs. @param begin - the first of them @param end - after the last */
  hex(text: string, begin = 0, end = text.length): void {
    this.ensure((end - begin) >>> 1);
    const chunk = this.#chunk;
    let at = this.#at;
    // Node takes five times as long for a few digits.
    for (let index = begin; index + 1 < end; index += 2) {
      const high = digits[text.charCodeAt(index) & 127] as number;
      chunk[at++] = (high << 4) | (digits[text.charCodeAt(index + 1) & 127] as number);
    }
    this.#at = at;
  }

  /** Takes all frames that have ended. */
  take(): readonly TakenFrames[] {
    this.#closeChunk(this.#at);
    this.#chunk = nothing;
    this.#at = 0;
    this.#begun = 0;
    const taken = this.#full;
    this.#full = [];
    this.#fullBytes = 0;
    return taken;
  }

  /** Makes room for that many bytes more; the frame that is being written stays in one piece. */
  ensure(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const old = this.#chunk;
    const written = this.#at - this.#begun;
    const needed = written + bytes;
    const made =
      needed <= chunkBytes
        ? (spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes))
        : Buffer.allocUnsafeSlow(needed + Math.min(needed, largestSurplus));
    made.set(old.subarray(this.#begun, this.#at));
    this.#closeChunk(this.#begun);
    this.#chunk = made;
    this.#begun = 0;
    this.#at = written;
  }

  /** Keeps the first bytes of the chunk, which are frames that have ended, for {@link take}. */
  #closeChunk(bytes: number): void {
    const chunk = this.#chunk;
    if (bytes === 0) {
      giveBack({ bytes: nothing, chunk });
      return;
    }
    this.#full.push({ bytes: chunk.subarray(0, bytes), chunk });
    this.#fullBytes += bytes;
  }

  #put32(at: number, value: number): void {
    const chunk = this.#chunk;
    chunk[at] = value >>> 24;
    chunk[at + 1] = value >>> 16;
    chunk[at + 2] = value >>> 8;
    chunk[at + 3] = value;
  }
}

/** Values of hexadecimal digits, in lower or upper case, by their character codes. */
const digits = new Uint8Array(128);
for (let value = 0; value < 16; value++) {
  const text = value.toString(16);
  digits[text.charCodeAt(0)] = value;
  digits[text.toUpperCase().charCodeAt(0)] = value;
}
