/**
 * Bytes that arrive in pieces. They are kept in blocks, each as large as all before it, so that many small pieces cost little, and
 * are joined when somebody asks for all of them: no byte is copied more than twice.
 */

/** Bytes of a block, at least. */
const smallestBlock = 256;
/** Bytes of a block at most, unless one piece is larger: a frame of Mux of the size that we ask for, and its head. */
const largestBlock = 132 * 1024;

/** See the head of this file. */
export class GrowingBytes {
  /** Blocks that are full. */
  readonly #full: Buffer[] = [];
  /** The block that the next piece goes to. */
  #open: Buffer;
  #opened = 0;
  #length = 0;

  /** @param expected - bytes that will come, as far as somebody says so; that much is not believed beyond 132 KiB. */
  constructor(expected: number) {
    this.#open = blockOf(Math.min(expected, largestBlock));
  }

  get length(): number {
    return this.#length;
  }

  /** Adds `source` from `begin` to `end`. @defaultValue all of it */
  add(source: Buffer, begin = 0, end = source.length): void {
    const bytes = end - begin;
    if (this.#opened + bytes > this.#open.length) this.#close(Math.max(bytes, Math.min(this.#length, largestBlock)));
    source.copy(this.#open, this.#opened, begin, end);
    this.#opened += bytes;
    this.#length += bytes;
  }

  /** All of them. */
  get bytes(): Buffer {
    if (this.#full.length > 0) {
      this.#close(0);
      const all = Buffer.concat(this.#full, this.#length);
      this.#full.length = 0;
      this.#open = all;
      this.#opened = this.#length;
    }
    return this.#open.subarray(0, this.#opened);
  }

  /** Closes the block that is open, and opens one of that many bytes. */
  #close(bytes: number): void {
    if (this.#opened > 0) this.#full.push(this.#open.subarray(0, this.#opened));
    this.#open = blockOf(bytes);
    this.#opened = 0;
  }
}

/** Bytes that begin with a first piece, to which more will be added. */
export function growingFrom(first: Buffer): GrowingBytes {
  const growing = new GrowingBytes(2 * first.length);
  growing.add(first);
  return growing;
}

function blockOf(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(bytes, smallestBlock));
}
