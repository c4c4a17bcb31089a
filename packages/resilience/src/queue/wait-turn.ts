import type { CallContext, Clock } from '@fwk/kernel';
import type { Expiry } from '../deadline/expiry.js';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import type { WaitQueue } from './wait-queue.js';

/** What a wait reports to the layer it belongs to. */
export interface TurnOwner {
  readonly clock: Clock;
  readonly expiry: Expiry;
  /** The waiter is out of the line, whatever the reason. */
  left(): void;
}

/** How long one is ready to wait. */
export interface Patience {
  /** In milliseconds; the context's deadline bounds it too. */
  readonly maxWaitMs: number;
  /** Makes the error of one who has waited so long. */
  error(): unknown;
}

/**
 * Waits in line. Resolves when the waiter is let in; it then owns what it waited for and must give it back. Rejects at
 * once, out of the line, with the caller's own reason on cancellation, with a DeadlineExceededError when the context's
 * deadline passes, with the error of its own patience when that ends first, and with the owner's error when the owner
 * refuses it.
 *
 * What follows must hang on the promise and not be started by whoever lets in: a continuation runs in the waiter's own
 * async context, so that `currentContext()` in the work is the waiter's and not that of the call which made room.
 */
export function waitTurn(
  queue: Pick<WaitQueue, 'join'>,
  context: CallContext,
  owner: TurnOwner,
  patience?: Patience,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { clock, expiry } = owner;
    const over = () => {
      subscription[Symbol.dispose]();
      if (timer !== undefined) clock.clearTimer(timer);
      owner.left();
    };
    const leave = queue.join({
      context,
      enter() {
        over();
        resolve();
      },
      refuse(error) {
        over();
        reject(error);
      },
    });
    const giveUp = (reason: unknown) => {
      leave();
      over();
      reject(reason);
    };
    const subscription = context.onCancel(giveUp);
    const remainingMs = context.deadlineMs - clock.now();
    const endsFirst = patience !== undefined && patience.maxWaitMs < remainingMs ? patience : undefined;
    const waitMs = endsFirst?.maxWaitMs ?? remainingMs;
    const expire = () =>
      giveUp(endsFirst ? endsFirst.error() : expiry.error(context, remainingMs > 0 ? remainingMs : undefined));
    const timer = waitMs > LONGEST_TIMER_MS ? undefined : clock.setTimer(expire, waitMs);
  });
}
