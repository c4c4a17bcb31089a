/**
 * The connections to one endpoint, as a service that sends each request over a wire. The balancer makes one for each endpoint, and
 * disposes of it when the endpoint has left and its last call is over. State: the connections of each wire, made when the first
 * call takes that wire. It adds no limits of its own: time, retries and choice of endpoint belong to the layers.
 */
import type { Connection, ConnectionReport, Endpoint, TakeReport, Wire } from '@fwk/discovery';
import { abandonOnCancel, type CallContext, markCancellable, type Status, tellNotSent, thenTold } from '@fwk/kernel';
import { type Attempt, readIn } from '../calling/attempt.js';
import { ClientClosedError, ConnectionError } from '../calling/client-errors.js';
import type { ConnectionParts, Place } from '../calling/connection-parts.js';
import { loadProbe } from '../calling/load-probe.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { onceTaken } from '../calling/taken-body.js';
import type { Instead, MuxConnection } from '../mux/mux-connection.js';
import { HttpConnection } from './http-connection.js';

/** How long a server is not asked again that has answered a probe without its load, in milliseconds. */
const NO_PROBE_MS = 60_000;

/** See the head of this file. */
export class EndpointConnection implements Connection<OperationRequest, OperationResponse>, AsyncDisposable {
  readonly #endpoint: Place;
  readonly #parts: ConnectionParts;
  /** Whether the endpoint serves nothing but Mux. */
  readonly #onlyMux: boolean;
  /** Whether the endpoint says that it serves Mux. */
  readonly #saysMux: boolean;
  readonly #reported: TakeReport;
  /** How often it has reported its load. */
  #reports = 0;
  /** Before this monotonic time it is not asked for its load. */
  #probeFromMs = 0;
  #http: HttpConnection | undefined;
  #mux: MuxConnection | undefined;
  #closed = false;

  /** @param reported - takes what answers say of the server's load */
  constructor(endpoint: Endpoint, parts: ConnectionParts, reported: TakeReport) {
    const { id, address, port, socketPath, wires, mounts, url: said } = endpoint;
    const url = parts.tls.demanded ? said.replace(/^http:/, 'https:') : said;
    this.#endpoint = { id, address, port, wires, mounts, url, ...(socketPath !== undefined && { socketPath }) };
    this.#parts = parts;
    this.#onlyMux = !wires.includes('http');
    this.#saysMux = wires.includes('mux');
    this.#reported = (inFlight, latencyMs, probed) => {
      this.#reports++;
      reported(inFlight, latencyMs, probed);
    };
    markCancellable(this);
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#closed) return Promise.reject(new ClientClosedError(this.#parts.service));
    // The answer is read in the context of this call, not in that of the connection.
    const { quota } = this.#parts;
    const { mark } = quota;
    const answer = thenTold(this.#attempt(request, context), (attempt) => {
      if (quota.followed) quota.hear(attempt.answerHead, mark);
      return readIn(context, attempt);
    });
    return onceTaken(answer, request);
  }

  status(): Status {
    if (this.#closed) return 'closed';
    const connection = this.#wire === 'mux' ? this.#mux : this.#http;
    return connection?.ready === false ? 'busy' : 'ready';
  }

  /** A server that is known for Mux alone may be no server of ours, and is asked only after it has reported its load with an answer. */
  probe(context: CallContext): Promise<void> | undefined {
    const { clock } = this.#parts;
    if (this.#closed || (this.#onlyMux && this.#reports === 0) || clock.now() < this.#probeFromMs) return undefined;
    if (this.#wire === 'mux' ? this.#mux?.ready === false : this.#http?.full) return undefined;
    const before = this.#reports;
    return this.#attempt(loadProbe, context).then(
      () => {
        if (this.#reports === before) this.#probeFromMs = clock.now() + NO_PROBE_MS;
      },
      () => {},
    );
  }

  report(): ConnectionReport {
    return { wire: this.#wire, sessions: this.#mux?.sessions ?? 0, roundTripMs: this.#mux?.roundTripMs };
  }

  /** Connects, over TLS where that is used, and closes the connection again: no server counts that as a request. */
  async check(): Promise<void> {
    const { connectMux } = await import('../mux/connect-mux.js');
    const socket = await connectMux(this.#endpoint, this.#parts);
    socket.destroy();
  }

  /** Closes all connections once what is on them has been answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#http?.close(), this.#mux?.close()]);
  }

  #attempt(request: OperationRequest, context: CallContext): Promise<Attempt> {
    const { stream, bodyStream } = request.operation.plan;
    // Over Mux an answer is one message, so streams go over HTTP.
    if (request.forwarded || stream || bodyStream || this.#wire === 'http') return this.#overHttp(request, context);
    return this.#mux ? this.#mux.attempt(request, context) : this.#openMux(request, context);
  }

  /** The wire that the next call takes. */
  get #wire(): Wire {
    if (this.#onlyMux) return 'mux';
    const choice = this.#parts.wire();
    if (choice === 'http' || this.#endpoint.socketPath !== undefined) return 'http';
    if (choice === 'mux') return 'mux';
    return this.#saysMux && !this.#mux?.refused ? 'mux' : 'http';
  }

  #overHttp(request: OperationRequest, context: CallContext): Promise<Attempt> {
    if (this.#onlyMux) {
      const why = new Error('it speaks only Mux, and streams and requests without a contract go over HTTP');
      return Promise.reject(new ConnectionError(request.operation.plan.id, this.#endpoint.url, false, why));
    }
    this.#http ??= new HttpConnection(this.#endpoint, this.#parts, this.#reported);
    return this.#http.attempt(request, context);
  }

  async #openMux(request: OperationRequest, context: CallContext): Promise<Attempt> {
    const untold = context.onCancel(() => tellNotSent(context));
    const { MuxConnection: Mux } = await abandonOnCancel(context, import('../mux/mux-connection.js'));
    untold[Symbol.dispose]();
    if (context.cancelled) throw context.reason;
    if (this.#closed) throw new ClientClosedError(this.#parts.service);
    this.#mux ??= new Mux(this.#endpoint, this.#parts, this.#instead, this.#reported);
    return this.#mux.attempt(request, context);
  }

  readonly #instead: Instead = {
    possible: () => !this.#onlyMux && this.#parts.wire() !== 'mux',
    attempt: (request, context) => this.#overHttp(request, context),
  };
}
