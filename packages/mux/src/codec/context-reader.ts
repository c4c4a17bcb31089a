/**
 * Reads the contexts of a message one by one: keys and values that travel with a call. Nothing is copied or decoded before
 * somebody asks for it.
 */
import { ProtocolError } from '../protocol-error.js';
import { uint16 } from './numbers.js';

/** See the head of this file. One context is current; `next` makes the following one current. */
export class ContextReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #left: number;
  #at: number;
  #keyBegin = 0;
  #keyEnd = 0;

  /**
   * @param begin - where the number of contexts stands.
   * @param end - where the message ends.
   * @throws ProtocolError `FWK_MUX_PROTOCOL` for a message that ends before that number does
   */
  constructor(bytes: Buffer, begin: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    if (begin + 2 > end) throw cutOff();
    this.#left = uint16(bytes, begin);
    this.#at = begin + 2;
  }

  /** How many are left. */
  get left(): number {
    return this.#left;
  }

  /** Goes on to the next. @returns false when there is none @throws ProtocolError `FWK_MUX_PROTOCOL` */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.#keyBegin = this.#at + 2;
    this.#keyEnd = this.#skip(this.#at);
    this.#at = this.#skip(this.#keyEnd);
    return true;
  }

  /** Skips the contexts that are left. @returns where they end @throws ProtocolError `FWK_MUX_PROTOCOL` */
  skipAll(): number {
    while (this.next());
    return this.#at;
  }

  /** The key; bytes above 127 become the characters of Latin-1. */
  get key(): string {
    return this.#bytes.toString('latin1', this.#keyBegin, this.#keyEnd);
  }

  keyIs(key: Uint8Array): boolean {
    const begin = this.#keyBegin;
    const { length } = key;
    if (this.#keyEnd - begin !== length) return false;
    // Keys of one length mostly differ at their ends.
    for (let index = length - 1; index >= 0; index--) if (this.#bytes[begin + index] !== key[index]) return false;
    return true;
  }

  /** Where the value begins and ends. */
  get valueBegin(): number {
    return this.#keyEnd + 2;
  }

  get valueEnd(): number {
    return this.#at;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The value as text; bytes above 127 become the characters of Latin-1. */
  get text(): string {
    return this.#bytes.toString('latin1', this.valueBegin, this.#at);
  }

  /** The value as it stands in the message. */
  get value(): Buffer {
    return this.#bytes.subarray(this.valueBegin, this.#at);
  }

  /** Where a part ends that begins at `at` with its length in two bytes. */
  #skip(at: number): number {
    const begin = at + 2;
    if (begin > this.#end) throw cutOff();
    const end = begin + uint16(this.#bytes, at);
    if (end > this.#end) throw cutOff();
    return end;
  }
}

function cutOff(): ProtocolError {
  return new ProtocolError('a message ends amid its contexts');
}
