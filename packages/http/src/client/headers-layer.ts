/**
 * Puts what the client's headers function answers among the headers of each attempt.
 *
 * State: the headers of calls with an idempotency key that are under way, kept by their request. Place: inside retry and
 * hedging, so that each attempt has its own; outside the balancer, so that no endpoint is held for the time that the
 * function takes, or judged by its failure. Cancellation ends the wait at once. A function that answers at once costs no promise.
 */
import {
  attemptKey,
  type CallContext,
  type Env,
  isThenable,
  type Layer,
  type Service,
  type Status,
  settleWithin,
} from '@fwk/kernel';
import { HeadersFailedError, HeadersInvalidError } from '../calling/client-errors.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { addMissingHeaders, type WireHeaders } from '../wire/wire-headers.js';
import { givenHeaders, type HeadersFunction } from './client-headers.js';

type Next = Service<OperationRequest, OperationResponse>;

/**
 * Makes the layer.
 * @param service - that is called.
 * @param limitMs - how long the function may take.
 */
export function headersLayer(
  service: string,
  headers: HeadersFunction,
  limitMs: number,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'headers',
    describe: () => ({ timeoutMs: limitMs }),
    wrap: (next, env) => new HeadersLayer(next, env, service, headers, limitMs),
  };
}

class HeadersLayer implements Next {
  readonly #next: Next;
  readonly #env: Env;
  readonly #service: string;
  readonly #headers: HeadersFunction;
  readonly #limitMs: number;
  readonly #kept = new WeakMap<OperationRequest, OperationRequest>();

  constructor(next: Next, env: Env, service: string, headers: HeadersFunction, limitMs: number) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#headers = headers;
    this.#limitMs = limitMs;
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const kept = this.#kept.get(request);
    if (kept) return this.#next.call(kept, context);
    try {
      const answer: unknown = this.#ask(request, context);
      if (!isThenable(answer)) return this.#next.call(this.#add(request, answer), context);
      return this.#wait(request.operation.plan.id, answer, context).then((later) => {
        if (context.cancelled) throw context.reason;
        return this.#next.call(this.#add(request, later), context);
      });
    } catch (error) {
      return Promise.reject(context.cancelled ? context.reason : error);
    }
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  #ask({ operation, path, body: text, forwarded }: OperationRequest, context: CallContext): unknown {
    const { id } = operation.plan;
    const { method, body: sent } = forwarded ?? { method: operation.plan.method, body: text };
    const body = typeof sent === 'string' || sent instanceof Uint8Array ? sent : undefined;
    const attempt = context.get(attemptKey);
    try {
      const service = this.#service;
      return this.#headers({ service, operation: id, method, path, body, attempt, context });
    } catch (error) {
      throw new HeadersFailedError(id, 'threw', error);
    }
  }

  #add(request: OperationRequest, answer: unknown): OperationRequest {
    const { id } = request.operation.plan;
    let headers: WireHeaders;
    try {
      headers = givenHeaders(answer, (name, why) => {
        throw new HeadersInvalidError(id, name, why);
      });
    } catch (error) {
      throw error instanceof HeadersInvalidError
        ? error
        : new HeadersFailedError(id, 'answered an object that throws when it is read', error);
    }
    const added = { ...request, headers: addMissingHeaders(request.headers, headers) };
    if (request.idempotencyKey !== undefined) this.#kept.set(request, added);
    return added;
  }

  #wait(operation: string, answer: PromiseLike<unknown>, context: CallContext): Promise<unknown> {
    const work = Promise.resolve(answer).catch((error: unknown) => {
      throw new HeadersFailedError(operation, 'threw', error);
    });
    return settleWithin(work, {
      clock: this.#env.clock,
      limitMs: this.#limitMs,
      context,
      late: () => {
        throw new HeadersFailedError(operation, `took longer than headersTimeoutMs ${this.#limitMs}`);
      },
    });
  }
}
