/** The requests that are passed on to one service: a client without a contract, whose operations are the methods of HTTP. */
import { parseTrace } from '@fwk/core';
import { type CallRoute, routeKey } from '@fwk/discovery';
import { abandonOnCancel, type Clock, makeEnv, OptionsError, traceKey } from '@fwk/kernel';
import { breakerHandles, type HedgeOptions, hedge, httpClassifier, type PolicyKind } from '@fwk/resilience';
import { CallInvalidError, ClientClosedError } from '../calling/client-errors.js';
import { type ClientOperation, clientOperation, type OperationRequest } from '../calling/operation-request.js';
import { type ClientCore, clientCore } from '../client/client-core.js';
import { clientFields } from '../client/client-fields.js';
import {
  type ClientOptions,
  type ClientParts,
  clientDefaults,
  endpointBreakerDefaults,
} from '../client/client-options.js';
import { followedRateLimit } from '../client/client-policy.js';
import { endpointBreakers } from '../client/endpoint-breakers.js';
import { onlyFor } from '../client/only-for.js';
import { jsonContent } from '../contract/content.js';
import type { OperationPlan } from '../contract/contract.js';
import type { QuotaReader } from '../quota/quota-reader.js';
import { headerNames } from '../wire/headers.js';
import { addMissingHeaders, type WireHeaders } from '../wire/wire-headers.js';
import type { DispatchHandler, DispatchOptions } from './dispatch-types.js';
import { type ForwardedAnswer, ForwardedAttempt } from './forwarded-attempt.js';
import { modernHandler } from './modern-handler.js';
import { PassedRequest } from './passed-request.js';
import { headerOf, isShort, isWhole, passedHeaders, pathOf, readWhole } from './request-parts.js';

/** Options that need to know the operations of a contract, or read answers whole. */
const typedOnly = ['service', 'alternatives', 'costs', 'fallback', 'cache', 'coalesce', 'maxAnswerBytes'] as const;

/** Options of a service that is called without a contract; see {@link ClientOptions}. */
export type ServiceOptions = Partial<Omit<ClientOptions, (typeof typedOnly)[number]>>;

/** By method, whether doing it twice does no more than doing it once. */
const methods: ReadonlyMap<string, boolean> = new Map([
  ...['GET', 'HEAD', 'OPTIONS', 'QUERY', 'PUT', 'DELETE'].map((method) => [method, true] as const),
  ...['POST', 'PATCH'].map((method) => [method, false] as const),
]);
/** Stands for every other method. */
const OTHER = 'OTHER';
/** How long closing waits for the bodies of answers, in milliseconds: a body that nobody reads never ends. */
const CLOSING_MS = 2000;
const template = Object.freeze({ path: '', parameters: [], shape: '', route: '' });
const nameForm = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/** One method, for requests that may be sent twice and for those that may not. */
interface MethodOperations {
  readonly again: ClientOperation;
  readonly once: ClientOperation;
}

/** See the head of this file. */
export class ServiceRequests implements AsyncDisposable {
  readonly service: string;
  readonly #core: ClientCore;
  readonly #clock: Clock;
  /** Requests whose answer is not complete. */
  readonly #open = new Set<PassedRequest>();
  readonly #operations: ReadonlyMap<string, MethodOperations>;
  /** Headers that are added to each request that lacks them. */
  readonly #added: WireHeaders;

