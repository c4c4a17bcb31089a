/**
 * Finds out whether the peer of a session is still there. It sends a ping from time to time, more often while calls are under way.
 * Soon after, something must arrive, or the operating system must take more of what is being sent. TCP alone never notices a frozen
 * process, and a lost machine only after minutes. The same checks find a peer that does not read.
 */
import { type Clock, outside, type Timer } from '@fwk/kernel';

/** Limits of {@link PingDetector}, in milliseconds. */
export interface PingLimits {
  /** Between two pings while calls are under way, 1 to 3 600 000. @defaultValue 500 */
  readonly busyPingMs: number;
  /** Between two pings while there are none, 1 to 3 600 000. @defaultValue 10000 */
  readonly idlePingMs: number;
  /** How long nothing may arrive after a ping, 1 to 3 600 000; at a server not less than `idlePingMs`. @defaultValue 1400 */
  readonly pingTimeoutMs: number;
  /** How long a peer may read nothing of what is sent to it, 1 to 3 600 000. @defaultValue 30000 */
  readonly sendTimeoutMs: number;
}

/** What a session does for the detector. */
export interface Pinged {
  /** Whether calls are under way. */
  readonly busy: boolean;
  /** Whether it reads what arrives. */
  readonly reading: boolean;
  /** Whether the system has not taken what was written last. */
  readonly blocked: boolean;
  /** Writes so far. */
  readonly writes: number;
  sendPing(): void;
  /** Nothing came for that long after a ping. */
  fellSilent(silentMs: number): void;
  /** The peer has read nothing for that long. */
  readsNothing(stuckMs: number): void;
}

/** See the head of this file. */
export class PingDetector {
  /** Time between the last ping and its answer, in milliseconds; undefined until there was one. */
  roundTripMs: number | undefined;
  readonly #clock: Clock;
  readonly #limits: PingLimits;
  readonly #session: Pinged;
  #timer: Timer | undefined;
  /** Whether the next check is due as soon as it must be while calls are under way. */
  #often = false;
  /** When the last ping was sent. */
  #lastMs = 0;
  /** When the last ping was sent to which nothing has arrived yet. */
  #askedMs: number | undefined;
  /** When the oldest ping was sent whose answer has not come. */
  #sentMs: number | undefined;
  /** When a check first found the write that the system has not taken. */
  #stuckMs: number | undefined;
  /** Number of writes at that time. */
  #stuckWrites = 0;
  #ended = false;

  constructor(clock: Clock, limits: PingLimits, session: Pinged) {
    this.#clock = clock;
    this.#limits = limits;
    this.#session = session;
  }

  /** Begins, with a ping at once. */
  start(): void {
    if (!this.#ended) this.#ping(this.#clock.now());
  }

  /** Begins, with a ping after `idlePingMs`. */
  startLater(): void {
    this.#lastMs = this.#clock.now();
    this.#wait(this.#limits.idlePingMs);
  }

  /** Calls are under way again. Cheap enough to be called for each of them. */
  wake(): void {
    if (this.#often || this.#ended) return;
    this.#often = true;
    // While an answer is awaited the next check is due soon enough.
    if (this.#askedMs === undefined) this.#check();
  }

  /** The session waits for the peer to read, which must be checked from here on. */
  blocked(): void {
    if (!this.#ended) this.#check();
  }

  /** Something has arrived. */
  heard(): void {
    this.#askedMs = undefined;
  }

  /** The session reads again: the wait for an answer begins anew, since it could not have been read meanwhile. */
  readsAgain(): void {
    if (this.#askedMs !== undefined) this.#askedMs = this.#clock.now();
  }

  /** The answer to a ping has arrived. */
  answered(): void {
    if (this.#sentMs === undefined) return;
    this.roundTripMs = this.#clock.now() - this.#sentMs;
    this.#sentMs = undefined;
  }

  end(): void {
    this.#ended = true;
    if (this.#timer) this.#clock.clearTimer(this.#timer);
  }

  #check(): void {
    const nowMs = this.#clock.now();
    const { pingTimeoutMs, busyPingMs, idlePingMs, sendTimeoutMs } = this.#limits;
    const stuckMs = this.#stuckFor(nowMs);
    if (stuckMs >= sendTimeoutMs) {
      this.#session.readsNothing(stuckMs);
    } else if (this.#askedMs !== undefined) {
      const silentMs = this.#session.reading ? nowMs - this.#askedMs : 0;
      if (silentMs >= pingTimeoutMs) this.#session.fellSilent(silentMs);
      else this.#wait(pingTimeoutMs - silentMs);
    } else {
      this.#often = this.#session.busy;
      const dueMs = this.#lastMs + (this.#often ? busyPingMs : idlePingMs) - nowMs;
      if (dueMs <= 0) this.#ping(nowMs);
      else this.#wait(dueMs);
    }
  }

  /** How long the last write has been waiting, as far as checks have seen it. */
  #stuckFor(nowMs: number): number {
    const { blocked, writes } = this.#session;
    if (!blocked) {
      this.#stuckMs = undefined;
      return 0;
    }
    if (this.#stuckMs === undefined || writes !== this.#stuckWrites) {
      // The system has taken what was written before, so the peer reads.
      if (this.#stuckMs !== undefined && this.#askedMs !== undefined) this.#askedMs = nowMs;
      this.#stuckMs = nowMs;
      this.#stuckWrites = writes;
    }
    return nowMs - this.#stuckMs;
  }

  #ping(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#askedMs = nowMs;
    this.#sentMs ??= nowMs;
    this.#session.sendPing();
    this.#wait(Math.min(this.#limits.busyPingMs, this.#limits.pingTimeoutMs));
  }

  #wait(ms: number): void {
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    if (this.#ended) return;
    const soonMs = this.#session.blocked ? Math.min(ms, this.#limits.sendTimeoutMs) : ms;
    this.#timer = outside(() => this.#clock.setTimer(() => this.#check(), Math.ceil(soonMs), true));
  }
}
