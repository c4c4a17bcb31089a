/**
 * The Mux session with one endpoint, for all its calls. State: the session, opened by the first call and again after it has ended;
 * the calls that wait for it to open, or for room. When an endpoint turns out not to speak Mux, it is called over HTTP for a while.
 */
import { type CallContext, type Clock, isFwkError, messageOf, outside } from '@fwk/kernel';
import { type ClientSession, openSession, SessionSeries } from '@fwk/mux';
import type { Attempt } from '../calling/attempt.js';
import { CallInvalidError, ClientClosedError, ConnectionError } from '../calling/client-errors.js';
import type { ConnectionParts, Place } from '../calling/connection-parts.js';
import type { OperationRequest } from '../calling/operation-request.js';
import { AttemptContexts } from './attempt-contexts.js';
import { connectMux, isHttp } from './connect-mux.js';
import { messageLimits } from './message-limits.js';
import { MuxAttempt } from './mux-attempt.js';

/** How long an endpoint that does not speak Mux is called over HTTP, in milliseconds: at first, and at most after doubling. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;
/** An answer to the opening of a session is waited for at least that long. */
const SHORTEST_OPEN_MS = 250;
/** Most characters of a request's path with its query. */
const LONGEST_PATH = 65_535;

/** Sends a request over HTTP instead; undefined where that is not possible. */
export type Instead = (request: OperationRequest, context: CallContext) => Promise<Attempt> | undefined;

/** See the head of this file. */
export class MuxConnection {
  readonly clock: Clock;
  readonly maxAnswerBytes: number;
  readonly contexts: AttemptContexts;
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

  constructor(endpoint: Place, parts: ConnectionParts, instead: Instead) {
    this.clock = parts.clock;
    this.#series = new SessionSeries(parts.metrics, { side: 'client', 'server.address': parts.service });
    this.maxAnswerBytes = parts.maxAnswerBytes;
    this.contexts = new AttemptContexts(parts.clock);
    this.#endpoint = endpoint;
    this.#parts = parts;
    this.#instead = instead;
  }

  /** Whether it turned out a short time ago that the endpoint does not speak Mux. */
  get refused(): boolean {
    return this.#refusedUntilMs !== 0 && this.clock.now() < this.#refusedUntilMs;
  }

  /** Whether the next call goes out at once, or opens a session. */
  get ready(): boolean {
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
      for (const attempt of this.#takeWaiting()) attempt.refused(this.failureOf(attempt.request, error, false));
      return;
    }
    try {
      if (isHttp(socket)) {
        socket.destroy();
        throw new Error('it chose HTTP when it was asked over TLS');
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
      this.#refused(error);
      return;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#refusedUntilMs = 0;
    this.#session = session;
    session.onRoom = () => this.ended();
    if (this.#closed) this.#leave();
  }

  #ended(session: ClientSession): void {
    if (this.#session === session) this.#session = undefined;
    this.#leaving.delete(session);
    if (this.#waiting.size > 0) this.#open();
    this.#checkClosed();
  }

  /** The endpoint accepted the connection, but opened no session. */
  #refused(error: unknown): void {
    let passed = false;
    for (const attempt of this.#takeWaiting()) {
      const other = this.#instead(attempt.request, attempt.context);
      passed ||= other !== undefined;
      if (other) attempt.passTo(other);
      else attempt.refused(this.failureOf(attempt.request, error, false));
    }
    if (!passed) return;
    this.#refusedUntilMs = this.clock.now() + this.#pauseMs;
    const { service, logger } = this.#parts;
    logger.warn(
      { service, endpoint: this.#endpoint.id, reason: messageOf(error), againMs: this.#pauseMs },
      'an endpoint does not speak Mux and is called over HTTP',
    );
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #tooLong(request: OperationRequest, context: CallContext): Promise<Attempt> {
    const { id } = request.operation.plan;
    const message = `has ${request.path.length} characters, and ${LONGEST_PATH} fit into a call over Mux`;
    const issues = [{ in: 'query' as const, path: '', message }];
    return (
      this.#instead(request, context) ??
      Promise.reject(new CallInvalidError(id, issues, undefined, 'it is not a request that can be sent'))
    );
  }

  #checkClosed(): void {
    if (this.#closed && !this.#opening && !this.#session && this.#leaving.size === 0) this.#closed();
  }
}
