/** The body of a caller in the same process that is a stream: its pieces are asked for as fast as the handler reads them. */
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError, outside } from '@fwk/kernel';
import type { BodyPieces, PieceTaker } from '../serving/stream-sink.js';

/** See the head of this file. Nothing is asked for before the first `resume`. */
export class HandedBody implements BodyPieces {
  readonly #pieces: AsyncIterable<Uint8Array>;
  readonly #taker: PieceTaker;
  #begun = false;
  #paused = false;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(pieces: AsyncIterable<Uint8Array>, taker: PieceTaker) {
    this.#pieces = pieces;
    this.#taker = taker;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#begun) this.#tell();
    else {
      this.#begun = true;
      outside(() => void this.#pump());
    }
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#over = true;
    this.#tell();
  }

  async #pump(): Promise<void> {
    try {
      for await (const piece of this.#pieces) {
        if (this.#over) return;
        // A copy: bytes of a file are its caller's own.
        this.#taker.bytes(Buffer.from(piece));
        // A body that neither end waits for must not hold up the event loop.
        await turn();
        if (this.#paused && !this.#over) await new Promise<void>((resolve) => this.#wait(resolve));
        if (this.#over) return;
      }
      this.#taker.finished();
    } catch {
      // Its caller knows why.
      this.#taker.fail(new CancelledError('the caller left amid its body'));
    }
  }

  #wait(resolve: () => void): void {
    this.#wake = resolve;
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
