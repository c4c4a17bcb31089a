/**
 * Tries in the background whether a connection can be made again to endpoints that had none, so that no call has to find out.
 * State: one timer or one attempt for each such endpoint, which its return, its leaving and the end of the balancer end.
 */
import { background, type CallContext, type Cancellable, type Clock, cancellable, type Timer } from '@fwk/kernel';

/** Tries whether a connection can be made, without a request; rejects with the reason why not. */
export type Check = (context: CallContext) => Promise<void>;

/** Told how an attempt ended: with nothing, or with why there was no connection. */
export type Checked<H> = (host: H, failed: { readonly error: unknown } | undefined) => void;

/** See the head of this file. */
export class Reconnects<H> {
  readonly #clock: Clock;
  readonly #done: Checked<H>;
  readonly #pending = new Map<H, Timer | Cancellable>();

  constructor(clock: Clock, done: Checked<H>) {
    this.#clock = clock;
    this.#done = done;
  }

  /** Tries once, after a while; whatever was meant for this endpoint before is dropped. */
  schedule(host: H, check: Check, delayMs: number): void {
    this.cancel(host);
    // In the background: a process that has nothing else to do may end.
    const timer = this.#clock.setTimer(() => void this.#try(host, check), delayMs, true);
    this.#pending.set(host, timer);
  }

  /** Drops what is meant for this endpoint. */
  cancel(host: H): void {
    const pending = this.#pending.get(host);
    if (pending === undefined) return;
    this.#pending.delete(host);
    if (isAttempt(pending)) pending.cancel();
    else this.#clock.clearTimer(pending);
  }

  async #try(host: H, check: Check): Promise<void> {
    const attempt = cancellable(background);
    this.#pending.set(host, attempt);
    let failed: { readonly error: unknown } | undefined;
    try {
      await check(attempt.context);
    } catch (error) {
      failed = { error };
    }
    attempt[Symbol.dispose]();
    // Another attempt, or none at all, is meant by now.
    if (this.#pending.get(host) !== attempt) return;
    this.#pending.delete(host);
    this.#done(host, failed);
  }
}

function isAttempt(pending: Timer | Cancellable): pending is Cancellable {
  return 'cancellation' in pending;
}
