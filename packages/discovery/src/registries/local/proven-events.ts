import { MalformedError, proofEvent } from './wire.js';

/** Characters that may wait for their proof; a registry sends far less in one piece. */
const MAX_PIECE_LENGTH = 4 * 1024 * 1024;

/** Holds the events of a stream back until the piece that they are in is proven. */
export class ProvenEvents {
  readonly #isPiece: (place: number, text: string, proof: string) => boolean;
  readonly #onEvent: (event: string, data: string) => void;
  #waiting: (readonly [event: string, data: string])[] = [];
  #texts: string[] = [];
  #length = 0;
  #pieces = 0;

  constructor(
    isPiece: (place: number, text: string, proof: string) => boolean,
    onEvent: (event: string, data: string) => void,
  ) {
    this.#isPiece = isPiece;
    this.#onEvent = onEvent;
  }

  /** Pieces that were proven. */
  get pieces(): number {
    return this.#pieces;
  }

  /** @throws MalformedError when a piece is not proven; also whatever the receiver throws. */
  take(event: string, data: string, text: string): void {
    if (event !== proofEvent) {
      this.#waiting.push([event, data]);
      this.comment(text);
      return;
    }
    if (!this.#isPiece(++this.#pieces, this.#texts.join(''), data)) {
      throw new MalformedError('a part of the stream is not proven');
    }
    const proven = this.#waiting;
    this.#waiting = [];
    this.#texts = [];
    this.#length = 0;
    for (const each of proven) this.#onEvent(...each);
  }

  /** What is no event is proven as well. @throws MalformedError */
  comment(text: string): void {
    this.#texts.push(text, '\n\n');
    this.#length += text.length;
    if (this.#length > MAX_PIECE_LENGTH) throw new MalformedError('a part of the stream without its proof');
  }
}
