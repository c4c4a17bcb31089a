/**
 * Counts what waits on sessions for their peers to read it among the unsent answers of the server, so that its memory is bounded.
 * Only sessions on which much waits are counted. How long a peer may read nothing is limited by the session itself.
 */
import type { Duplex } from 'node:stream';
import type { Clock, UnsentAnswers } from '@fwk/kernel';
import type { ServerSession } from '@fwk/mux';

/** Bytes that may wait before they count: the answers of a turn or two. */
const muchBytes = 65_536;
/** How often what waits is counted anew, in milliseconds. */
const lookEveryMs = 500;

/** See the head of this file. */
export class UnsentSessions {
  readonly #clock: Clock;
  readonly #unsent: UnsentAnswers;
  readonly #sockets = new Map<ServerSession, Duplex>();
  readonly #counted = new Set<ServerSession>();
  #looking = false;

  constructor(clock: Clock, unsent: UnsentAnswers) {
    this.#clock = clock;
    this.#unsent = unsent;
  }

  add(session: ServerSession, socket: Duplex): void {
    this.#sockets.set(session, socket);
  }

  remove(session: ServerSession): void {
    this.#count(session, 0);
    this.#sockets.delete(session);
  }

  /** An answer has been written. */
  answered(session: ServerSession): void {
    const bytes = session.unsentBytes;
    if (bytes < muchBytes) return;
    this.#count(session, bytes);
    this.#lookLater();
  }

  #count(session: ServerSession, bytes: number): void {
    const socket = this.#sockets.get(session);
    if (!socket) return;
    if (bytes > 0) this.#counted.add(session);
    else if (!this.#counted.delete(session)) return;
    this.#unsent.hold(socket, bytes);
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#clock.setTimer(() => this.#look(), lookEveryMs, true);
  }

  #look(): void {
    this.#looking = false;
    for (const session of [...this.#counted]) {
      const { unsentBytes } = session;
      this.#count(session, unsentBytes < muchBytes ? 0 : unsentBytes);
    }
    if (this.#counted.size > 0) this.#lookLater();
  }
}
