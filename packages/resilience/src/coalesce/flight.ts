import { type CallContext, Cancellation, type Clock, callSafely, type Service } from '@fwk/kernel';
import type { Expiry } from '../deadline/expiry.js';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import { partOf, takeOver, workEnded } from '../layer/call-frame.js';

/** The layer that a flight belongs to. */
export interface FlightOwner<Req, Res> extends Service<Req, Res> {
  readonly clock: Clock;
  readonly expiry: Expiry;
  /** The shared call has ended or was given up: nobody may join it any more. */
  ended(flight: Flight<Req, Res>): void;
}

/** One call that is under way for whoever waits for it. */
export class Flight<Req, Res> {
  /** Undefined for a call that nobody may join. */
  readonly key: string | undefined;
  readonly #owner: FlightOwner<Req, Res>;
  /** Hangs below no caller: the one who sent the call may leave while others wait. */
  readonly #cancellation = new Cancellation();
  /** Knows the work of the call for those who count places outside. */
  readonly #request: Req;
  readonly #work: Promise<Res>;
  #waiters = 0;

  /** Sends the call with the values of `context`. Its deadline goes along only where nobody may join who has more time. */
  constructor(
    key: string | undefined,
    next: Service<Req, Res>,
    request: Req,
    context: CallContext,
    owner: FlightOwner<Req, Res>,
  ) {
    this.key = key;
    this.#owner = owner;
    this.#request = partOf(request);
    const own = context.with({ cancellation: this.#cancellation, unlimited: key !== undefined });
    this.#work = callSafely(next, this.#request, own);
    const ended = () => {
      workEnded(this.#request, this.#work);
      owner.ended(this);
      this.#cancellation[Symbol.dispose]();
    };
    // The first to hear of the end, so that a waiter which calls again then does not join what is over.
    this.#work.then(ended, ended);
  }

  /**
   * Settles as the shared call does, or at once with the caller's own reason or when the caller's own time is over.
   * @param remainingMs - what the caller has left, in milliseconds.
   */
  wait(request: Req, context: CallContext, remainingMs: number): Promise<Res> {
    return new Promise((resolve, reject) => {
      const { clock, expiry } = this.#owner;
      let waiting = true;
      let subscription: Disposable | undefined;
      const over = () => {
        waiting = false;
        subscription?.[Symbol.dispose]();
        if (timer !== undefined) clock.clearTimer(timer);
      };
      const leave = (reason: unknown) => {
        over();
        reject(reason);
        this.#leave(request, reason);
      };
      this.#waiters++;
      const timer =
        remainingMs > LONGEST_TIMER_MS
          ? undefined
          : clock.setTimer(() => leave(expiry.error(context, remainingMs)), remainingMs);
      subscription = context.onCancel(leave);
      this.#work.then(
        (value) => {
          if (!waiting) return;
          over();
          resolve(value);
        },
        (error) => {
          if (!waiting) return;
          over();
          reject(error);
        },
      );
    });
  }

  #leave(request: Req, reason: unknown): void {
    this.#waiters--;
    if (this.#waiters > 0) return;
    this.#owner.ended(this);
    // The sender's place may be free already, while the call went on for the others.
    takeOver(request, this.#request);
    this.#cancellation.cancel(reason);
  }
}
