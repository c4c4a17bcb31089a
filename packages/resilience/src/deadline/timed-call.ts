import { type CallContext, type Cancellable, type Clock, callSafely, type LimitFacts, type Service } from '@fwk/kernel';
import { workEnded } from '../layer/call-frame.js';
import { announceAnswer, announceFailure, willAnnounce } from '../layer/settlement.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/** A limit that is noticed later than this, in milliseconds, or than this share of itself, is noticed late. */
const LATE_MS = 20;
const LATE_SHARE = 0.1;

const noFacts: LimitFacts = Object.freeze({});
const noticedLate: LimitFacts = Object.freeze({ noticedLate: true });

/** What a timed call reports to the layer it belongs to. */
export interface TimedCallOwner {
  readonly clock: Pick<Clock, 'now' | 'setTimer' | 'clearTimer'>;
  /** Makes the error of a call whose time is over, and announces it. */
  expired(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown;
  /** Makes the error to tell instead when it turns out that nothing of the call had been sent. @defaultValue the same error */
  unsent?(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown;
  /** The answer came after the call was given up. */
  late(context: CallContext): void;
}

/**
 * Calls `next` and settles by whatever comes first: its answer, the limit, or the caller's cancellation. On the limit the
 * context that `next` works with is cancelled, so that work which listens stops; work which does not runs on, its answer
 * is dropped and reported as late. Once `next` has answered in time its context is disposed, so that a listener which it
 * left (one read of `signal` is enough) does not stay with a caller's context that lives on.
 *
 * The clock lets what has arrived be read before the limit is judged. What is still missing when the limit is noticed late,
 * because this process was busy or stopped, may be so by our fault: the error says that (`noticedLate`).
 * @param derived - the context for `next`; it must hang below `context`, and be this call's alone.
 * @param limitMs - above {@link LONGEST_TIMER_MS} it counts as none, and only the caller's cancellation ends the wait.
 * @param byDeadline - whether the limit is what remains of the total time.
 * @param startMs - when the limit began, on the owner's clock.
 */
export function timedCall<Req, Res>(
  next: Service<Req, Res>,
  request: Req,
  context: CallContext,
  derived: Cancellable,
  limitMs: number,
  byDeadline: boolean,
  owner: TimedCallOwner,
  startMs: number,
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
      const facts = lateFacts(owner.clock.now() - startMs - limitMs, limitMs);
      const error = owner.expired(context, limitMs, byDeadline, facts);
      // From here on an error of the cancelled work is dropped.
      waiting = false;
      const { cancellation } = derived;
      cancellation.cancel(error);
      const unsent = cancellation.notSent && owner.unsent?.(context, limitMs, byDeadline, facts);
      giveUp(unsent || error);
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

/** What is to be said of a limit that was noticed so much too late. */
export function lateFacts(lateMs: number, limitMs: number): LimitFacts {
  return lateMs > Math.max(LATE_MS, limitMs * LATE_SHARE) ? noticedLate : noFacts;
}
