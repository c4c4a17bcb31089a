/**
 * One open event stream. It keeps where its reader stands, not what waits for it: whenever the last piece has gone out, the
 * next is taken from the list being read, then from the log of changes. A reader however slow costs the memory of one
 * piece; one behind which the log has been cut gets the list anew.
 */
import type { ServerResponse } from 'node:http';
import type { Change } from './change-log.js';
import { type ListInParts, PART_LENGTH } from './list-in-parts.js';
import { formatEvent, type Hello, ping } from './wire.js';

/** What streams are fed from. */
export interface StreamSource {
  readonly epoch: string;
  /** What has changed after a version; undefined when that is too long ago to know. */
  changesSince(version: number): readonly Change[] | undefined;
  list(): ListInParts;
  greeting(version: number, resumed: boolean): Hello;
  format(change: Change): string;
}

/** Proves a piece of the stream: answers what is written after it. Asked for each piece in turn. */
export type Seal = (piece: Buffer | string) => string;

/** The stream to one reader. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #source: StreamSource;
  readonly #seal: Seal | undefined;
  /** The list being read, and its next part. */
  #list: ListInParts | undefined;
  #part = 0;
  /** The newest change that was written. */
  #version = 0;
  /** Whether the reader is still to be told that it is current. */
  #owesCurrent = false;
  /** Whether the last piece has not gone out, or there is more to write. */
  #busy = false;
  /** Beats for which the last piece has not gone out. */
  #stalledBeats = 0;
  /** Whether a change was told since the last beat: then the reader has heard that the stream is open. */
  #told = false;

  /** @param seal - where the reader wants to know that it is the registry who tells. */
  constructor(response: ServerResponse, source: StreamSource, seal?: Seal) {
    this.#response = response;
    this.#source = source;
    this.#seal = seal;
    // What was written last may fail when the reader has just gone; its close says so.
    response.on('error', () => {});
    response.on('drain', () => {
      this.#stalledBeats = 0;
      // In the next turn, so that many long lists leave room for requests.
      setImmediate(() => this.#goOn());
    });
  }

  /** @param after - the version that the reader has already; undefined for one that knows nothing of use. */
  begin(after: number | undefined): void {
    this.#write(this.#beginAfter(after));
    if (!this.#busy) this.#goOn();
  }

  /** @param text - the change, written out. A reader that is behind comes to it by itself. */
  tell(version: number, text: Buffer): void {
    if (this.#busy) return;
    this.#version = version;
    this.#told = true;
    this.#write(text);
  }

  /** Lets an idle reader hear that the stream is open, and cuts one that has taken nothing for as many beats. */
  beat(mostStalled: number): void {
    if (this.#busy) {
      if (++this.#stalledBeats >= mostStalled) this.#response.destroy();
    } else if (!this.#told) this.#write(ping);
    this.#told = false;
  }

  /** Says that another process may serve now. */
  close(): void {
    const text = formatEvent('closing', {});
    this.#response.end(this.#seal ? text + this.#seal(text) : text);
  }

  #goOn(): void {
    this.#busy = false;
    while (!this.#busy) {
      const piece = this.#next();
      if (piece === undefined) return;
      this.#write(piece);
    }
  }

  #write(piece: Buffer | string): void {
    if (this.#response.destroyed || this.#response.writableEnded) {
      this.#busy = true;
      return;
    }
    this.#busy = !this.#response.write(piece);
    if (this.#seal) this.#busy = !this.#response.write(this.#seal(piece));
  }

  #next(): Buffer | string | undefined {
    const part = this.#list?.part(this.#part++);
    if (part) return part;
    this.#list = undefined;
    return this.#changes();
  }

  /** Some of the changes that the reader lacks, up to the size of a piece; undefined when it has them all. */
  #changes(): string | undefined {
    const missing = this.#source.changesSince(this.#version);
    if (!missing) return this.#beginAfter(undefined);
    let text = '';
    for (const change of missing) {
      if (text.length >= PART_LENGTH) return text;
      text += this.#source.format(change);
      this.#version = change.version;
    }
    if (this.#owesCurrent) text += formatEvent('current', {}, `${this.#source.epoch}:${this.#version}`);
    this.#owesCurrent = false;
    return text || undefined;
  }

  /** The greeting, upon which what it announces follows. */
  #beginAfter(after: number | undefined): string {
    this.#list = after === undefined ? this.#source.list() : undefined;
    this.#part = 0;
    this.#version = after ?? (this.#list as ListInParts).version;
    this.#owesCurrent = true;
    return formatEvent('hello', this.#source.greeting(this.#version, after !== undefined));
  }
}
