/**
 * Messages that arrive in fragments, until the last of each is here. Their number and their bytes are bounded: a peer may
 * begin many and end none.
 */
import { GrowingBytes } from '@fwk/kernel';
import { ProtocolError } from '../protocol-error.js';

/** Limits of {@link Fragments}. */
export interface FragmentLimits {
  /** Bytes of one message that arrives in fragments, 4096 to 1 GiB. @defaultValue 67108864 */
  readonly maxMessageBytes: number;
  /** Whether a larger message is cut off at that length, which its receiver must notice, instead of ending the session. @defaultValue false */
  readonly cutsLarge?: boolean;
  /** Bytes of all messages of the session together that have not arrived whole, 4096 to 1 GiB. @defaultValue 134217728 */
  readonly maxPartialBytes: number;
  /** Messages of the session that have not arrived whole, 1 to 1 000 000. @defaultValue 4096 */
  readonly maxPartial: number;
}

/** See the head of this file. */
export class Fragments {
  readonly #limits: FragmentLimits;
  readonly #partial = new Map<number, GrowingBytes>();
  #bytes = 0;

  constructor(limits: FragmentLimits) {
    this.#limits = limits;
  }

  /** Messages of which fragments are still to come. */
  get size(): number {
    return this.#partial.size;
  }

  /** Their bytes together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a fragment that is not the last. @param tag - without the mark @throws ProtocolError `FWK_MUX_PROTOCOL` */
  add(tag: number, source: Buffer, begin: number, end: number): void {
    let partial = this.#partial.get(tag);
    if (!partial) {
      if (this.size >= this.#limits.maxPartial) {
        throw new ProtocolError(`${this.size} messages have not arrived whole, and this end takes no further one`);
      }
      partial = new GrowingBytes(end - begin);
      this.#partial.set(tag, partial);
    }
    const keptEnd = this.#keptEnd(tag, partial.length, begin, end);
    this.#bytes += keptEnd - begin;
    const { maxPartialBytes } = this.#limits;
    if (this.#bytes > maxPartialBytes) {
      throw new ProtocolError(
        `messages that have not arrived whole have ${this.#bytes} bytes together; this end keeps ${maxPartialBytes}`,
      );
    }
    partial.add(source, begin, keptEnd);
  }

  /** Adds the last fragment. @returns the message; undefined for a tag that had no fragment before */
  complete(tag: number, source: Buffer, begin: number, end: number): Buffer | undefined {
    const partial = this.#partial.get(tag);
    if (!partial) return undefined;
    const keptEnd = this.#keptEnd(tag, partial.length, begin, end);
    this.drop(tag);
    partial.add(source, begin, keptEnd);
    return partial.bytes;
  }

  /** Forgets what has arrived of a message. @returns whether anything had */
  drop(tag: number): boolean {
    const partial = this.#partial.get(tag);
    if (!partial) return false;
    this.#bytes -= partial.length;
    return this.#partial.delete(tag);
  }

  /** Forgets all. */
  clear(): void {
    this.#partial.clear();
    this.#bytes = 0;
  }

  /** Where that part of a fragment ends which is kept. @param before - bytes of the message that are here */
  #keptEnd(tag: number, before: number, begin: number, end: number): number {
    const { maxMessageBytes, cutsLarge } = this.#limits;
    const bytes = before + end - begin;
    if (bytes <= maxMessageBytes) return end;
    if (cutsLarge) return begin + maxMessageBytes - before;
    throw new ProtocolError(
      `the message with tag ${tag} has ${bytes} bytes or more; this end takes ${maxMessageBytes}`,
    );
  }
}
