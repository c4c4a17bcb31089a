/**
 * Leads a call over Mux to its operation. The destination names the operation, and the target has its parameters and query, as over
 * HTTP. From there on a call goes through the same code as an HTTP request.
 */
import { doNotRetryMarks, type Logger } from '@fwk/kernel';
import type { MuxService, ServedMuxCall } from '@fwk/mux';
import { answerOfError, type WireAnswer } from '../serving/answer.js';
import { RequestError } from '../serving/request-error.js';
import { instanceOf, readTarget } from '../serving/request-target.js';
import type { RouteHandler } from '../serving/route-handler.js';
import type { Routes } from '../serving/routes.js';
import type { WholeTarget } from '../serving/whole-request.js';
import { loadDestination } from '../wire/load-text.js';
import type { Peer } from '../wire/peer.js';
import { readHead } from './call-head.js';
import { sendAnswer } from './mux-answer.js';
import { type MuxCaller, MuxRequest } from './mux-request.js';
import type { UnsentSessions } from './unsent-sessions.js';

/** What the calls of all sessions share. */
export interface CallServiceParts {
  readonly routes: Routes;
  readonly bodyLimitBytes: number;
  readonly logger: Logger;
  readonly unsent: UnsentSessions;
  /** What answers tell of the server's load; undefined where nothing is told. */
  readonly load: (() => string) | undefined;
}

const none = Object.freeze({});
const noContent: WireAnswer = { status: 204, contentType: undefined, body: undefined, headers: undefined };

/** Serves the calls of one session. */
export class CallService implements MuxService, MuxCaller {
  readonly address: string;
  /** Who the caller is by its certificate; known from its first call on. */
  peer: Peer | undefined;
  /** Set when no more calls are taken: the answer to further ones. */
  refusal: RequestError | undefined;
  readonly #parts: CallServiceParts;
  readonly #peerOf: () => Peer | undefined;

  /** @param peerOf - throws where the caller must show a certificate and has not */
  constructor(parts: CallServiceParts, address: string, peerOf: () => Peer | undefined) {
    this.#parts = parts;
    this.address = address;
    this.#peerOf = peerOf;
  }

  answer(call: ServedMuxCall, answer: WireAnswer): void {
    sendAnswer(call, answer, this.#parts.load?.());
    this.#parts.unsent.answered(call.session);
  }

  serve(call: ServedMuxCall): void {
    const { destination, payload } = call;
    let url = destination;
    try {
      const end = payload.length < 2 ? 0 : 2 + payload.readUInt16BE(0);
      if (payload.length === 1 || end > payload.length) throw cutOff();
      const target = payload.toString('latin1', 2, end);
      url = target || destination;
      if (this.refusal) throw this.refusal;
      this.peer ??= this.#peerOf();
      const { load } = this.#parts;
      // No call: it is neither counted nor limited.
      if (load && destination === loadDestination) {
        this.answer(call, noContent);
        return;
      }
      const head = readHead(call.contexts);
      const operations = this.#parts.routes.byName.get(destination);
      if (operations === undefined) throw unknown(`there is no operation ${JSON.stringify(destination.slice(0, 200))}`);
      const operation = target === '' ? withoutTarget(operations) : this.#find(target, operations);
      const request = new MuxRequest(call, this, head, operation.target);
      const { method, content } = operation.handler.plan;
      if (method !== 'GET' && end < payload.length) {
        request.takeBody(payload.subarray(end), content, this.#parts.bodyLimitBytes);
      }
      operation.handler.handle(request);
    } catch (error) {
      this.#fail(call, url, error);
    }
  }

  /** The operation of that name whose path the target has. */
  #find(url: string, operations: readonly RouteHandler[]): FoundOperation {
    const target = readTarget(url);
    for (const handler of operations) {
      const { route, params } = this.#parts.routes.find(handler.plan.method, target);
      if (route.kind === 'operation' && route.operation === handler) {
        return { handler, target: { url, params, query: target.query } };
      }
    }
    throw unknown('the operation has another path than the target');
  }

  /** Answers what went wrong outside any operation. */
  #fail(call: ServedMuxCall, url: string, error: unknown): void {
    if (!(error instanceof RequestError)) {
      this.#parts.logger.error({ err: error }, 'a call over Mux failed outside its handler');
    }
    const failed = { instance: instanceOf(url), traceId: undefined, marks: doNotRetryMarks() };
    this.answer(call, answerOfError(error, failed));
  }
}

interface FoundOperation {
  readonly handler: RouteHandler;
  readonly target: WholeTarget;
}

/** An empty target stands for the path of an operation that has no parameters. */
function withoutTarget(operations: readonly RouteHandler[]): FoundOperation {
  const [handler] = operations;
  if (operations.length > 1 || handler === undefined) {
    throw unknown('several versions of the contract are served here: name the path of the operation');
  }
  const { path } = handler.plan.template;
  if (path.includes('/:')) throw unknown(`the operation has a path with parameters, ${path}: name them in the target`);
  return { handler, target: { url: path, params: none, query: none } };
}

function unknown(message: string): RequestError {
  return new RequestError('FWK_HTTP_ROUTE_UNKNOWN', message);
}

function cutOff(): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the payload ends amid the target');
}
