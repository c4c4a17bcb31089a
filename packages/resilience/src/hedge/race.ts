import {
  attemptKey,
  type CallContext,
  type Cancellable,
  CancelledError,
  cancellable,
  type Env,
  type Service,
  type Timer,
} from '@fwk/kernel';
import { partOf } from '../layer/call-frame.js';
import { callSafely } from '../layer/call-safely.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';

/** The layer that a race belongs to. */
export interface RaceOwner<Req, Res> {
  readonly next: Service<Req, Res>;
  readonly env: Env;
  /** Asked when the first attempt has taken too long: whether a second may be sent. */
  allowed(request: Req): boolean;
  /** The call got its answer. */
  answered(context: CallContext, bySecond: boolean): void;
  /** An attempt answered when nobody wanted its answer any more. */
  discarded(): void;
}

/** How an attempt ended: what to tell the caller, and whether it is an answer (also one that says no) or a failure. */
interface Ending {
  readonly isAnswer: boolean;
  readonly tell: () => void;
}

/**
 * Calls `next`, and a second time if that takes longer than `delayMs` and the owner allows it. The first answer wins and
 * the other attempt is cancelled. A failure waits for the other attempt if that is under way; when both fail, the error of
 * the first is told. Cancelling the caller ends all at once with the caller's own reason.
 */
export function race<Req, Res>(
  owner: RaceOwner<Req, Res>,
  request: Req,
  context: CallContext,
  delayMs: number,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    new Race(owner, request, context, resolve, reject).start(delayMs);
  });
}

class Race<Req, Res> {
  readonly #owner: RaceOwner<Req, Res>;
  readonly #request: Req;
  readonly #context: CallContext;
  readonly #resolve: (value: Res) => void;
  readonly #reject: (error: unknown) => void;
  readonly #running = new Set<Cancellable>();
  #timer: Timer | undefined;
  #subscription: Disposable | undefined;
  #failed: Ending | undefined;
  #over = false;

  constructor(
    owner: RaceOwner<Req, Res>,
    request: Req,
    context: CallContext,
    resolve: (value: Res) => void,
    reject: (error: unknown) => void,
  ) {
    this.#owner = owner;
    this.#request = request;
    this.#context = context;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(delayMs: number): void {
    this.#timer = this.#owner.env.clock.setTimer(() => this.#sendSecond(), delayMs);
    this.#subscription = this.#context.onCancel((reason) => {
      this.#finish();
      this.#reject(reason);
    });
    this.#send(partOf(this.#request), cancellable(this.#context), false);
  }

  #sendSecond(): void {
    if (!this.#owner.allowed(this.#request)) return;
    const values = [attemptKey.of(this.#context.get(attemptKey) + 1)];
    this.#send(partOf(this.#request), cancellable(this.#context, { values }), true);
  }

  #send(request: Req, attempt: Cancellable, isSecond: boolean): void {
    const { next, env } = this.#owner;
    this.#running.add(attempt);
    callSafely(next, request, attempt.context).then(
      (value) => {
        if (this.#over) this.#owner.discarded();
        const isAnswer = judgeCallResult(env, value, this.#context, request).outcome !== 'failure';
        this.#ended(attempt, isSecond, { isAnswer, tell: () => this.#resolve(value) });
      },
      (error) => this.#ended(attempt, isSecond, { isAnswer: this.#isAnswer(error), tell: () => this.#reject(error) }),
    );
  }

  #ended(attempt: Cancellable, isSecond: boolean, ending: Ending): void {
    this.#running.delete(attempt);
    attempt[Symbol.dispose]();
    if (this.#over) return;
    if (!ending.isAnswer && this.#running.size > 0) {
      this.#failed = ending;
      return;
    }
    this.#finish();
    // The caller hears of it before the cancelled loser can answer with an error of its own.
    if (ending.isAnswer || !isSecond || this.#failed === undefined) ending.tell();
    else this.#failed.tell();
    if (ending.isAnswer) this.#owner.answered(this.#context, isSecond);
    for (const loser of this.#running) loser.cancel(new CancelledError('another attempt answered first'));
  }

  /** An error that is no failure is the callee's word. A refusal on the way to it is none: the other attempt may get one. */
  #isAnswer(error: unknown): boolean {
    const { outcome, sent } = judgeCallError(this.#owner.env, error, this.#context, this.#request);
    return outcome !== 'failure' && sent !== false;
  }

  #finish(): void {
    this.#over = true;
    if (this.#timer !== undefined) this.#owner.env.clock.clearTimer(this.#timer);
    this.#subscription?.[Symbol.dispose]();
  }
}
