/**
 * A server as callers in its own process reach it. From the finding of an operation on a call goes through the same code as one
 * over Mux. State: whether it takes calls, and those it works on.
 */
import { doNotRetryMarks, type Logger, outside } from '@fwk/kernel';
import { answerOfError } from '../serving/answer.js';
import { RequestError } from '../serving/request-error.js';
import { instanceOf, readTarget } from '../serving/request-target.js';
import type { RouteHandler } from '../serving/route-handler.js';
import type { Routes } from '../serving/routes.js';
import type { RequestHead, WholeTarget } from '../serving/whole-request.js';
import type { ServerLoad } from '../wire/load-text.js';
import { type LocalCaller, LocalRequest, type LocalWork } from './local-request.js';

/** What it is made of. */
export interface LocalServerParts {
  readonly bodyLimitBytes: number;
  readonly logger: Logger;
  /** What callers are told of its load; undefined where nothing is told. */
  readonly load: ServerLoad | undefined;
}

/** A call as its caller hands it over. */
export interface LocalCall extends LocalCaller {
  /** `/inventory/stock` */
  readonly destination: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string | Uint8Array | undefined;
  /** Copies what it carries. @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` */
  head(): RequestHead;
}

/** Takes the calls of a process's own. */
export interface LocalServing {
  /** Whether it takes calls. */
  readonly open: boolean;
  /** Whether callers should go elsewhere if they can. */
  readonly draining: boolean;
  /** What callers are told of its load; undefined where nothing is told. */
  readonly load: Pick<ServerLoad, 'inFlight' | 'latencyMs'> | undefined;
  /** @returns what is told when nobody waits for the answer any more; undefined where it is there already */
  serve(call: LocalCall): { gone(): void } | undefined;
  /** Calls `listener` when it takes no more calls. */
  onLeave(listener: () => void): void;
}

/** Most characters of path and query, as over Mux. */
const longestTarget = 65_535;

/** See the head of this file. */
export class LocalServer implements LocalServing, LocalWork {
  readonly load: ServerLoad | undefined;
  draining = false;
  readonly #parts: LocalServerParts;
  readonly #work = new Set<LocalRequest>();
  #routes: Routes | undefined;
  #onLeave: (() => void)[] = [];
  #left = false;

  constructor(parts: LocalServerParts) {
    this.load = parts.load;
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#routes !== undefined && !this.#left;
  }

  /** Takes calls from here on. */
  begin(routes: Routes): void {
    this.#routes = routes;
  }

  onLeave(listener: () => void): void {
    this.#onLeave.push(listener);
  }

  /** Takes no more calls; those under way are answered. */
  leave(): void {
    this.#left = true;
    const listeners = this.#onLeave;
    this.#onLeave = [];
    for (const listener of listeners) listener();
  }

  /** Takes no more calls, and gives up those under way. */
  close(): void {
    this.leave();
    for (const request of this.#work) request.cut();
  }

  begun(request: LocalRequest): void {
    this.#work.add(request);
  }

  over(request: LocalRequest): void {
    this.#work.delete(request);
  }

  /**
   * Works on a call, outside the async context of its caller, which a connection would not have either.
   * @returns undefined when it was answered before any operation was asked
   */
  serve(call: LocalCall): LocalRequest | undefined {
    return outside(this.#serve, this, call);
  }

  #serve(call: LocalCall): LocalRequest | undefined {
    const routes = this.#routes as Routes;
    const { bodyLimitBytes } = this.#parts;
    try {
      const { handler, target } = find(routes, call);
      const request = new LocalRequest(call, this, call.head(), target);
      const { method, content, bodyStream } = handler.plan;
      if (call.body !== undefined && !bodyStream && method !== 'GET')
        request.takeBody(call.body, content, bodyLimitBytes);
      handler.handle(request);
      return request;
    } catch (error) {
      this.#fail(call, error);
      return undefined;
    }
  }

  /** Answers what went wrong outside any operation. */
  #fail(call: LocalCall, error: unknown): void {
    if (!(error instanceof RequestError)) {
      this.#parts.logger.error({ err: error }, 'a call within the process failed outside its handler');
    }
    const failed = { instance: instanceOf(call.url), traceId: undefined, marks: doNotRetryMarks() };
    call.answered(answerOfError(error, failed));
  }
}

interface FoundOperation {
  readonly handler: RouteHandler;
  readonly target: WholeTarget;
}

/** The operation of that name whose path the target has. */
function find(routes: Routes, { destination, url }: LocalCall): FoundOperation {
  const operations = routes.byName.get(destination);
  if (operations === undefined) throw unknown(`there is no operation ${JSON.stringify(destination.slice(0, 200))}`);
  if (url.length > longestTarget) {
    const message = `path and query have ${url.length} characters, more than ${longestTarget}`;
    throw new RequestError('FWK_HTTP_REQUEST_MALFORMED', message);
  }
  const target = readTarget(url);
  for (const handler of operations) {
    const { route, params } = routes.find(handler.plan.method, target);
    if (route.kind === 'operation' && route.operation === handler) {
      return { handler, target: { url, params, query: target.query } };
    }
  }
  throw unknown('the operation has another path than the target');
}

function unknown(message: string): RequestError {
  return new RequestError('FWK_HTTP_ROUTE_UNKNOWN', message);
}
