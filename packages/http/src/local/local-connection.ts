/**
 * The way to a server in the same process, as a service that hands each request over. The balancer makes one for each endpoint,
 * and disposes of it when the endpoint has left and its last call is over. State: the calls under way, those that wait for a
 * place among them, and what calls of an operation have in common.
 */
import type { Connection, ConnectionReport, TakeReport } from '@fwk/discovery';
import { type CallContext, markCancellable, type Status, thenTold } from '@fwk/kernel';
import { type Attempt, readIn } from '../calling/attempt.js';
import { ClientClosedError, ConnectionError } from '../calling/client-errors.js';
import type { ConnectionParts } from '../calling/connection-parts.js';
import type { ClientOperation, OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { onceTaken } from '../calling/taken-body.js';
import { LocalAttempt, type LocalOperation, localOperation } from './local-attempt.js';
import type { LocalEndpoint } from './local-endpoint.js';
import type { LocalServing } from './local-server.js';

/** Most calls of one client that one server works on at once, as over Mux; further ones wait for their turn. */
const mostUnderWay = 4096;

/** What it needs of its client. */
export type LocalParts = Pick<ConnectionParts, 'service' | 'clock' | 'metrics' | 'maxAnswerBytes' | 'baggage'>;

/** The server, and how it is called. */
export type LocalPlace = Pick<LocalEndpoint, 'server' | 'url' | 'turns'>;

/** See the head of this file. */
export class LocalConnection implements Connection<OperationRequest, OperationResponse>, AsyncDisposable {
  readonly parts: LocalParts;
  readonly server: LocalServing;
  readonly url: string;
  readonly #turns: LocalPlace['turns'];
  readonly #reported: TakeReport;
  readonly #operations = new Map<ClientOperation, LocalOperation>();
  readonly #waiting = new Set<LocalAttempt>();
  #underWay = 0;
  #closed: (() => void) | undefined;

  /** @param reported - takes what the server says of its load */
  constructor({ server, url, turns }: LocalPlace, parts: LocalParts, reported: TakeReport) {
    this.parts = parts;
    this.server = server;
    this.url = url;
    this.#turns = turns;
    this.#reported = reported;
    markCancellable(this);
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#closed) return Promise.reject(new ClientClosedError(this.parts.service));
    return onceTaken(
      thenTold(this.#attempt(request, context), (attempt) => readIn(context, attempt)),
      request,
    );
  }

  status(): Status {
    if (this.#closed) return 'closed';
    return this.server.open && !this.server.draining && this.#underWay < mostUnderWay ? 'ready' : 'busy';
  }

  report(): ConnectionReport {
    return { wire: 'local', sessions: 0, roundTripMs: undefined };
  }

  /** @throws ConnectionError `FWK_HTTP_CONNECTION` by a promise where the server takes no calls */
  check(): Promise<void> {
    if (this.server.open) return Promise.resolve();
    const why = new Error('it takes no more calls');
    return Promise.reject(new ConnectionError(this.parts.service, this.url, false, why));
  }

  probe(): Promise<void> | undefined {
    if (this.#closed || !this.server.load) return undefined;
    this.#tellLoad(true);
    return Promise.resolve();
  }

  operationOf(operation: ClientOperation): LocalOperation {
    const known = this.#operations.get(operation);
    if (known) return known;
    const made = localOperation(operation);
    this.#operations.set(operation, made);
    return made;
  }

  /** A call was answered, refused, lost or given up: one that waits may have its place. */
  over(attempt: LocalAttempt): void {
    if (!attempt.placed) {
      this.#waiting.delete(attempt);
      return;
    }
    attempt.placed = false;
    this.#underWay--;
    this.#tellLoad(false);
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.#begin(next);
      break;
    }
    this.#checkClosed();
  }

  /** Takes no more calls; settles when those under way are over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const over = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    for (const attempt of this.#waiting) attempt.refused(new ClientClosedError(this.parts.service));
    this.#checkClosed();
    await over;
  }

  #attempt(request: OperationRequest, context: CallContext): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      const attempt = new LocalAttempt(request, context, this, resolve, reject);
      if (this.#underWay < mostUnderWay) this.#begin(attempt);
      else this.#waiting.add(attempt);
      if (!attempt.settled) attempt.subscription = context.onCancel((reason) => attempt.cancel(reason));
    });
  }

  #begin(attempt: LocalAttempt): void {
    attempt.placed = true;
    this.#underWay++;
    this.#turns.begin(attempt);
  }

  #tellLoad(probed: boolean): void {
    const { load } = this.server;
    if (load) this.#reported(load.inFlight, load.latencyMs, probed);
  }

  #checkClosed(): void {
    if (this.#closed && this.#underWay === 0) this.#closed();
  }
}
