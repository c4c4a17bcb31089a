/** Bytes that arrive in pieces. Their memory is doubled when it is full, so that many small pieces cost little more than one large. */
export class GrowingBytes {
  #memory: Buffer;
  #length = 0;

  /** @param expected - how many bytes the peer announced; at most 64 KiB are reserved for them before they arrive. */
  constructor(expected: number) {
    this.#memory = Buffer.allocUnsafeSlow(Math.min(Math.max(expected, 256), 65_536));
  }

  get length(): number {
    return this.#length;
  }

  /** Adds `source` from `begin` to `end`. */
  add(source: Buffer, begin: number, end: number): void {
    const length = this.#length + end - begin;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#memory.length * 2));
      larger.set(this.#memory.subarray(0, this.#length));
      this.#memory = larger;
    }
    source.copy(this.#memory, this.#length, begin, end);
    this.#length = length;
  }

  /** All bytes so far. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }
}
