/**
 * Compresses an answer on its way out. Each item is flushed, so that it reaches its reader at once. While the connection takes no
 * more, nothing is taken out of the compressor; when that is full, the writer is told to wait.
 */
import type { Transform } from 'node:stream';
import type { StreamSink } from '../serving/stream-sink.js';

/** What compressed bytes are written to. */
export interface BytesSink {
  /** @returns false when it wants no more for now; `drained` is called when it does again */
  write(piece: string | Uint8Array, bytes: number): boolean;
  end(bytes?: string | Uint8Array): void;
  destroy(): void;
  drained: (() => void) | undefined;
}

/** See the head of this file. */
export class EncodedSink implements StreamSink {
  drained: (() => void) | undefined;
  readonly #compressor: Transform;
  readonly #out: BytesSink;
  #full = false;

  constructor(compressor: Transform, out: BytesSink) {
    this.#compressor = compressor;
    this.#out = out;
    out.drained = () => void compressor.resume();
    compressor.on('data', (chunk: Buffer) => {
      if (!out.write(chunk, chunk.length)) compressor.pause();
    });
    compressor.on('drain', () => {
      this.#full = false;
      this.drained?.();
    });
    compressor.on('end', () => {
      out.drained = undefined;
      out.end();
    });
    compressor.on('error', () => out.destroy());
  }

  write(text: string): boolean {
    if (!this.#compressor.write(text)) this.#full = true;
    return !this.#full;
  }

  end(text: string): void {
    this.#compressor.end(text);
  }

  destroy(): void {
    this.#compressor.destroy();
    this.#out.destroy();
  }

  /** The connection has gone. */
  left(): void {
    this.#compressor.destroy();
  }
}
