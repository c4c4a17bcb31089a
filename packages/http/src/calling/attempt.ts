/**
 * One attempt at a request, on any wire, from when it is sent until there is an answer or nobody waits for one. A wire delivers
 * answers outside the async context of their calls, so the attempt only collects them there. Whoever waits for the answer reads
 * it, so that schemas run in the context of their own call.
 */
import { abandonOnCancel, type CallContext, tellNotSent } from '@fwk/kernel';
import type { OperationResponse } from './operation-request.js';

/** What stands before the body of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** A header; where it came several times, its values joined by commas. @param name - in lower case */
  all(name: string): string | undefined;
}

/** See the head of this file. */
export abstract class Attempt {
  /** Ends the wait for cancellation; set right after the attempt was sent. */
  subscription: Disposable | undefined;
  readonly #context: CallContext;
  readonly #resolve: (answered: Attempt) => void;
  readonly #reject: (error: unknown) => void;
  #settled = false;

  constructor(context: CallContext, resolve: (answered: Attempt) => void, reject: (error: unknown) => void) {
    this.#context = context;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** True once there is an answer, or nobody waits for one. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether the wire has begun to send the request. While it has not, nothing of it was written. */
  protected abstract get sent(): boolean;

  /** The caller gave up; the reason is its own. */
  cancel(reason: unknown): void {
    if (this.#settled) return;
    if (!this.sent) tellNotSent(this.#context);
    this.fail(reason);
    this.giveUp();
  }

  /** The head of the answer, once it is there, on wires that have one. */
  get answerHead(): AnswerHead | undefined {
    return undefined;
  }

  /** The answer, once it is there. */
  abstract read(): OperationResponse | Promise<OperationResponse>;

  /** Tells the wire that nobody waits for the answer any more. */
  protected abstract giveUp(): void;

  /** The answer is there. */
  protected succeed(): void {
    this.settle();
    this.#resolve(this);
  }

  /** There will be no answer. */
  protected fail(error: unknown): void {
    if (this.#settled) return;
    this.settle();
    this.#reject(error);
  }

  /** Nobody waits for the answer from here on. */
  protected settle(): void {
    this.#settled = true;
    this.subscription?.[Symbol.dispose]();
  }
}

/**
 * Reads the answer of an attempt for its caller. A schema that answers later knows nothing of the context, so it is not
 * waited for once that is cancelled.
 */
export function readIn(context: CallContext, attempt: Attempt): OperationResponse | Promise<OperationResponse> {
  const answer = attempt.read();
  return answer instanceof Promise ? abandonOnCancel(context, answer) : answer;
}
