import type { CallContext, Cancellable, Clock, Service } from '@fwk/kernel';
import { markAbandoned } from '../layer/call-frame.js';
import { callSafely } from '../layer/call-safely.js';

/** What a timed call reports to the layer it belongs to. */
export interface TimedCallOwner {
  readonly clock: Clock;
  /** Makes the error of a call whose time is over. */
  expired(context: CallContext, limitMs: number, byDeadline: boolean): unknown;
  /** The answer came after the call was given up. */
  late(context: CallContext): void;
}

/**
 * Calls `next` and settles by whatever comes first: its answer, the limit, or the caller's cancellation. On the limit the
 * context that `next` works with is cancelled, so that work which listens stops; work which does not runs on, its answer
 * is dropped and reported as late. Once `next` has answered in time its context is disposed, so that a listener which it
 * left (one read of `signal` is enough) does not stay with a caller's context that lives on.
 * @param derived - the context for `next`; it must hang below `context`, and be this call's alone.
 * @param byDeadline - whether the limit is what remains of the total time.
 */
export function timedCall<Req, Res>(
  next: Service<Req, Res>,
  request: Req,
  context: CallContext,
  derived: Cancellable,
  limitMs: number,
  byDeadline: boolean,
  owner: TimedCallOwner,
): Promise<Res> {
  return new Promise<Res>((resolve, reject) => {
    let waiting = true;
    const work = callSafely(next, request, derived.context);
    const timer = owner.clock.setTimer(() => {
      waiting = false;
      subscription[Symbol.dispose]();
      const error = owner.expired(context, limitMs, byDeadline);
      markAbandoned(request, work);
      // The waiting caller hears of it before the cancelled work can answer with an error of its own.
      reject(error);
      derived.cancellation.cancel(error);
    }, limitMs);
    const subscription = context.onCancel((reason) => {
      waiting = false;
      owner.clock.clearTimer(timer);
      markAbandoned(request, work);
      reject(reason);
    });
    const over = () => {
      owner.clock.clearTimer(timer);
      subscription[Symbol.dispose]();
      derived.cancellation[Symbol.dispose]();
    };
    work.then(
      (value) => {
        if (!waiting) return owner.late(context);
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
