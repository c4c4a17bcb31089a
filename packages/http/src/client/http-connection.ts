/**
 * The connections to one endpoint: a service that puts requests on the wire. Each endpoint of a client has one, made by
 * the balancer, which disposes of it when the endpoint has left and its last call is over. State: the pool of its
 * connections, made at the first call. It adds no limits of its own: time, retries and choice belong to the layers.
 */
import { formatTraceparent, traceKey } from '@fwk/core';
import type { Endpoint } from '@fwk/discovery';
import {
  abandonOnCancel,
  attemptKey,
  type CallContext,
  type Clock,
  markCancellable,
  priorityKey,
  type Service,
  type Status,
  tellNotSent,
  thenTold,
} from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import { headerNames } from '../wire/headers.js';
import { AttemptHandler } from './attempt-handler.js';
import { ClientClosedError } from './client-errors.js';
import { type ConnectionTls, tlsUpgrade } from './client-tls.js';
import { ConnectionPool, type SendableAttempt } from './connection-pool.js';
import { connector } from './connector.js';
import { loadUndici } from './load-undici.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';
import { areWatched, sendWatched } from './watched-request.js';
import type { WireAttempt } from './wire-attempt.js';

/** What the connections of all endpoints of a client have in common. */
export interface ConnectionParts {
  readonly service: string;
  readonly clock: Clock;
  readonly maxAnswerBytes: number;
  readonly maxConnections: number;
  readonly tls: ConnectionTls;
  /** How long making a connection may take, in milliseconds; read for each. */
  readonly connectTimeoutMs: () => number;
}

/** Where the endpoint is. */
type Place = Pick<Endpoint, 'url' | 'socketPath'>;

/** The origin of requests over a Unix socket, which has no host and port. */
const socketOrigin = 'http://localhost';

/** See the head of this file. */
export class HttpConnection implements Service<OperationRequest, OperationResponse>, AsyncDisposable {
  /** URL of the endpoint, also for messages: `http://127.0.0.1:4001`, `unix:/run/inventory.sock`. */
  readonly #url: string;
  readonly #socketPath: string | undefined;
  readonly #parts: ConnectionParts;
  #pool: ConnectionPool | undefined;
  #closed = false;

  constructor({ url, socketPath }: Place, parts: ConnectionParts) {
    this.#url = parts.tls.demanded ? url.replace(/^http:/, 'https:') : url;
    this.#socketPath = socketPath;
    this.#parts = parts;
    markCancellable(this);
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#closed) return Promise.reject(new ClientClosedError(this.#parts.service));
    const pool = this.#pool;
    if (pool) return this.#send(pool, request, context);
    return this.#open(context).then((opened) => this.#send(opened, request, context));
  }

  status(): Status {
    return this.#closed ? 'closed' : 'ready';
  }

  /** Closes all connections once what is on them has been answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool?.close();
  }

  #send(pool: ConnectionPool, request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const { clock, maxAnswerBytes } = this.#parts;
    const { forwarded } = request;
    const answered = new Promise<WireAttempt>((resolve, reject) => {
      const handler: SendableAttempt = forwarded
        ? forwarded.attempt(this.#url, context, resolve, reject)
        : new AttemptHandler(request, this.#url, maxAnswerBytes, clock, context, resolve, reject);
      const trace = context.get(traceKey);
      const traceparent = trace && formatTraceparent(trace);
      const options: Dispatcher.DispatchOptions = {
        method: forwarded?.method ?? request.operation.plan.method,
        path: request.path,
        headers: this.#headers(request, context, traceparent, trace?.tracestate),
        body: forwarded ? forwarded.body : (request.body ?? null),
        bodyTimeout: forwarded ? forwarded.bodyTimeoutMs : 0,
      };
      if (trace && traceparent && areWatched()) sendWatched(trace, traceparent, () => pool.dispatch(options, handler));
      else pool.dispatch(options, handler);
      if (!handler.settled) handler.subscription = context.onCancel((reason) => handler.cancel(reason));
    });
    // In the context of this call; see the handler.
    return thenTold(answered, (attempt) => readAnswer(attempt, context));
  }

  /** Names and values in turn: undici takes them as they are. What has its default is left out. */
  #headers(
    { headers: own, idempotencyKey }: OperationRequest,
    context: CallContext,
    traceparent: string | undefined,
    tracestate: string | undefined,
  ): string[] {
    const headers = [...own];
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

  async #open(context: CallContext): Promise<ConnectionPool> {
    const untold = context.onCancel(() => tellNotSent(context));
    const { buildConnector, Client } = await abandonOnCancel(context, loadUndici());
    const upgrade = this.#url.startsWith('https:') ? tlsUpgrade(buildConnector, this.#parts.tls) : undefined;
    untold[Symbol.dispose]();
    if (this.#closed) throw new ClientClosedError(this.#parts.service);
    if (this.#pool) return this.#pool;
    const { clock, maxConnections, connectTimeoutMs } = this.#parts;
    const options = {
      // The layers limit the time, so these two timers for each call would be of no use.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector(clock, connectTimeoutMs, upgrade, this.#socketPath),
    };
    const origin = this.#socketPath === undefined ? this.#url : socketOrigin;
    this.#pool = new ConnectionPool(() => new Client(origin, options), maxConnections);
    return this.#pool;
  }
}

/** A schema that answers later knows nothing of the context, so it is not waited for once that is cancelled. */
function readAnswer(attempt: WireAttempt, context: CallContext): OperationResponse | Promise<OperationResponse> {
  const answer = attempt.read();
  return answer instanceof Promise ? abandonOnCancel(context, answer) : answer;
}
