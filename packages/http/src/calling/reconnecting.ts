/**
 * What happens after a connection with calls on it was lost: the endpoint may be gone, so it takes no calls, where the balancer
 * has others, until a new connection to it could be made. That is tried without a call, at growing intervals. State of one
 * endpoint and one wire: whether it is lost, and the next trial.
 */
import { backoffBound, jittered, outside, type Timer } from '@fwk/kernel';
import type { ConnectionParts } from './connection-parts.js';

/** Pauses between two trials, in milliseconds: each is shortened at random by up to a half. */
const pauses = { baseMs: 1000, capMs: 30_000 };

/** See the head of this file. */
export class Reconnecting {
  readonly #parts: Pick<ConnectionParts, 'clock' | 'random'>;
  readonly #connect: () => void;
  #lost = false;
  #failures = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** @param connect - tries to make a connection; `made` or `failed` tells how that went. */
  constructor(parts: Pick<ConnectionParts, 'clock' | 'random'>, connect: () => void) {
    this.#parts = parts;
    this.#connect = connect;
  }

  /** Whether a connection was lost and no new one has been made. */
  get lost(): boolean {
    return this.#lost;
  }

  /** A connection was lost. @param atOnce - false to pause before the first trial: the peer is there but does not answer */
  begin(atOnce: boolean): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.#failures = 0;
    if (atOnce) outside(this.#connect);
    else this.#pause();
  }

  /** No connection could be made. */
  failed(): void {
    if (this.#lost && !this.#timer) this.#pause();
  }

  /** A connection was made, or is not needed. */
  made(): void {
    this.#lost = false;
    this.#stop();
  }

  /** Ends the trials for good. */
  close(): void {
    this.#closed = true;
    this.made();
  }

  #pause(): void {
    const { clock, random } = this.#parts;
    const pauseMs = jittered(backoffBound(this.#failures++, pauses), 0.5, random);
    this.#timer = outside(() => clock.setTimer(this.#trial, pauseMs, true));
  }

  readonly #trial = (): void => {
    this.#timer = undefined;
    this.#connect();
  };

  #stop(): void {
    if (this.#timer) this.#parts.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
