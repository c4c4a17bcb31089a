/** The streams of a server that are under way, so that they end by a message when it stops. */

/** A stream that can be told that the server stops. */
export interface OpenStream {
  /** Whether its caller can go on elsewhere from where it ended. */
  readonly resumable: boolean;
  /** Ends it by a message. */
  drain(): void;
}

/** See the head of this file. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>();
  #draining = false;

  /** Whether no stream may begin: it would only be ended. */
  get draining(): boolean {
    return this.#draining;
  }

  add(stream: OpenStream): void {
    this.#open.add(stream);
  }

  delete(stream: OpenStream): void {
    this.#open.delete(stream);
  }

  /** The server wants no more calls. Those that can go on elsewhere end now; others may end by themselves until it closes. */
  drain(): void {
    this.#draining = true;
    for (const stream of [...this.#open]) if (stream.resumable) stream.drain();
  }

  /** The server closes: all end. */
  close(): void {
    this.#draining = true;
    for (const stream of [...this.#open]) stream.drain();
  }
}
