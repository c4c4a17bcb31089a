/**
 * Sessions whose peers do not read their answers. While much waits on a session it is looked at again and again: it ends when one
 * write has not been taken for as long as a client may take to read an answer, and what waits counts among all that is unsent.
 */
import type { Duplex } from 'node:stream';
import type { Clock, UnsentAnswers } from '@fwk/kernel';
import type { ServerSession } from '@fwk/mux';

/** Bytes that may wait before anybody looks: the answers of a turn or two. */
const muchBytes = 65_536;
/** Time between two looks, in milliseconds. */
const lookEveryMs = 500;

interface SlowReader {
  readonly socket: Duplex & { readonly bytesWritten: number };
  /** Bytes that had been given to the system when the peer last took something. */
  writtenBytes: number;
  sinceMs: number;
}

/** See the head of this file. */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #unsent: UnsentAnswers;
  readonly #sockets = new Map<ServerSession, SlowReader['socket']>();
  readonly #slow = new Map<ServerSession, SlowReader>();
  #looking = false;

  /** @param limitMs - how long a peer may take nothing. */
  constructor(clock: Clock, limitMs: number, unsent: UnsentAnswers) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#unsent = unsent;
  }

  add(session: ServerSession, socket: SlowReader['socket']): void {
    this.#sockets.set(session, socket);
  }

  remove(session: ServerSession): void {
    this.#sockets.delete(session);
    this.#forget(session);
  }

  /** An answer has been written. */
  answered(session: ServerSession): void {
    const bytes = session.unsentBytes;
    if (bytes < muchBytes) return;
    const socket = this.#sockets.get(session);
    if (!socket) return;
    if (!this.#slow.has(session)) {
      this.#slow.set(session, { socket, writtenBytes: socket.bytesWritten, sinceMs: this.#clock.now() });
      this.#lookLater();
    }
    this.#unsent.hold(socket, bytes);
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#clock.setTimer(() => this.#look(), lookEveryMs, true);
  }

  #look(): void {
    this.#looking = false;
    const nowMs = this.#clock.now();
    for (const [session, reader] of this.#slow) {
      const { unsentBytes } = session;
      // A session gives the system the next bytes when it has taken the last.
      if (reader.socket.bytesWritten > reader.writtenBytes) {
        reader.writtenBytes = reader.socket.bytesWritten;
        reader.sinceMs = nowMs;
      }
      if (unsentBytes < muchBytes) this.#forget(session);
      else if (nowMs - reader.sinceMs >= this.#limitMs) session.close();
      else this.#unsent.hold(reader.socket, unsentBytes);
    }
    if (this.#slow.size > 0) this.#lookLater();
  }

  #forget(session: ServerSession): void {
    const reader = this.#slow.get(session);
    if (!reader) return;
    this.#slow.delete(session);
    this.#unsent.hold(reader.socket, 0);
  }
}
