/**
 * Finds out whether the peer of a session is still there: it is sent a ping from time to time, often while calls are under way,
 * and something must arrive soon after. TCP alone notices a frozen process never, and a lost machine after minutes.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '@fwk/kernel';

/** A session belongs to no call. */
const outside = new AsyncResource('FwkMuxPings');

/** Limits of {@link PingDetector}, in milliseconds. */
export interface PingLimits {
  /** Between two pings while calls are under way. */
  readonly busyPingMs: number;
  /** Between two pings while there are none. */
  readonly idlePingMs: number;
  /** How long nothing may arrive after a ping. */
  readonly pingTimeoutMs: number;
}

/** What a session does for the detector. */
export interface Pinged {
  /** Whether calls are under way. */
  readonly busy: boolean;
  sendPing(): void;
  /** Nothing came for that long after a ping. */
  fellSilent(silentMs: number): void;
}

/** See the head of this file. */
export class PingDetector {
  /** Time between the last ping and its answer, in milliseconds; undefined until there was one. */
  roundTripMs: number | undefined;
  readonly #clock: Clock;
  readonly #limits: PingLimits;
  readonly #session: Pinged;
  #timer: Timer | undefined;
  /** Whether the next look comes as soon as it should while calls are under way. */
  #often = false;
  /** When the last ping was sent. */
  #lastMs = 0;
  /** When the last ping was sent to which nothing has arrived yet. */
  #askedMs: number | undefined;
  /** When the last ping was sent whose answer has not come. */
  #sentMs: number | undefined;
  #ended = false;

  constructor(clock: Clock, limits: PingLimits, session: Pinged) {
    this.#clock = clock;
    this.#limits = limits;
    this.#session = session;
  }

  /** Begins with a ping at once. */
  start(): void {
    this.#ping(this.#clock.now());
  }

  /** Begins with a ping after the time between two. */
  startLater(): void {
    this.#lastMs = this.#clock.now();
    this.#wait(this.#limits.idlePingMs);
  }

  /** Calls are under way again. Cheap, so that it may be said for each. */
  wake(): void {
    if (this.#often || this.#ended) return;
    this.#often = true;
    // While an answer is awaited the next look comes soon enough.
    if (this.#askedMs === undefined) this.#look();
  }

  /** Something has arrived. */
  heard(): void {
    this.#askedMs = undefined;
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

  #look(): void {
    const nowMs = this.#clock.now();
    const { pingTimeoutMs, busyPingMs, idlePingMs } = this.#limits;
    if (this.#askedMs !== undefined) {
      const silentMs = nowMs - this.#askedMs;
      if (silentMs >= pingTimeoutMs) this.#session.fellSilent(silentMs);
      else this.#wait(pingTimeoutMs - silentMs);
      return;
    }
    this.#often = this.#session.busy;
    const dueMs = this.#lastMs + (this.#often ? busyPingMs : idlePingMs) - nowMs;
    if (dueMs <= 0) this.#ping(nowMs);
    else this.#wait(dueMs);
  }

  #ping(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#askedMs = nowMs;
    this.#sentMs = nowMs;
    this.#session.sendPing();
    this.#wait(Math.min(this.#limits.busyPingMs, this.#limits.pingTimeoutMs));
  }

  #wait(ms: number): void {
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    if (!this.#ended) this.#timer = outside.runInAsyncScope(() => this.#setTimer(ms));
  }

  #setTimer(ms: number): Timer {
    return this.#clock.setTimer(() => this.#look(), Math.ceil(ms), true);
  }
}
