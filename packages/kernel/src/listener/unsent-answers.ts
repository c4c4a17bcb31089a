/**
 * Answers that their clients have not read yet. Each is bounded in time, all together in bytes: a client that reads
 * slowly, or not at all, holds the whole answer in our memory.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../time/clock.js';

interface Unsent {
  readonly bytes: number;
  /** Undefined for a connection with many answers, whose owner limits the time. */
  readonly timer: Timer | undefined;
}

/** See the head of this file. */
export class UnsentAnswers {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #unsent = new Map<ServerResponse | Duplex, Unsent>();
  #bytes = 0;

  /**
   * @param limitMs - how long a client may take to read an answer, in milliseconds; its connection ends then.
   * @param maxBytes - of all unread answers; above it those that have waited longest are given up with their connections.
   */
  constructor(clock: Clock, limitMs: number, maxBytes: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#maxBytes = maxBytes;
  }

  /**
   * Watches an answer that has just been written; costs nothing when the system has taken it whole.
   * @param bytes - of it that are kept here until the client reads them. @defaultValue what Node keeps
   */
  watch(response: ServerResponse, bytes: number = response.writableLength): void {
    if (bytes === 0 || response.destroyed) return;
    const timer = this.#clock.setTimer(() => response.destroy(), this.#limitMs, true);
    this.#unsent.set(response, { bytes, timer });
    response.on('close', () => this.#forget(response));
    this.#add(bytes);
  }

  /**
   * Counts the bytes that wait on a connection that carries many answers. Call it again when their number has changed, and with 0
   * when none are left or the connection has ended.
   */
  hold(connection: Duplex, bytes: number): void {
    const before = this.#unsent.get(connection)?.bytes ?? 0;
    if (bytes === 0) this.#forget(connection);
    else {
      this.#unsent.set(connection, { bytes, timer: undefined });
      this.#add(bytes - before);
    }
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    for (const oldest of this.#unsent.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#forget(oldest);
      oldest.destroy();
    }
  }

  #forget(response: ServerResponse | Duplex): void {
    const unsent = this.#unsent.get(response);
    if (!unsent) return;
    this.#unsent.delete(response);
    this.#bytes -= unsent.bytes;
    if (unsent.timer) this.#clock.clearTimer(unsent.timer);
  }
}
