/** Writes the contexts of a message. Keys are encoded once, not for each call. */
import type { FrameOutput } from './frame-output.js';

/** A key with its length before it, as it stands in messages. */
export type EncodedKey = Uint8Array;

/** Encodes a key: 1 to 65 535 characters up to U+00FF. */
export function encodeKey(key: string): EncodedKey {
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

/** Encodes contexts. @param contexts - keys and values in turn, characters up to U+00FF */
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

  /** Ends it. */
  end(): void {
    if (this.#count > 0) this.#output.patch16(this.#position, this.#count);
  }

  /** @param value - characters up to U+00FF, at most 65 535 */
  text(key: EncodedKey, value: string): void {
    this.#begin(key, value.length);
    this.#output.latin1(value);
  }

  /** @param value - at most 65 535 bytes */
  bytes(key: EncodedKey, value: Uint8Array): void {
    this.#begin(key, value.length);
    this.#output.raw(value);
  }

  all({ count, bytes }: EncodedContexts): void {
    this.#count += count;
    this.#output.raw(bytes);
  }

  /** A value of that many bytes, which the caller writes to the output that this answers. */
  open(key: EncodedKey, bytes: number): FrameOutput {
    this.#begin(key, bytes);
    return this.#output;
  }

  #begin(key: EncodedKey, bytes: number): void {
    this.#count++;
    this.#output.raw(key);
    this.#output.uint16(bytes);
  }
}
