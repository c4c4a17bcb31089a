/**
 * The Mux session with one endpoint, for all its calls. State: the session, opened by the first call and again after it has ended;
 * the calls that wait for it to open, or for room. When an endpoint turns out not to speak Mux, it is called over HTTP for a while.
 * When a session is lost with its calls, or its peer falls silent, calls go to other endpoints until there is a new one.
 */
import type { TakeReport } from '@fwk/discovery';
import { type CallContext, type Clock, isFwkError, messageOf, outside } from '@fwk/kernel';
import { type ClientSession, NotOpenedError, openSession, ProtocolError, SessionSeries } from '@fwk/mux';
import type { Attempt } from '../calling/attempt.js';
import { CallInvalidError, ClientClosedError, ConnectionError } from '../calling/client-errors.js';
import type { ConnectionParts, Place } from '../calling/connection-parts.js';
import type { OperationRequest } from '../calling/operation-request.js';
import { Reconnecting } from '../calling/reconnecting.js';
import { AttemptContexts } from './attempt-contexts.js';
import { connectMux, isHttp } from './connect-mux.js';
import { messageLimits } from './message-limits.js';
import { MuxAttempt } from './mux-attempt.js';

/** How long an endpoint that does not speak Mux is called over HTTP, in milliseconds: at first, and at most after doubling. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;
/** An answer to the opening of a session is waited for at least that long. */
const SHORTEST_OPEN_MS = 250;
/**
 * An endpoint that spoke Mux so short a time ago and does not answer is frozen or overloaded, and would not answer over HTTP
 * either. In milliseconds.
 */
const SPEAKS_MUX_MS = 60_000;
/** Most characters of a request's path with its query. */
const LONGEST_PATH = 65_535;

/** HTTP, for what cannot go over Mux. */
export interface Instead {
  /** False where HTTP is not served, or `wire` rules it out. */
  possible(): boolean;
  attempt(request: OperationRequest, context: CallContext): Promise<Attempt>;
}

/** See the head of this file. */
export class MuxConnection {
  readonly clock: Clock;
  readonly baggage: boolean;
  readonly maxAnswerBytes: number;
  readonly contexts: AttemptContexts;
  /** Takes what answers say of the server's load. */
  readonly reported: TakeReport;
  readonly #endpoint: Place;
  readonly #parts: ConnectionParts;
  readonly #instead: Instead;
  readonly #series: SessionSeries;
  readonly #waiting = new Set<MuxAttempt>();
  /** Sessions that take no more calls, and end with the last of theirs. */
  readonly #leaving = new Set<ClientSession>();
  #session: ClientSession | undefined;
  #opening = false;
  #closed: (() => void) | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #refusedUntilMs = 0;
  /** When the endpoint was last known to speak Mux. */
  #spokeMs = Number.NEGATIVE_INFINITY;
  readonly #reconnecting: Reconnecting;

  constructor(endpoint: Place, parts: ConnectionParts, instead: Instead, reported: TakeReport) {
    this.reported = reported;
    this.clock = parts.clock;
    this.baggage = parts.baggage;
    this.#series = new SessionSeries(parts.metrics, { side: 'client', 'server.address': parts.service });
    this.maxAnswerBytes = parts.maxAnswerBytes;
    this.contexts = new AttemptContexts(parts.clock);
    this.#endpoint = endpoint;
    this.#parts = parts;
    this.#instead = instead;
    this.#reconnecting = new Reconnecting(parts, () => this.#reconnect());
  }

  /** Whether it turned out a short time ago that the endpoint does not speak Mux. */
  get refused(): boolean {
    return this.#refusedUntilMs !== 0 && this.clock.now() < this.#refusedUntilMs;
  }