  /** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND` */
  constructor(service: string, options: ServiceOptions & ClientParts) {
    const owner = `requests to "${service}"`;
    checkService(owner, service, options);
    this.service = service;
    this.#clock = makeEnv(options.env).clock;
    const plans = [...methods.keys(), OTHER].map((method) => planOf(service, method));
    const kind = (_: string, quota: QuotaReader) => requestKind(service, plans, quota);
    this.#core = clientCore({ owner, service, plans, copies: false, passesOn: true, kind }, options);
    const { caller } = options;
    this.#added = { ...(caller !== undefined && { [headerNames.caller]: caller }), ...this.#core.constant };
    this.#operations = new Map(
      plans.map((plan) => {
        const once = clientOperation({ ...plan, idempotent: false }, options.caller);
        return [plan.name, { again: clientOperation(plan, options.caller), once }];
      }),
    );
  }

  /** Sends a request and gives the answer to its handler. @param route - where it wants to go; checked */
  send(options: DispatchOptions, given: DispatchHandler, route?: CallRoute): void {
    const { method } = options;
    const { again, once } = this.#operations.get(method) ?? (this.#operations.get(OTHER) as MethodOperations);
    const { id } = again.plan;
    const passed = new PassedRequest(
      {
        operation: id,
        method,
        bodyTimeoutMs: options.bodyTimeout ?? undefined,
        onEnd: (ended) => void this.#open.delete(ended),
      },
      modernHandler(given),
    );
    this.#open.add(passed);
    const trace = parseTrace({
      traceparent: headerOf(options.headers, headerNames.traceparent),
      tracestate: headerOf(options.headers, headerNames.tracestate),
    });
    const headers = passedHeaders(options.headers);
    const make = (operation: ClientOperation, body: DispatchOptions['body']): OperationRequest => {
      passed.setBody(body);
      return {
        operation,
        path: pathOf(options),
        body: undefined,
        headers: addMissingHeaders(headers, this.#added),
        idempotencyKey: undefined,
        given: undefined,
        forwarded: passed,
      };
    };
    passed.send(
      this.#core.operations,
      (context) => {
        if (options.upgrade || method === 'CONNECT') {
          const issue = { in: 'headers', path: 'upgrade', message: 'cannot be passed on to a service' } as const;
          throw new CallInvalidError(id, [issue], undefined, 'it is not a request that can be sent');
        }
        const { body } = options;
        if (isWhole(body)) return make(again, body);
        // A body that was read whole can be sent again and signed.
        if (!isShort(body, headers)) return make(once, body);
        return abandonOnCancel(context, readWhole(body)).then((whole) => make(again, whole));
      },
      [...(trace ? [traceKey.of(trace)] : []), ...(route ? [routeKey.of(route)] : [])],
    );
  }

  /** Lets its layers be described by what users hold of it. */
  showIn(surface: object): void {
    this.#core.showIn(surface);
  }

  /** Takes no more requests, and waits for those under way. Bodies of answers that have not ended after 2 s are given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#core.operations[Symbol.asyncDispose]();
    const timer = this.#clock.setTimer(() => {
      for (const passed of this.#open) passed.abortBody(new ClientClosedError(this.service));
    }, CLOSING_MS);
    await closed.finally(() => this.#clock.clearTimer(timer));
  }
}

function checkService(owner: string, service: string, options: object): void {
  const problems = typedOnly
    .filter((name) => Reflect.get(options, name) !== undefined)
    .map((name) => `${name} is for clients of a contract`);
  if (typeof service !== 'string' || !nameForm.test(service)) {
    problems.unshift('the name of the service must be lowercase letters, digits, "." or "-", at most 63 characters');
  } else if (!isHost(service)) {
    problems.unshift(
      'the name of the service must be a host name; in a URL this one would become an address, or be invalid',
    );
  }
  if (problems.length > 0) throw new OptionsError(owner, problems);
}

/** Whether a URL keeps the name as its host: `1234` becomes the address 0.0.4.210, and `xn--a` is invalid. */
function isHost(service: string): boolean {
  const url = `http://${service}/`;
  return !/^[\d.]+$/.test(service) && URL.canParse(url) && new URL(url).hostname === service;
}

function planOf(service: string, method: string): OperationPlan<string> {
  return Object.freeze({
    name: method,
    id: `${service}.${method}`,
    method,
    template,
    params: undefined,
    query: undefined,
    separators: undefined,
    headers: undefined,
    headerNames: undefined,
    body: undefined,
    content: jsonContent,
    response: undefined,
    answers: undefined,
    errors: undefined,
    idempotent: methods.get(method) ?? false,
    idempotencyKey: false,
    priority: undefined,
    timeoutMs: undefined,
  });
}

/**
 * What a policy means here. Its options may be meant for typed clients of the same service as well: what needs a contract
 * is passed over.
 */
function requestKind(service: string, plans: readonly OperationPlan<string>[], quota: QuotaReader): PolicyKind {
  const { balancer, ejection, routing, deadlineMs, timeoutMs, retry, breaker } = clientDefaults;
  return {
    name: 'client',
    label: service,
    scopes: ['call', 'endpoint'],
    builtIn: { balancer, ejection, routing, deadlineMs, timeoutMs, retry, breaker, classifier: answerClassifier },
    assumed: { breaker: endpointBreakerDefaults },
    operations: {
      names: plans.map(({ name }) => name),
      nameOf: (request) => (request as OperationRequest).operation.plan.name,
      passesOver: true,
    },
    // The clients with a contract that share the policy have these layers; here they are left out.
    completes: { cache: { keyOf: () => '', ttlMs: 1 }, coalesce: { keyOf: () => '' } },
    knowsIdempotence: true,
    // The wire is for the clients with a contract that share the policy; requests that are passed on go over HTTP.
    fields: clientFields,
    make: {
      fallback: () => [],
      cache: () => [],
      coalesce: () => [],
      hedge: (options) =>
        onlyFor(hedge(options as Partial<HedgeOptions>), ({ operation }) => operation.plan.idempotent),
      rateLimit: (options) => followedRateLimit(options, quota),
      breaker: (options, kit) => endpointBreakers(service, options, kit.list(breakerHandles)),
    },
  };
}

/** Judges answers by their status, and lets go of those that nobody gets. */
const answerClassifier: NonNullable<ClientOptions['classifier']> = Object.freeze({
  ofResult(result: unknown) {
    const verdict = httpClassifier.ofResult(result);
    const { headers } = result as Partial<ForwardedAnswer>;
    return verdict.retryable && headers?.[headerNames.retry] === 'no' ? { ...verdict, retryable: false } : verdict;
  },
  ofError: httpClassifier.ofError,
  release(ending: unknown) {
    const { value } = Object(ending) as { readonly value?: unknown };
    if (value instanceof ForwardedAttempt) value.discard();
  },
});
