/**
 * Cuts what arrives on a connection into frames. It keeps bytes only of a frame that has not arrived whole, and refuses a frame that
 * is too large before it keeps any of it.
 */

import { GrowingBytes } from '@fwk/kernel';
import { ProtocolError } from '../protocol-error.js';
import { countedHeadBytes, headBytes } from './message-types.js';
import { uint32 } from './numbers.js';

/** Gets each frame. The body is the part of `bytes` from `begin` to `end`; copy it to keep it. */
export interface FrameReceiver {
  /** @param type - signed. */
  frame(type: number, tag: number, bytes: Buffer, begin: number, end: number): void;
  /** False once it wants no more frames. */
  readonly receiving: boolean;
}

/** See the head of this file. */
export class FrameReader {
  /** Frames delivered so far. */
  frames = 0;
  readonly #receiver: FrameReceiver;
  readonly #maxBytes: number;
  /** A frame of which a part is still on its way. */
  #partial: GrowingBytes | undefined;
  /** How many bytes are needed of it: those of its head until that has arrived, then all. */
  #wanted = 0;

  /** @param maxBytes - of one frame, without the four of its size. */
  constructor(receiver: FrameReceiver, maxBytes: number) {
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a frame that has not arrived whole. */
  get keptBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /** Forgets the frame that has not arrived whole. */
  clear(): void {
    this.#partial = undefined;
  }

  /** Reads what has arrived. @throws ProtocolError `FWK_MUX_PROTOCOL` for a size that no frame may have */
  read(chunk: Buffer): void {
    const begin = this.#partial ? this.#complete(this.#partial, chunk) : 0;
    if (begin < 0 || !this.#receiver.receiving) return;
    const end = this.#readAll(chunk, begin);
    if (end < chunk.length && this.#receiver.receiving) this.#keep(chunk, end);
  }

  /** Delivers all frames that are whole. @returns where the first one begins that is not */
  #readAll(bytes: Buffer, begin: number): number {
    let at = begin;
    while (bytes.length - at >= headBytes && this.#receiver.receiving) {
      const end = at + headBytes - countedHeadBytes + this.#sizeAt(bytes, at);
      if (end > bytes.length) return at;
      this.#tell(bytes, at, end);
      at = end;
    }
    return at;
  }

  #tell(bytes: Buffer, at: number, end: number): void {
    this.frames++;
    const type = ((bytes[at + 4] as number) << 24) >> 24;
    const tag = ((bytes[at + 5] as number) << 16) | ((bytes[at + 6] as number) << 8) | (bytes[at + 7] as number);
    this.#receiver.frame(type, tag, bytes, at + headBytes, end);
  }

  #keep(chunk: Buffer, begin: number): void {
    const there = chunk.length - begin;
    this.#wanted = there < headBytes ? headBytes : headBytes - countedHeadBytes + this.#sizeAt(chunk, begin);
    this.#partial = new GrowingBytes(this.#wanted);
    this.#partial.add(chunk, begin, chunk.length);
  }

  /** Adds to the partial frame what it still needs. @returns where the rest of the chunk begins; -1 when the frame needs more */
  #complete(partial: GrowingBytes, chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      const end = Math.min(chunk.length, at + this.#wanted - partial.length);
      partial.add(chunk, at, end);
      at = end;
      if (partial.length < this.#wanted) return -1;
      const { bytes } = partial;
      this.#wanted = headBytes - countedHeadBytes + this.#sizeAt(bytes, 0);
      if (partial.length < this.#wanted) continue;
      this.#partial = undefined;
      this.#tell(bytes, 0, bytes.length);
      return at;
    }
    return -1;
  }

  #sizeAt(bytes: Buffer, at: number): number {
    const size = uint32(bytes, at);
    if (size >= countedHeadBytes && size <= this.#maxBytes) return size;
    throw new ProtocolError(
      `a frame has a size of ${size} bytes; this end takes ${countedHeadBytes} to ${this.#maxBytes}`,
    );
  }
}
