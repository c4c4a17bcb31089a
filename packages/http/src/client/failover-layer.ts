/**
 * Goes on to the next provider of the same contract when one cannot answer: its breaker is open, its quota used up, it is not reached,
 * or it fails.
 *
 * State: none; each provider has a client of its own, with breakers, limits, credentials and connections. Place: inside deadline,
 * fallback and cache, which are those of the call whoever answers it; outside retry, so that a provider has had its attempts. What
 * may have been done is not asked of another, unless the operation only reads or is allowed to. Cancellation is passed on, and nobody
 * else is asked after it.
 */
import {
  type CallContext,
  callSafely,
  codeOf,
  type Env,
  emitInCall,
  isFwkError,
  judgeError,
  type Layer,
  type Live,
  messageOf,
  note,
  type Service,
  type Status,
  traceKey,
  type Verdict,
} from '@fwk/kernel';
import type { ClientOperation, OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { OperationPlan } from '../contract/contract.js';
import { httpMetrics } from '../metrics.js';
import type { RemoteError } from '../wire/remote-error.js';
import { addHeaders } from '../wire/wire-headers.js';
import type { FailoverOptions } from './failover-options.js';

type Next = Service<OperationRequest, OperationResponse>;

/** A further provider. */
export interface Alternative extends AsyncDisposable {
  /** Its name. */
  readonly service: string;
  readonly calls: Next;
  /** Its operations by name: its constant headers are its own. */
  readonly operations: ReadonlyMap<string, ClientOperation>;
}

const TOO_MANY_REQUESTS = 429;

/**
 * Makes the layer.
 * @param service - the first provider.
 * @param options - undefined for the defaults, false to ask nobody else.
 */
export function failoverLayer(
  service: string,
  alternatives: readonly Alternative[],
  options: Live<Partial<FailoverOptions> | false | undefined>,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'failover',
    describe: () => ({
      to: alternatives.map((each) => each.service),
      ...(options.value === false ? { off: true } : options.value),
    }),
    wrap: (next, env) => new FailoverLayer(next, env, service, alternatives, options),
  };
}

class FailoverLayer implements Next {
  readonly #next: Next;
  readonly #env: Env;
  readonly #service: string;
  readonly #alternatives: readonly Alternative[];
  readonly #options: Live<Partial<FailoverOptions> | false | undefined>;

  constructor(
    next: Next,
    env: Env,
    service: string,
    alternatives: readonly Alternative[],
    options: Live<Partial<FailoverOptions> | false | undefined>,
  ) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#alternatives = alternatives;
    this.#options = options;
  }

  async call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) throw context.reason;
    try {
      return await callSafely(this.#next, request, context);
    } catch (error) {
      return this.#goOn(error, request, context);
    }
  }

  /** Busy only while all are. */
  status(request?: OperationRequest): Status {
    const first = this.#next.status(request);
    if (first === 'ready' || this.#options.value === false) return first;
    return this.#alternatives.some(({ calls }) => calls.status(request) === 'ready') ? 'ready' : first;
  }

  async #goOn(first: unknown, request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    let error = first;
    let from = this.#service;
    for (const alternative of this.#alternatives) {
      if (!this.#mayGoOn(error, request, context)) break;
      const operation = alternative.operations.get(request.operation.plan.name);
      if (!operation) break;
      const { service } = alternative;
      const facts = { service: this.#service, from, to: service, operation: request.operation.plan.id };
      emitInCall(this.#env.events, context, 'failover.taken', {
        ...facts,
        code: codeOf(error),
        error: messageOf(error),
      });
      try {
        const answer = await callSafely(alternative.calls, moved(request, operation), context);
        this.#count(service, operation.plan, 'answered');
        note(context, 'fallback', service);
        context.get(traceKey)?.span?.set('fwk.failover', service);
        return answer;
      } catch (next) {
        this.#count(service, operation.plan, 'failed');
        error = next;
        from = service;
      }
    }
    throw error;
  }

  #mayGoOn(error: unknown, request: OperationRequest, context: CallContext): boolean {
    const options = this.#options.value;
    if (options === false || context.cancelled || context.deadlineMs <= this.#env.clock.now()) return false;
    if (request.bodyItems?.taken) return false;
    const verdict = judgeError(this.#env, error, context, request);
    if (verdict.outcome !== 'failure') return false;
    const { plan } = request.operation;
    return isUndone(error, verdict) || onlyReads(plan) || options?.repeat?.includes(plan.name) === true;
  }

  #count(to: string, { name }: OperationPlan<string>, result: string): void {
    const labels = { 'server.address': this.#service, to, operation: name, result };
    this.#env.metrics.counter(httpMetrics['http.client.failovers'], labels).add();
  }
}

/** Whether the callee certainly did nothing. Who answers that it was asked too often has not done what was asked. */
function isUndone(error: unknown, { sent, refusedBy }: Verdict): boolean {
  if (sent === false || refusedBy !== undefined) return true;
  return isFwkError(error, 'FWK_HTTP_REMOTE') && (error as RemoteError).status === TOO_MANY_REQUESTS;
}

/** PUT and DELETE may run twice at one provider, and would still be done at two. */
function onlyReads({ method, idempotent, idempotencyKey }: OperationPlan<string>): boolean {
  return method === 'GET' || (idempotent && !idempotencyKey && method === 'POST');
}

/** The request as another provider gets it: what the call gave, and nothing that is the first one's own. */
function moved(request: OperationRequest, operation: ClientOperation): OperationRequest {
  const { headers, operation: own } = request;
  if (headers === own.headers) return { ...request, operation, headers: operation.headers };
  const constant = new Map<string, string>();
  for (let index = 0; index < own.headers.length; index += 2) {
    constant.set(own.headers[index] as string, own.headers[index + 1] as string);
  }
  const given: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const [name, value] = [headers[index] as string, headers[index + 1] as string];
    if (constant.get(name) !== value) given[name] = value;
  }
  return { ...request, operation, headers: addHeaders(operation.headers, given) };
}
