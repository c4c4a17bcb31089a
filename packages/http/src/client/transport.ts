/**
 * Puts a request on the wire: the innermost service of a client. It finds the endpoint that the balancer chose in the
 * context and keeps a pool of connections for each, which is closed when the endpoint leaves and its last calls are
 * answered. Adds no limits of its own: time, retries and choice are the layers' business.
 */
import { formatTraceparent, traceKey } from '@fwk/core';
import { type Endpoint, endpointKey } from '@fwk/discovery';
import {
  abandonOnCancel,
  attemptKey,
  type CallContext,
  type Clock,
  type Live,
  priorityKey,
  type Service,
  type Status,
  tellNotSent,
} from '@fwk/kernel';
import type { Dispatcher, Pool } from 'undici';
import { headerNames } from '../wire/headers.js';
import { AttemptHandler } from './attempt-handler.js';
import { ClientClosedError } from './client-errors.js';
import { connector } from './connector.js';
import { loadPool, loadUpgrade } from './load-pool.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';
import { areWatched, sendWatched } from './watched-request.js';

/** What a transport is made of. */
export interface TransportParts {
  readonly service: string;
  readonly endpoints: Live<readonly Endpoint[]>;
  readonly clock: Clock;
  readonly maxAnswerBytes: number;
  readonly maxConnections: number;
  /** How long making a connection may take, in milliseconds; read for each. */
  readonly connectTimeoutMs: () => number;
}

/** See the head of this file. */
export class Transport implements Service<OperationRequest, OperationResponse>, AsyncDisposable {
  readonly #parts: TransportParts;
  readonly #pools = new Map<Endpoint, Pool>();
  readonly #subscription: Disposable;
  /** Pools of endpoints that left, until their last calls are answered. */
  readonly #leaving = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#subscription = parts.endpoints.subscribe((endpoints) => this.#retire(new Set(endpoints)));
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#closed) return Promise.reject(new ClientClosedError(this.#parts.service));
    const endpoint = context.get(endpointKey);
    if (!endpoint) return Promise.reject(new TypeError('the transport was called without a balancer'));
    const pool = this.#pools.get(endpoint);
    if (pool) return this.#send(pool, endpoint, request, context);
    return this.#open(endpoint, context).then((opened) => this.#send(opened, endpoint, request, context));
  }

  status(): Status {
    return this.#closed ? 'closed' : 'ready';
  }

  /** Closes all connections once what is on them has been answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#subscription[Symbol.dispose]();
    this.#retire(new Set());
    await Promise.all(this.#leaving);
  }

  #send(pool: Pool, endpoint: Endpoint, request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const { clock, maxAnswerBytes } = this.#parts;
    const answered = new Promise<AttemptHandler>((resolve, reject) => {
      const handler = new AttemptHandler(request, endpoint.url, maxAnswerBytes, clock, context, resolve, reject);
      const trace = context.get(traceKey);
      const traceparent = trace && formatTraceparent(trace);
      const options: Dispatcher.DispatchOptions = {
        method: request.operation.plan.method,
        path: request.path,
        headers: this.#headers(request, context, traceparent, trace?.tracestate),
        body: request.body ?? null,
      };
      if (trace && traceparent && areWatched()) sendWatched(trace, traceparent, () => pool.dispatch(options, handler));
      else pool.dispatch(options, handler);
      if (!handler.settled) handler.subscription = context.onCancel((reason) => handler.cancel(reason));
    });
    // In the context of this call; see the handler.
    return answered.then(readAnswer);
  }

  /** Names and values in turn: undici takes them as they are. What has its default is left out. */
  #headers(
    { operation, idempotencyKey }: OperationRequest,
    context: CallContext,
    traceparent: string | undefined,
    tracestate: string | undefined,
  ): string[] {
    const headers = [...operation.headers];
    if (traceparent) headers.push(headerNames.traceparent, traceparent);
    if (tracestate) headers.push(headerNames.tracestate, tracestate);
    if (context.deadlineMs !== Number.POSITIVE_INFINITY) {
      const remainingMs = Math.max(0, Math.floor(context.deadlineMs - this.#parts.clock.now()));
      headers.push(headerNames.deadlineMs, String(remainingMs));
    }
    const attempt = context.get(attemptKey);
    if (attempt > 1) headers.push(headerNames.attempt, String(attempt));
    const priority = context.get(priorityKey);
    if (priority !== 'default') headers.push(headerNames.priority, priority);
    if (idempotencyKey !== undefined) headers.push(headerNames.idempotencyKey, idempotencyKey);
    return headers;
  }

  async #open(endpoint: Endpoint, context: CallContext): Promise<Pool> {
    const untold = context.onCancel(() => tellNotSent(context));
    const Constructor = await abandonOnCancel(context, loadPool());
    const upgrade = endpoint.url.startsWith('https:') ? await abandonOnCancel(context, loadUpgrade()) : undefined;
    untold[Symbol.dispose]();
    if (this.#closed) throw new ClientClosedError(this.#parts.service);
    const known = this.#pools.get(endpoint);
    if (known) return known;
    const { clock, maxConnections, connectTimeoutMs } = this.#parts;
    const pool = new Constructor(endpoint.url, {
      connections: maxConnections,
      // Time is the layers' business; two timers more for each call would be only cost.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector(clock, connectTimeoutMs, upgrade),
    });
    this.#pools.set(endpoint, pool);
    return pool;
  }

  #retire(staying: ReadonlySet<Endpoint>): void {
    for (const [endpoint, pool] of this.#pools) {
      if (staying.has(endpoint)) continue;
      this.#pools.delete(endpoint);
      const closed: Promise<void> = pool.close().finally(() => this.#leaving.delete(closed));
      this.#leaving.add(closed);
    }
  }
}

function readAnswer(answered: AttemptHandler): OperationResponse | Promise<OperationResponse> {
  return answered.read();
}
