/** The answer that a caller got and the one to its copy, until both are there and compared. */
import { type Clock, type Follower, isFwkError, messageOf, settleWithin } from '@fwk/kernel';
import type { OperationResponse } from '../calling/operation-request.js';
import type { RemoteError } from '../wire/remote-error.js';
import type { ShadowOptions } from './shadow-options.js';

/** What came of comparing. */
export interface Comparison {
  readonly result: 'same' | 'different' | 'failed' | 'uncompared' | 'comparator-failed';
  /** What differs, or why nothing could be compared; for people. */
  readonly why: string;
}

/** What is compared of an answer; undefined where there is none. */
interface Answer {
  readonly status: number;
  readonly value: unknown;
  /** Set where the value does not fit the contract, or cannot be kept. */
  readonly problem?: string;
}

/** Longest sentence of a comparator that is passed on. */
const longestWhy = 200;

/** See the head of this file. Follows the call of the caller. */
export class AnswerPair implements Follower<OperationResponse> {
  next: Follower<OperationResponse> | undefined = undefined;
  readonly #clock: Clock;
  readonly #compare: ShadowOptions['compare'];
  readonly #limitMs: number;
  readonly #original: Promise<Answer | undefined>;
  #resolve!: (original: Answer | undefined) => void;

  constructor(clock: Clock, { compare, timeoutMs }: Pick<ShadowOptions, 'compare' | 'timeoutMs'>) {
    this.#clock = clock;
    this.#compare = compare;
    this.#limitMs = timeoutMs;
    this.#original = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  answered({ status, value }: OperationResponse): undefined {
    this.#resolve(this.#kept(status, value));
  }

  failed(error: unknown): undefined {
    this.#resolve(answerOf(error));
  }

  /** Compares with the answer to the copy, as soon as both are there. Never rejects. */
  async with(copy: Promise<OperationResponse>, operation: string): Promise<Comparison> {
    let answer: Answer | undefined;
    let reason: unknown;
    try {
      answer = await copy;
    } catch (error) {
      answer = answerOf(error);
      reason = error;
    }
    const original = await this.#original;
    if (!answer) return { result: 'failed', why: shortened(reason) };
    if (!original) return { result: 'uncompared', why: 'the call itself got no answer' };
    if (answer.problem !== undefined) return { result: 'different', why: answer.problem };
    if (answer.status !== original.status) {
      return { result: 'different', why: `status ${answer.status} in place of ${original.status}` };
    }
    return this.#compareValues(original, answer, operation);
  }

  /** The caller may change its answer while the copy is under way. */
  #kept(status: number, value: unknown): Answer {
    if (!this.#compare) return { status, value: undefined };
    try {
      return { status, value: structuredClone(value) };
    } catch (error) {
      return { status, value: undefined, problem: shortened(error) };
    }
  }

  /** What the comparator says, which may not take longer than a copy. */
  #judged<T>(answer: T | Promise<T>): Promise<T> {
    return settleWithin(Promise.resolve(answer), {
      clock: this.#clock,
      limitMs: this.#limitMs,
      inBackground: true,
      late: () => {
        throw new Error(`it has not answered within ${this.#limitMs} ms`);
      },
    });
  }

  async #compareValues(original: Answer, copy: Answer, operation: string): Promise<Comparison> {
    if (!this.#compare || copy.status >= 300) return { result: 'same', why: '' };
    if (original.problem !== undefined) return { result: 'comparator-failed', why: original.problem };
    try {
      const judged = await this.#judged(this.#compare(original.value, copy.value, operation));
      if (judged === true) return { result: 'same', why: '' };
      if (judged === false) return { result: 'different', why: 'the comparator says so' };
      if (typeof judged === 'string') return { result: 'different', why: judged.slice(0, longestWhy) };
      return { result: 'comparator-failed', why: 'it answered neither true, false nor a text' };
    } catch (error) {
      return { result: 'comparator-failed', why: shortened(error) };
    }
  }
}

/** An error status is an answer; so is one that does not fit the contract. */
function answerOf(error: unknown): Answer | undefined {
  if (isFwkError(error, 'FWK_HTTP_REMOTE')) return { status: (error as RemoteError).status, value: undefined };
  if (isFwkError(error, 'FWK_HTTP_ANSWER_INVALID')) return { status: 0, value: undefined, problem: shortened(error) };
  return undefined;
}

function shortened(error: unknown): string {
  return messageOf(error).slice(0, longestWhy);
}