  /** Whether the next call goes out at once, or opens a session that is likely to open. */
  get ready(): boolean {
    if (this.#reconnecting.lost) return false;
    const status = this.#session?.status;
    return status === undefined || status === 'ready' || status === 'ended';
  }

  /** Open sessions. */
  get sessions(): number {
    return (this.#session ? 1 : 0) + this.#leaving.size;
  }

  get roundTripMs(): number | undefined {
    return this.#session?.roundTripMs;
  }

  /** Sends a request. The attempt is there when its answer is. */
  attempt(request: OperationRequest, context: CallContext): Promise<Attempt> {
    if (request.path.length > LONGEST_PATH) return this.#tooLong(request, context);
    return new Promise((resolve, reject) => {
      const attempt = new MuxAttempt(request, context, this, resolve, reject);
      if (this.#waiting.size > 0 || !this.#send(attempt)) this.#waiting.add(attempt);
      if (!attempt.settled) attempt.subscription = context.onCancel((reason) => attempt.cancel(reason));
    });
  }

  /** An attempt has ended that was sent, or the peer has read on: one that waits may have its place. */
  ended(): void {
    if (this.#waiting.size > 0) this.#sendWaiting();
  }

  /** An attempt was given up. */
  givenUp(attempt: MuxAttempt): void {
    if (!this.#waiting.delete(attempt)) this.ended();
  }

  /** Why a request got no answer. */
  failureOf({ operation }: OperationRequest, error: unknown, sent: boolean): ConnectionError {
    return new ConnectionError(operation.plan.id, this.#endpoint.url, sent, error);
  }

  /** Ends the session once all that is on it has been answered. */
  async close(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#reconnecting.close();
    for (const attempt of this.#takeWaiting()) attempt.refused(new ClientClosedError(this.#parts.service));
    this.#leave();
    this.#checkClosed();
    await over;
  }

  /** @returns false when the attempt has to wait */
  #send(attempt: MuxAttempt): boolean {
    const session = this.#session;
    if (!session) {
      this.#open();
      return false;
    }
    try {
      attempt.sendOn(session);
    } catch (error) {
      if (!isFwkError(error, 'FWK_MUX_SESSION_BUSY') && !isFwkError(error, 'FWK_MUX_SESSION_ENDED')) {
        attempt.refused(error);
        return true;
      }
      if (session.status === 'busy' || session.status === 'ready') return false;
      this.#leave();
      this.#open();
      return false;
    }
    return true;
  }

  #sendWaiting(): void {
    for (const attempt of this.#waiting) {
      if (!this.#send(attempt)) return;
      this.#waiting.delete(attempt);
    }
  }

  #takeWaiting(): readonly MuxAttempt[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }

  /** The session takes no more calls; those on it go on. */
  #leave(): void {
    const session = this.#session;
    this.#session = undefined;
    if (!session || session.status === 'ended') return;
    this.#leaving.add(session);
    session.drain();
  }

  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    outside(() => void this.#connect().finally(() => this.#opened()));
  }

  #opened(): void {
    this.#opening = false;
    if (this.#waiting.size > 0) this.#sendWaiting();
    this.#checkClosed();
  }

  async #connect(): Promise<void> {
    const { clock, connectTimeoutMs } = this.#parts;
    let session: ClientSession | undefined;
    let socket: Awaited<ReturnType<typeof connectMux>>;
    try {
      socket = await connectMux(this.#endpoint, this.#parts);
    } catch (error) {
      this.#notConnected(error);
      return;
    }
    try {
      if (isHttp(socket)) {
        socket.destroy();
        const reason = 'it chose HTTP when it was asked over TLS';
        throw new NotOpenedError(this.#endpoint.url, { reason, cause: new ProtocolError(reason) });
      }
      session = await openSession(socket, {
        clock,
        peer: this.#endpoint.url,
        // Half, so that time is left to call over HTTP; but not too little, since a busy peer needs some.
        openTimeoutMs: Math.max(SHORTEST_OPEN_MS, connectTimeoutMs() / 2),
        ...messageLimits(this.maxAnswerBytes),
        series: this.#series,
        onEnd: () => session && this.#ended(session),
      });
    } catch (error) {
      this.#notOpened(error);
      return;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#refusedUntilMs = 0;
    this.#spokeMs = clock.now();
    this.#reconnecting.made();
    this.#session = session;
    session.onRoom = () => this.ended();
    if (this.#closed) this.#leave();
  }

  #ended(session: ClientSession): void {
    if (this.#session === session) this.#session = undefined;
    this.#leaving.delete(session);
    this.#spokeMs = this.clock.now();
    const { ended } = session;
    if (ended && !this.#session && (ended.silent || ended.callsLost > 0)) this.#reconnecting.begin(!ended.silent);
    if (this.#waiting.size > 0) this.#open();
    this.#checkClosed();
  }

  /** Opens a session for which no call waits, unless calls are to take HTTP by now. */
  #reconnect(): void {
    if (this.#parts.wire() === 'http' && this.#instead.possible()) this.#reconnecting.made();
    else this.#open();
  }

  /** The endpoint accepted the connection, but opened no session. */
  #notOpened(error: unknown): void {
    const silent = error instanceof NotOpenedError && error.silent;
    if (silent && this.clock.now() - this.#spokeMs < SPEAKS_MUX_MS) this.#reconnecting.begin(false);
    else if (this.#instead.possible() && (this.#waiting.size > 0 || speaksOther(error))) {
      this.#takeHttp(error);
      return;
    }
    this.#notConnected(error);
  }

  /** Nothing was sent, and no other way is left. */
  #notConnected(error: unknown): void {
    for (const attempt of this.#takeWaiting()) attempt.refused(this.failureOf(attempt.request, error, false));
    this.#reconnecting.failed();
  }

  /** Calls take HTTP for a while. */
  #takeHttp(error: unknown): void {
    this.#reconnecting.made();
    this.#refusedUntilMs = this.clock.now() + this.#pauseMs;
    const { service, logger } = this.#parts;
    logger.warn(
      { service, endpoint: this.#endpoint.id, reason: messageOf(error), againMs: this.#pauseMs },
      'an endpoint does not speak Mux and is called over HTTP',
    );
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    for (const attempt of this.#takeWaiting()) {
      attempt.passTo(this.#instead.attempt(attempt.request, attempt.context));
    }
  }

  #tooLong(request: OperationRequest, context: CallContext): Promise<Attempt> {
    if (this.#instead.possible()) return this.#instead.attempt(request, context);
    const { id } = request.operation.plan;
    const message = `has ${request.path.length} characters, and ${LONGEST_PATH} fit into a call over Mux`;
    const issues = [{ in: 'query' as const, path: '', message }];
    return Promise.reject(new CallInvalidError(id, issues, undefined, 'it is not a request that can be sent'));
  }

  #checkClosed(): void {
    if (this.#closed && !this.#opening && !this.#session && this.#leaving.size === 0) this.#closed();
  }
}

/** Whether what the endpoint said is not Mux; a broken connection says nothing of that. */
function speaksOther(error: unknown): boolean {
  return error instanceof NotOpenedError && error.cause instanceof ProtocolError;
}
