/**
 * The connections over HTTP to one endpoint. State: the pool of its connections, made at the first call; and, after one was lost
 * with its request, whether another could be made since.
 */
import { formatTraceparent, isInOtel, withoutOtelSpans } from '@fwk/core';
import type { TakeReport } from '@fwk/discovery';
import { abandonOnCancel, type CallContext, TimeLimits, type TraceContext, tellNotSent } from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import type { Attempt } from '../calling/attempt.js';
import { ClientClosedError } from '../calling/client-errors.js';
import type { ConnectionParts, Place } from '../calling/connection-parts.js';
import { connector } from '../calling/connector.js';
import { type OperationRequest, type PooledAttempt, pathAt } from '../calling/operation-request.js';
import { Reconnecting } from '../calling/reconnecting.js';
import { type AttemptWriter, writeAttempt } from '../calling/write-attempt.js';
import { httpMetrics } from '../metrics.js';
import type { ProxyServer } from '../proxy/client-proxy.js';
import { headerNames } from '../wire/headers.js';
import { AttemptHandler } from './attempt-handler.js';
import { tlsUpgrade } from './client-tls.js';
import { ConnectionPool } from './connection-pool.js';
import { HttpAttempt } from './http-attempt.js';
import { loadUndici } from './load-undici.js';
import { StreamAttempt } from './stream-attempt.js';
import { areWatched, sendWatched } from './watched-request.js';

type Body = NonNullable<Dispatcher.DispatchOptions['body']> | null;

/** The origin of requests over a Unix socket, which has no host and port. */
const socketOrigin = 'http://localhost';

/** See the head of this file. */
export class HttpConnection {
  /** URL of the endpoint, also for messages: `http://127.0.0.1:4001`, `unix:/run/inventory.sock`. */
  readonly #url: string;
  readonly #place: Place;
  readonly #parts: ConnectionParts;
  readonly #reconnecting: Reconnecting;
  readonly #reported: TakeReport;
  readonly #proxy: ProxyServer | undefined;
  /** What stands before the paths of requests. */
  readonly #asked: string;
  readonly #proxyAuthorization: string | undefined;
  #pool: ConnectionPool | undefined;
  #closed = false;

  /** @param reported - takes what answers say of the server's load */
  constructor(place: Place, parts: ConnectionParts, reported: TakeReport) {
    this.#reported = reported;
    this.#url = place.url;
    this.#place = place;
    this.#parts = parts;
    this.#proxy = place.socketPath === undefined ? parts.proxy?.(place.url) : undefined;
    // A tunnel asks the proxy by itself; any other request tells the proxy where to go.
    const isGiven = this.#proxy && place.url.startsWith('http:');
    this.#asked = isGiven ? place.url : '';
    this.#proxyAuthorization = isGiven ? this.#proxy?.authorization : undefined;
    this.#reconnecting = new Reconnecting(parts, () => this.#reconnect());
  }

  /** False after a connection was lost with its request, until another could be made. */
  get ready(): boolean {
    return !this.#reconnecting.lost;
  }

  /** Whether the next request has to wait for a connection. */
  get full(): boolean {
    return this.#pool?.full ?? false;
  }

