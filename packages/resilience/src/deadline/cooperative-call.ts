import {
  type CallContext,
  type Cancellable,
  callSafely,
  type LimitFacts,
  leadFollower,
  type Service,
  type Timer,
  tellAnswer,
  tellFailure,
  toldBy,
} from '@fwk/kernel';
import { workEnded } from '../layer/call-frame.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';
import { lateFacts, type TimedCallOwner } from './timed-call.js';

/**
 * Calls `next` and on the limit only tells it so, by cancelling its context, and goes on waiting: the call ends when the work
 * does. So no work runs on that nobody waits for, and what it still answers counts. Work that fails after the limit ends
 * with the owner's error, whose `cause` is the work's own. Work that does not listen is waited for as long as it takes: the
 * caller's cancellation and the deadline of its context end the wait at once all the same.
 * @param derived - the context for `next`; it must hang below `context`, and be this call's alone.
 * @param limitMs - less than what remains until the deadline.
 * @param startMs - when the limit began, on the owner's clock.
 */
export function cooperativeCall<Req, Res>(
  next: Service<Req, Res>,
  request: Req,
  context: CallContext,
  derived: Cancellable,
  limitMs: number,
  owner: TimedCallOwner,
  startMs: number,
): Promise<Res> {
  const { clock } = owner.limits;
  let waiting = true;
  const first = leadFollower<Res>();
  const answer = new Promise<Res>((resolve, reject) => {
    let timer: Timer | undefined;
    /** What the work was told on the limit. */
    let told: { readonly error: unknown; readonly facts: LimitFacts } | undefined;
    const over = () => {
      waiting = false;
      if (timer !== undefined) clock.clearTimer(timer);
      subscription[Symbol.dispose]();
    };
    const fail = (error: unknown) => {
      over();
      const taken = tellFailure(first, error);
      if (taken) resolve(taken);
      else reject(error);
    };
    const tell = () => {
      const nowMs = clock.now();
      timer = undefined;
      const facts = lateFacts(nowMs - startMs - limitMs, limitMs);
      told = { error: owner.expired(context, limitMs, false, facts), facts };
      const remainingMs = context.deadlineMs - nowMs;
      // Before the work hears of it, which may end this call at once.
      if (remainingMs <= LONGEST_TIMER_MS) timer = clock.setTimer(() => expire(remainingMs), remainingMs);
      derived.cancellation.cancel(told.error);
    };
    const expire = (remainingMs: number) => {
      const lateMs = clock.now() - context.deadlineMs;
      fail(owner.expired(context, remainingMs, true, lateFacts(lateMs, remainingMs)));
    };
    if (limitMs <= LONGEST_TIMER_MS) timer = clock.setTimer(tell, limitMs);
    const work = callSafely(next, request, derived.context);
    const subscription = context.onCancel(fail);
    work.then(
      (value) => {
        // Before the caller is told: a bulkhead that hears of the end counts its places at once.
        workEnded(request, work);
        if (!waiting) return owner.late(context);
        over();
        derived.cancellation[Symbol.dispose]();
        resolve(tellAnswer(first, value));
      },
      (error) => {
        workEnded(request, work);
        if (!waiting) return;
        derived.cancellation[Symbol.dispose]();
        if (told === undefined) return fail(error);
        const unsent = derived.cancellation.notSent && owner.unsent?.(context, limitMs, false, told.facts);
        fail(unsent || withCause(told.error, error));
      },
    );
  });
  return waiting ? toldBy(answer, first) : answer;
}

/** Work that listens mostly fails with what it was told; anything else must not be lost. */
function withCause(told: unknown, cause: unknown): unknown {
  if (told instanceof Error && told !== cause && told.cause === undefined) told.cause = cause;
  return told;
}
