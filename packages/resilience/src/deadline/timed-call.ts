import type { CallContext, Cancellable, Clock, Service } from '@fwk/kernel';
import { workEnded } from '../layer/call-frame.js';
import { callSafely } from '../layer/call-safely.js';
import { announceAnswer, announceFailure, willAnnounce } from '../layer/settlement.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/** What a timed call reports to the layer it belongs to. */
export interface TimedCallOwner {
  readonly clock: Pick<Clock, 'setTimer' | 'clearTimer'>;
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
 * @param limitMs - above {@link LONGEST_TIMER_MS} it counts as none, and only the caller's cancellation ends the wait.
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
  let waiting = true;
  /** Undefined while the work is being called: nobody can be looking yet. */
  let answer: Promise<Res> | undefined;
  answer = new Promise<Res>((resolve, reject) => {
    const giveUp = (error: unknown) => {
      waiting = false;
      reject(error);
      announceFailure(answer, error);
    };
    const expire = () => {
      subscription[Symbol.dispose]();
      const error = owner.expired(context, limitMs, byDeadline);
      giveUp(error);
      // Only now: the waiting caller hears of it before the cancelled work can answer with an error of its own.
      derived.cancellation.cancel(error);
    };
    // Before the work is called: what it does before it answers a promise takes time as well.
    const timer = limitMs > LONGEST_TIMER_MS ? undefined : owner.clock.setTimer(expire, limitMs);
    const work = callSafely(next, request, derived.context);
    const subscription = context.onCancel((reason) => {
      if (timer !== undefined) owner.clock.clearTimer(timer);
      giveUp(reason);
    });
    const over = () => {
      if (timer !== undefined) owner.clock.clearTimer(timer);
      subscription[Symbol.dispose]();
      derived.cancellation[Symbol.dispose]();
    };
    work.then(
      (value) => {
        // Before anybody is told: who counts places looks at once.
        workEnded(request, work);
        if (!waiting) return owner.late(context);
        over();
        resolve(value);
        announceAnswer(answer, value);
      },
      (error) => {
        workEnded(request, work);
        if (!waiting) return;
        over();
        reject(error);
        announceFailure(answer, error);
      },
    );
  });
  // A callee that cancels its own caller has settled it by now.
  if (waiting) willAnnounce(answer);
  return answer;
}