  /** Sends a request. The attempt is there when its answer is. */
  attempt(request: OperationRequest, context: CallContext): Promise<Attempt> {
    const pool = this.#pool;
    if (pool) return this.#send(pool, request, context);
    return this.#open(context).then((opened) => {
      if (context.cancelled) throw context.reason;
      return this.#send(opened, request, context);
    });
  }

  /** Closes all connections once what is on them has been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#reconnecting.close();
    await this.#pool?.close();
  }

  #send(pool: ConnectionPool, request: OperationRequest, context: CallContext): Promise<Attempt> {
    const { forwarded } = request;
    return new Promise<Attempt>((resolve, reject) => {
      const handler: PooledAttempt = forwarded
        ? forwarded.attempt(this.#url, context, resolve, reject)
        : this.#handlerFor(request, context, resolve, reject);
      const headers = new RequestHeaders(request.headers);
      writeAttempt(request, context, this.#parts, headers);
      if (this.#proxyAuthorization !== undefined) headers.header('proxy-authorization', this.#proxyAuthorization);
      const options: Dispatcher.DispatchOptions = {
        method: forwarded?.method ?? request.operation.plan.method,
        path: this.#asked + pathAt(this.#place, request),
        headers: headers.list,
        body: forwarded ? forwarded.body : bodyOf(request, handler, this.#parts),
        bodyTimeout: forwarded ? forwarded.bodyTimeoutMs : 0,
      };
      const { traced, traceparent } = headers;
      if (!traced || !areWatched()) pool.dispatch(options, handler);
      else if (isInOtel(traced)) pool.dispatch(options, handler, withoutOtelSpans);
      else sendWatched(traced, traceparent, () => pool.dispatch(options, handler));
      if (!handler.settled) handler.subscription = context.onCancel((reason) => handler.cancel(reason));
    });
  }

  #handlerFor(
    request: OperationRequest,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ): PooledAttempt {
    const { clock, maxAnswerBytes, maxRatio } = this.#parts;
    const limits = { maxBytes: maxAnswerBytes, maxRatio };
    const ends = [this.#url, limits, clock, this.#reported, context, resolve, reject] as const;
    const { stream } = request.operation.plan;
    return stream ? new StreamAttempt(request, stream, ...ends) : new AttemptHandler(request, ...ends);
  }

  async #open(context: CallContext): Promise<ConnectionPool> {
    const untold = context.onCancel(() => tellNotSent(context));
    const { buildConnector, Client } = await abandonOnCancel(context, loadUndici());
    const upgrade = this.#url.startsWith('https:') ? tlsUpgrade(buildConnector, this.#parts.tls) : undefined;
    untold[Symbol.dispose]();
    if (this.#closed) throw new ClientClosedError(this.#parts.service);
    if (this.#pool) return this.#pool;
    const { clock, maxConnections, connectTimeoutMs } = this.#parts;
    const { socketPath } = this.#place;
    const options = {
      // The layers limit the time, so these two timers for each call would be of no use.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector(clock, connectTimeoutMs, upgrade, socketPath, this.#proxy),
    };
    const origin = socketPath === undefined ? this.#url : socketOrigin;
    this.#pool = new ConnectionPool(() => new Client(origin, options), maxConnections, this.#reconnecting);
    return this.#pool;
  }

  /** Makes a connection to see whether that is possible, and closes it: requests have connections of their own. */
  #reconnect(): void {
    import('../mux/connect-mux.js')
      .then(({ connectMux }) => connectMux(this.#place, this.#parts))
      .then(
        (socket) => {
          socket.destroy();
          this.#reconnecting.made();
        },
        () => this.#reconnecting.failed(),
      );
  }
}

function bodyOf(
  { body, bodyItems, operation }: OperationRequest,
  handler: PooledAttempt,
  parts: ConnectionParts,
): Body {
  if (!bodyItems || !(handler instanceof HttpAttempt)) return body ?? null;
  handler.bodyItems = bodyItems;
  const labels = { operation: operation.plan.id, direction: 'out' };
  const sent = parts.metrics.counter(httpMetrics['http.client.stream.items'], labels);
  const pieces: unknown = bodyItems.pieces((error) => handler.failBody(error), TimeLimits.of(parts.clock), sent);
  return isSendable(pieces) ? pieces : null;
}

/** Undici sends what any async iterable gives, though its types do not say so. */
function isSendable(pieces: unknown): pieces is NonNullable<Body> {
  return typeof pieces === 'object' && pieces !== null && Symbol.asyncIterator in pieces;
}

/** Names and values in turn: undici takes them as they are. */
class RequestHeaders implements AttemptWriter {
  readonly list: string[];
  traced: TraceContext | undefined;
  traceparent = '';

  constructor(own: readonly string[]) {
    this.list = [...own];
  }

  header(name: string, value: string): void {
    this.list.push(name, value);
  }

  trace(trace: TraceContext): void {
    this.traced = trace;
    this.traceparent = formatTraceparent(trace);
    this.list.push(headerNames.traceparent, this.traceparent);
  }

  deadline(remainingMs: number): void {
    this.list.push(headerNames.deadlineMs, String(remainingMs));
  }
}
