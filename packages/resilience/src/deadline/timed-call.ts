import {
  type CallContext,
  type Cancellation,
  type ContextScope,
  callSafely,
  cancellationUnder,
  currentScope,
  type Follower,
  follow,
  type Limited,
  type LimitFacts,
  type Service,
  type TimeLimit,
  type TimeLimits,
  tellAnswer,
  tellFailure,
  toldBy,
} from '@fwk/kernel';
import { workEnded } from '../layer/call-frame.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/** A limit that is noticed later than this, in milliseconds, or than this share of itself, is noticed late. */
const LATE_MS = 20;
const LATE_SHARE = 0.1;

const noFacts: LimitFacts = Object.freeze({});
const noticedLate: LimitFacts = Object.freeze({ noticedLate: true });

/** What a timed call reports to the layer it belongs to. */
export interface TimedCallOwner {
  readonly limits: TimeLimits;
  /** Makes the error of a call whose time is over, and announces it. */
  expired(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown;
  /** Makes the error to tell instead when it turns out that nothing of the call had been sent. @defaultValue the same error */
  unsent?(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown;
  /** The answer came after the call was given up. */
  late(context: CallContext): void;
}

/** The time that a call gets. */
export interface CallLimit {
  /** Above {@link LONGEST_TIMER_MS} it counts as none, and only the caller's cancellation ends the wait. */
  readonly limitMs: number;
  /** Whether the limit is what remains of the total time. */
  readonly byDeadline: boolean;
  /** When the limit began, on the owner's clock. */
  readonly startMs: number;
  /** The deadline of the context that the work gets. */
  readonly deadlineMs: number;
}

/**
 * Calls `next` and settles by whatever comes first: its answer, the limit, or the caller's cancellation. On the limit the
 * context that `next` works with is cancelled, so that work which listens stops; work which does not runs on, its answer
 * is dropped and reported as late. Once `next` has answered in time its context is disposed, so that a listener which it
 * left (one read of `signal` is enough) does not stay with a caller's context that lives on.
 *
 * The clock lets what has arrived be read before the limit is judged. What is still missing when the limit is noticed late,
 * because this process was busy or stopped, may be so by our fault: the error says that (`noticedLate`).
 */
export function timedCall<Req, Res>(
  owner: TimedCallOwner,
  next: Service<Req, Res>,
  request: Req,
  context: CallContext,
  limit: CallLimit,
): Promise<Res> {
  return new RacedCall<Res>(owner, context, limit).begin(next, request);
}

/**
 * The same before a service that ends as soon as it is cancelled (`endsWhenCancelled`). There is no race then, so the caller
 * gets the promise of the work itself.
 */
export function watchedCall<Req, Res>(
  owner: TimedCallOwner,
  next: Service<Req, Res>,
  request: Req,
  context: CallContext,
  limit: CallLimit,
): Promise<Res> {
  return new WatchedCall<Res>(owner, context, limit).begin(next, request);
}

/** A call whose time may run out. */
abstract class TimedCall<Res> implements Follower<Res>, Limited {
  next: Follower<Res> | undefined = undefined;
  readonly owner: TimedCallOwner;
  readonly context: CallContext;
  readonly #limit: CallLimit;
  readonly #cancellation: Cancellation;
  /** The call that this one is a part of: what is told when time is over hears it there. */
  readonly #scope: ContextScope | undefined = currentScope();
  #time: TimeLimit | undefined;
  #facts = noFacts;
  #error: unknown;

  constructor(owner: TimedCallOwner, context: CallContext, limit: CallLimit) {
    this.owner = owner;
    this.context = context;
    this.#limit = limit;
    this.#cancellation = cancellationUnder(context);
  }

  /** Begins the time, and then the work: what that does before it answers a promise takes time as well. */
  protected call<Req>(next: Service<Req, Res>, request: Req): Promise<Res> {
    const { limitMs, startMs, deadlineMs } = this.#limit;
    if (limitMs <= LONGEST_TIMER_MS) this.#time = this.owner.limits.begin(this, startMs, limitMs);
    return callSafely(next, request, this.context.with({ deadlineMs, cancellation: this.#cancellation }));
  }

  expired(): void {
    if (this.#scope) this.#scope.run(() => this.expire());
    else this.expire();
  }

  protected abstract expire(): void;
  abstract answered(value: Res): Promise<Res> | undefined;
  abstract failed(error: unknown): Promise<Res> | undefined;

  /** Cancels the work because time is over. */
  protected cancelWork(): void {
    const { limitMs, byDeadline, startMs } = this.#limit;
    this.#facts = lateFacts(this.owner.limits.clock.now() - startMs - limitMs, limitMs);
    this.#error = this.owner.expired(this.context, limitMs, byDeadline, this.#facts);
    this.#cancellation.cancel(this.#error);
  }

  /** What the call ends with when time is over. */
  protected error(): unknown {
    const { limitMs, byDeadline } = this.#limit;
    const unsent = this.#cancellation.notSent && this.owner.unsent?.(this.context, limitMs, byDeadline, this.#facts);
    return unsent || this.#error;
  }

  protected stopTime(): void {
    this.#time?.end();
  }

  /** The call has ended. */
  protected over(): void {
    this.stopTime();
    this.#cancellation[Symbol.dispose]();
  }
}

/** Work that may not listen to its context: whoever waits gets a promise that does not depend on it. */
class RacedCall<Res> extends TimedCall<Res> {
  #resolve!: (answer: Res | Promise<Res>) => void;
  #reject!: (error: unknown) => void;
  #waiting = true;
  #subscription: Disposable | undefined;

  begin<Req>(next: Service<Req, Res>, request: Req): Promise<Res> {
    const answer = new Promise<Res>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const work = this.call(next, request);
    this.#subscription = this.context.onCancel((reason) => {
      this.stopTime();
      this.#giveUp(reason);
    });
    work.then(
      (value) => {
        // Before the caller is told: a bulkhead that hears of the end counts its places at once.
        workEnded(request, work);
        if (this.#waiting) this.#end(value);
        else this.owner.late(this.context);
      },
      (error) => {
        workEnded(request, work);
        if (!this.#waiting) return;
        this.over();
        this.#giveUp(error);
      },
    );
    // A callee that cancels its own caller has settled it by now: nobody can have been told yet.
    return this.#waiting ? toldBy(answer, this) : answer;
  }

  protected override expire(): void {
    this.#subscription?.[Symbol.dispose]();
    this.cancelWork();
    this.#giveUp(this.error());
  }

  #end(value: Res): void {
    this.#waiting = false;
    this.over();
    this.#resolve(tellAnswer(this, value));
  }

  #giveUp(error: unknown): void {
    this.#waiting = false;
    const taken = tellFailure(this, error);
    if (taken) this.#resolve(taken);
    else this.#reject(error);
  }

  protected override over(): void {
    super.over();
    this.#subscription?.[Symbol.dispose]();
  }

  /** It is the first of those who follow its promise, and has nothing to learn from itself. */
  override answered(): undefined {}
  override failed(): undefined {}
}

/** Work that ends as soon as it is cancelled: whoever waits gets its own promise. */
class WatchedCall<Res> extends TimedCall<Res> {
  #expired = false;

  begin<Req>(next: Service<Req, Res>, request: Req): Promise<Res> {
    return follow(this.call(next, request), this);
  }

  protected override expire(): void {
    this.#expired = true;
    this.cancelWork();
  }

  override answered(): Promise<Res> | undefined {
    this.over();
    if (!this.#expired) return undefined;
    this.owner.late(this.context);
    return Promise.reject(this.error());
  }

  override failed(error: unknown): Promise<Res> | undefined {
    // Its cancellation may be telling others just now, who must be told as well.
    if (this.context.cancelled || this.#expired) this.stopTime();
    else this.over();
    if (!this.#expired) return undefined;
    const own = this.error();
    return own === error ? undefined : Promise.reject(own);
  }
}

/** What is to be said of a limit that was noticed so much too late. */
export function lateFacts(lateMs: number, limitMs: number): LimitFacts {
  return lateMs > Math.max(LATE_MS, limitMs * LATE_SHARE) ? noticedLate : noFacts;
}
