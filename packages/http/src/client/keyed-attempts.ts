/**
 * Calls with an idempotency key are done once, although the servers that may answer them do not know of each other. An
 * attempt that got no answer may still be at work where it went, so the next attempt goes there too: it gets the answer of
 * the first, or is told that the first is at work, and then waits for it as long as the call has time.
 *
 * State: where the attempts of each call under way went, kept by its request, which is the same for all of them. Place:
 * inside retry, which makes the attempts and would spend them on waiting; outside the balancer, which is told where to go.
 * Cancellation ends the wait at once.
 */
import { type EndpointChoice, endpointChoiceKey } from '@fwk/discovery';
import {
  type CallContext,
  type Env,
  isFwkError,
  judgeError,
  type Layer,
  type Service,
  type Status,
  sleep,
} from '@fwk/kernel';
import type { RemoteError } from '../wire/remote-error.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';

/** Between two questions whether an answer is there, doubling from the first to the last, in milliseconds. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

type Next = Service<OperationRequest, OperationResponse>;

/** Makes the layer. */
export function keyedAttempts(): Layer<OperationRequest, OperationResponse> {
  return { role: 'keyed-attempts', wrap: (next, env) => new KeyedAttempts(next, env) };
}

/** What is known of the attempts of one call. */
interface Attempts extends EndpointChoice {
  /** An attempt may still be at work where the last went. */
  atWork: boolean;
}

class KeyedAttempts implements Next {
  readonly #next: Next;
  readonly #env: Env;
  readonly #attempts = new WeakMap<OperationRequest, Attempts>();

  constructor(next: Next, env: Env) {
    this.#next = next;
    this.#env = env;
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (request.idempotencyKey === undefined) return this.#next.call(request, context);
    let attempts = this.#attempts.get(request);
    if (!attempts) {
      attempts = { last: undefined, keep: false, atWork: false };
      this.#attempts.set(request, attempts);
    }
    return this.#attempt(request, context.with({ values: [endpointChoiceKey.of(attempts)] }), attempts);
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  async #attempt(request: OperationRequest, context: CallContext, attempts: Attempts): Promise<OperationResponse> {
    for (let waits = 0; ; waits++) {
      try {
        return await this.#next.call(request, context);
      } catch (error) {
        if (!isInProgress(error)) {
          this.#learn(attempts, error, context, request);
          throw error;
        }
        attempts.keep = true;
        attempts.atWork = true;
        await this.#wait(waits, error, context);
      }
    }
  }

  /** Whether the next attempt must go where this one went. */
  #learn(attempts: Attempts, error: unknown, context: CallContext, request: OperationRequest): void {
    const { sent } = judgeError(this.#env, error, context, request);
    // An answer ends the work, whatever it says; and where nobody listens any more nobody is at work.
    if (isFwkError(error, 'FWK_HTTP_REMOTE') || isFwkError(error, 'FWK_HTTP_ANSWER_INVALID') || isRefused(error)) {
      attempts.atWork = false;
    } else if (sent !== false) attempts.atWork = true;
    attempts.keep = attempts.atWork;
  }

  #wait(waits: number, { traits }: RemoteError, context: CallContext): Promise<void> {
    const { clock, random } = this.#env;
    const askedMs = Math.min(traits.retryAfterMs ?? 0, LONGEST_WAIT_MS);
    const waitMs = Math.max(askedMs, Math.min(FIRST_WAIT_MS * 2 ** Math.min(waits, 10), LONGEST_WAIT_MS));
    return sleep(clock, waitMs * (0.75 + random() / 2), context);
  }
}

function isInProgress(error: unknown): error is RemoteError {
  return isFwkError(error, 'FWK_HTTP_REMOTE') && error.details.remoteCode === 'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS';
}

function isRefused(error: unknown): boolean {
  return isFwkError(error, 'FWK_HTTP_CONNECTION') && error.details.reason === 'ECONNREFUSED';
}
