/**
 * Calls with an idempotency key are done once, although the servers that may answer them do not know of each other. An
 * attempt may still be at work where it went unless its answer proves otherwise, so the next attempt goes there too: it gets
 * the answer of the first, or is told that the first is at work, and then waits for it as long as the call has time. It
 * waits as well while that endpoint takes no connection: a process that is stopping has closed its port and still works.
 *
 * State: where the attempts of each call under way went, kept by its request, which is the same for all of them. Place:
 * inside retry, which makes the attempts and would spend them on waiting; outside the balancer, which is told where to go.
 * Cancellation ends the wait at once.
 */
import { type Endpoint, type EndpointChoice, endpointChoiceKey } from '@fwk/discovery';
import {
  backoffBound,
  type CallContext,
  type Env,
  isFwkError,
  judgeError,
  type Layer,
  type Service,
  type Status,
  sleep,
  stretched,
} from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { RemoteError } from '../wire/remote-error.js';

/**
 * Pauses between two requests that ask for the answer, in milliseconds: the first, then doubled up to the longest. The server may
 * ask for more.
 */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

type Next = Service<OperationRequest, OperationResponse>;

/** Makes the layer. */
export function keyedAttempts(): Layer<OperationRequest, OperationResponse> {
  return { role: 'keyed-attempts', wrap: (next, env) => new KeyedAttempts(next, env) };
}

/** What is known of the attempts of one call. */
interface Attempts extends EndpointChoice {
  /** The endpoint that may be at work for this key, or knows its answer. */
  workAt: Endpoint | undefined;
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
      attempts = { last: undefined, keep: false, workAt: undefined };
      this.#attempts.set(request, attempts);
    }
    return this.#attempt(request, context.with({ values: [endpointChoiceKey.of(attempts)] }), attempts);
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  async #attempt(request: OperationRequest, context: CallContext, attempts: Attempts): Promise<OperationResponse> {
    for (let waits = 0; ; waits++) {
      let askedMs = 0;
      try {
        const response = await this.#next.call(request, context);
        // Whoever judges this answer a failure and tries again is to get it again, not to have the work done elsewhere.
        stay(attempts, attempts.last);
        return response;
      } catch (error) {
        const { sent } = judgeError(this.#env, error, context, request);
        this.#learn(attempts, error, sent);
        if (isInProgress(error)) askedMs = error.traits.retryAfterMs ?? 0;
        // Not sent this time, but an earlier attempt was: going elsewhere might do the work twice.
        else if (sent !== false || attempts.workAt === undefined) throw error;
      }
      await this.#wait(waits, askedMs, context);
    }
  }

  /** Whether the next attempt must go where this one went. */
  #learn(attempts: Attempts, error: unknown, sent: boolean | undefined): void {
    const { last, workAt } = attempts;
    // The balancer goes elsewhere only when that endpoint is no member any more.
    const known = workAt === last ? workAt : undefined;
    const told = sent === false ? 'nothing' : tells(error);
    if (told === 'nothing') stay(attempts, known);
    else stay(attempts, told === 'over' ? undefined : last);
  }

  /** Waits at least as long as the endpoint asked; chance only makes it longer. */
  #wait(waits: number, askedMs: number, context: CallContext): Promise<void> {
    const { clock, random } = this.#env;
    const waitMs = Math.max(askedMs, backoffBound(waits, { baseMs: FIRST_WAIT_MS, capMs: LONGEST_WAIT_MS }));
    return sleep(clock, stretched(waitMs, 0.25, random), context);
  }
}

function stay(attempts: Attempts, workAt: Endpoint | undefined): void {
  attempts.workAt = workAt;
  attempts.keep = workAt !== undefined;
}

/**
 * What a failed attempt that was sent tells of the work under its key. `over`: it has ended. `nothing`: this attempt did
 * not begin it, an earlier one may have. `unknown`: it may go on, because the answer came before the end of the work, from
 * a server whose limit ran out or from a proxy, or because there was no answer that could be read.
 */
function tells(error: unknown): 'over' | 'nothing' | 'unknown' {
  if (!isFwkError(error, 'FWK_HTTP_REMOTE') || isInProgress(error)) return 'unknown';
  const { status, problem } = error as RemoteError;
  if (status < 500) return 'nothing';
  if (status === 500 || status === 501 || status === 505) return 'over';
  // Proxies answer these too; a problem with a code or a path is the server's own. It answers 504 when its limit ran out.
  if (status === 504 || (problem?.code ?? problem?.instance) === undefined) return 'unknown';
  return status === 503 ? 'nothing' : 'over';
}

function isInProgress(error: unknown): error is RemoteError {
  return isFwkError(error, 'FWK_HTTP_REMOTE') && error.details.remoteCode === 'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS';
}
