import {
  attemptKey,
  type CallContext,
  type Cancellable,
  CancelledError,
  type ContextEntry,
  callSafely,
  cancellable,
  type Env,
  type Service,
  type Timer,
  triedKey,
  type Verdict,
} from '@fwk/kernel';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import { partOf } from '../layer/call-frame.js';
import { judgeCallError, judgeCallResult, releaseEnding } from '../layer/judge-call.js';

/** The layer that a race belongs to. */
export interface RaceOwner<Req, Res> {
  readonly next: Service<Req, Res>;
  readonly env: Env;
  /** Asked before each extra attempt: whether it may be sent. */
  allowed(request: Req, context: CallContext, because: 'slow' | 'failed'): boolean;
  /** The call got its answer. */
  answered(context: CallContext, byExtra: boolean): void;
  /** An attempt answered when nobody wanted its answer any more. */
  discarded(): void;
}

/** When extra attempts are sent. */
export interface RaceTimes {
  /** How long the latest attempt may take before the next is sent, in milliseconds; `Infinity` for no matter how long. */
  readonly delayMs: number;
  /** Extra attempts at most. */
  readonly maxHedges: number;
  /** Whether the next is sent at once when one fails in a way that may be tried again. */
  readonly onFailure: boolean;
}

/** How an attempt ended: whether that is an answer (also one that says no) or a failure, and what to tell the caller. */
interface Ending {
  /** Which attempt it was; the first is 0. */
  readonly index: number;
  readonly isAnswer: boolean;
  readonly retryable: boolean;
  readonly tell: () => void;
  /** The result or the error. */
  readonly what: unknown;
}

/**
 * Calls `next`, and again whenever the latest attempt takes longer than `delayMs` or, if that is wanted, one fails, as long as
 * the owner allows it. The first answer wins and the other attempts are cancelled. A failure waits for those that are under
 * way; when all fail, the error of the first is told. Cancelling the caller ends all at once with the caller's own reason.
 */
export function race<Req, Res>(
  owner: RaceOwner<Req, Res>,
  request: Req,
  context: CallContext,
  times: RaceTimes,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    new Race(owner, request, context, times, resolve, reject).start();
  });
}

class Race<Req, Res> {
  readonly #owner: RaceOwner<Req, Res>;
  readonly #request: Req;
  readonly #context: CallContext;
  readonly #times: RaceTimes;
  readonly #resolve: (value: Res) => void;
  readonly #reject: (error: unknown) => void;
  /** What all attempts have in common: where each is, so that no other goes there; an attempt outside may know of more. */
  readonly #values: readonly ContextEntry[];
  readonly #running = new Set<Cancellable>();
  /** Attempts sent so far. */
  #sent = 0;
  #timer: Timer | undefined;
  #subscription: Disposable | undefined;
  /** Of those that failed, the one that was sent first. */
  #failed: Ending | undefined;
  #over = false;
  /** What the caller got. */
  #told: Ending | undefined;

  constructor(
    owner: RaceOwner<Req, Res>,
    request: Req,
    context: CallContext,
    times: RaceTimes,
    resolve: (value: Res) => void,
    reject: (error: unknown) => void,
  ) {
    this.#owner = owner;
    this.#request = request;
    this.#context = context;
    this.#values = context.get(triedKey) ? [] : [triedKey.of([])];
    this.#times = times;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#subscription = this.#context.onCancel((reason) => {
      this.#finish();
      this.#reject(reason);
    });
    this.#send();
  }

  /** @returns whether another attempt was sent */
  #sendExtra(because: 'slow' | 'failed'): boolean {
    if (this.#sent > this.#times.maxHedges || !this.#owner.allowed(this.#request, this.#context, because)) return false;
    this.#clearTimer();
    this.#send();
    return true;
  }

  #send(): void {
    const { next, env } = this.#owner;
    const index = this.#sent++;
    // Before the attempt, which may already end this race while it is being called.
    if (this.#sent <= this.#times.maxHedges) this.#awaitNext();
    const attempt = cancellable(this.#context, { values: index === 0 ? this.#values : this.#valuesOf(index) });
    const request = partOf(this.#request);
    this.#running.add(attempt);
    callSafely(next, request, attempt.context).then(
      (value) => {
        if (this.#over) this.#owner.discarded();
        const verdict = judgeCallResult(env, value, this.#context, request);
        const isAnswer = verdict.outcome !== 'failure';
        this.#ended(
          attempt,
          ending(index, isAnswer, verdict, value, () => this.#resolve(value)),
        );
      },
      (error) => {
        const verdict = judgeCallError(env, error, this.#context, request);
        // An error that is no failure is the callee's word. A refusal on the way to it is none: another attempt may get one.
        const isAnswer = verdict.outcome !== 'failure' && verdict.sent !== false;
        this.#ended(
          attempt,
          ending(index, isAnswer, verdict, error, () => this.#reject(error)),
        );
      },
    );
  }

  #valuesOf(index: number): readonly ContextEntry[] {
    return [...this.#values, attemptKey.of(this.#context.get(attemptKey) + index)];
  }

  #awaitNext(): void {
    const { delayMs } = this.#times;
    if (delayMs > LONGEST_TIMER_MS) return;
    this.#timer = this.#owner.env.clock.setTimer(() => {
      this.#timer = undefined;
      this.#sendExtra('slow');
    }, delayMs);
  }

  #ended(attempt: Cancellable, ended: Ending): void {
    this.#running.delete(attempt);
    attempt[Symbol.dispose]();
    if (this.#over) {
      this.#release(ended, this.#told);
      return;
    }
    if (!ended.isAnswer) {
      if (this.#failed === undefined || ended.index < this.#failed.index) {
        this.#release(this.#failed, ended);
        this.#failed = ended;
      } else this.#release(ended, this.#failed);
      if (this.#times.onFailure && ended.retryable && this.#sendExtra('failed')) return;
      if (this.#running.size > 0) return;
    }
    this.#finish();
    // The caller hears of it before the cancelled losers can answer with errors of their own.
    this.#told = ended.isAnswer ? ended : this.#failed;
    if (!ended.isAnswer) {
      this.#failed?.tell();
      return;
    }
    ended.tell();
    this.#release(this.#failed, ended);
    this.#owner.answered(this.#context, ended.index > 0);
    for (const loser of this.#running) loser.cancel(new CancelledError('another attempt answered first'));
  }

  #finish(): void {
    this.#over = true;
    this.#clearTimer();
    this.#subscription?.[Symbol.dispose]();
  }

  /** @param kept - what the caller gets, which may be the very same result */
  #release(ended: Ending | undefined, kept: Ending | undefined): void {
    if (ended && ended.what !== kept?.what) releaseEnding(this.#owner.env, ended.what);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#owner.env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

function ending(index: number, isAnswer: boolean, verdict: Verdict, what: unknown, tell: () => void): Ending {
  return { index, isAnswer, retryable: verdict.retryable, tell, what };
}
