/** Writes the contexts of a message. Keys are encoded once, not for each call. */
import { NotWrittenError } from '../not-written-error.js';
import type { FrameOutput } from './frame-output.js';

/** Most bytes of a key, a value or a destination, and most contexts of a message: Finagle reads these counts as signed numbers. */
export const longestPart = 32_767;

/** A key, preceded by its length, as it stands in messages. */
export type EncodedKey = Uint8Array;

/**
 * Encodes a key, or a destination.
 * @param key - up to 32 767 characters up to U+00FF.
 * @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` for a longer one
 */
export function encodeKey(key: string): EncodedKey {
  checkLength(key.length);
  const bytes = Buffer.allocUnsafe(2 + key.length);
  bytes.writeUInt16BE(key.length);
  bytes.write(key, 2, 'latin1');
  return bytes;
}

/** Contexts that are the same for many calls, encoded once. */
export interface EncodedContexts {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * Encodes contexts.
 * @param contexts - keys and values in turn, each of up to 32 767 characters up to U+00FF.
 * @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` for a longer one
 */
export function encodeContexts(contexts: readonly string[]): EncodedContexts {
  return { count: contexts.length / 2, bytes: Buffer.concat(contexts.map((text) => encodeKey(text))) };
}

/** See the head of this file. */
export class ContextWriter {
  readonly #output: FrameOutput;
  #position = 0;
  #count = 0;

  constructor(output: FrameOutput) {
    this.#output = output;
  }

  /** Begins the list. */
  begin(): void {
    this.#position = this.#output.position;
    this.#count = 0;
    this.#output.uint16(0);
  }

  /** Ends it. @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` for more than 32 767 contexts */
  end(): void {
    if (this.#count > longestPart)
      throw new NotWrittenError(`it has ${this.#count} contexts; at most ${longestPart} are allowed`);
    if (this.#count > 0) this.#output.patch16(this.#position, this.#count);
  }

  /** @param value - up to 32 767 characters up to U+00FF. @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` for a longer one */
  text(key: EncodedKey, value: string): void {
    this.#begin(key, value.length);
    this.#output.latin1(value);
  }

  /** @param value - up to 32 767 bytes. @throws NotWrittenError `FWK_MUX_NOT_WRITTEN` for more */
  bytes(key: EncodedKey, value: Uint8Array): void {
    this.#begin(key, value.length);
    this.#output.raw(value);
  }

  /** Writes contexts that were encoded before. */
  all({ count, bytes }: EncodedContexts): void {
    this.#count += count;
    this.#output.raw(bytes);
  }

  /** Begins a context whose value has that many bytes. @returns the output to which the caller writes the value */
  open(key: EncodedKey, bytes: number): FrameOutput {
    this.#begin(key, bytes);
    return this.#output;
  }

  #begin(key: EncodedKey, bytes: number): void {
    checkLength(bytes);
    this.#count++;
    this.#output.raw(key);
    this.#output.uint16(bytes);
  }
}

function checkLength(bytes: number): void {
  if (bytes > longestPart) {
    throw new NotWrittenError(`a context or a destination has ${bytes} bytes; at most ${longestPart} are allowed`);
  }
}
