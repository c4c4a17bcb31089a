/**
 * The way of a request to its route, in this order: is its head sound → does its path have an operation, and with this
 * method → hand it over. What is refused here has no operation yet.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { doNotRetryMarks } from '@fwk/kernel';
import { answerOfError } from './answer.js';
import { type PlainHandler, probePaths } from './probe-routes.js';
import { RequestError } from './request-error.js';
import { checkHead } from './request-guards.js';
import { instanceOf, readTarget } from './request-target.js';
import type { FindRoute, FoundRoute } from './routes.js';
import type { ServerParts } from './server-parts.js';

/** See the head of this file. */
export class Dispatcher {
  readonly #findRoute: FindRoute;
  readonly #parts: ServerParts;

  constructor(findRoute: FindRoute, parts: ServerParts) {
    this.#findRoute = findRoute;
    this.#parts = parts;
  }

  /** Answers a request; never throws. */
  dispatch(message: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    try {
      checkHead(message);
      const url = message.url as string;
      const { path, dubious, query } = readTarget(url);
      const { route, params } = this.#find(message.method as string, path, dubious);
      const { headers } = message;
      const peer = this.#parts.peerOf(message.socket, Object.hasOwn(probePaths, path));
      const address = this.#parts.callerAddress ?? message.socket.remoteAddress ?? '';
      if (route.kind === 'plain') {
        this.#answerPlain(route.answer, { url, headers, params, query, address, peer, body: '' }, response);
      } else if (route.kind === 'wrong-method') {
        throw wrongMethod(message.method as string, route.allowed);
      } else {
        route.operation.handle({ url, headers, params, query, address, peer, body: '' }, response);
      }
    } catch (error) {
      this.#fail(error, response);
    }
  }

  #find(method: string, path: string, dubious: boolean): FoundRoute {
    const found = dubious ? undefined : this.#findRoute(method, path);
    if (found) return found;
    throw new RequestError(
      'FWK_HTTP_ROUTE_UNKNOWN',
      dubious ? 'no operation has a path with an empty, "." or ".." segment' : 'there is no operation with this path',
    );
  }

  async #answerPlain(
    answer: PlainHandler,
    request: Parameters<PlainHandler>[0],
    response: ServerResponse<IncomingMessage>,
  ): Promise<void> {
    try {
      this.#parts.write(response, await answer(request));
    } catch (error) {
      this.#fail(error, response);
    }
  }

  /** Answers what went wrong outside any operation. */
  #fail(error: unknown, response: ServerResponse<IncomingMessage>): void {
    const { env, write } = this.#parts;
    if (!(error instanceof RequestError)) env.logger.error({ err: error }, 'a request failed outside its handler');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = answerOfError(error, {
      instance: instanceOf(response.req.url as string),
      traceId: undefined,
      marks: doNotRetryMarks(),
    });
    write(response, answer);
  }
}

function wrongMethod(method: string, allowed: readonly string[]): RequestError {
  const allow = allowed.join(', ');
  return new RequestError('FWK_HTTP_METHOD_NOT_ALLOWED', `the path has no ${method}, but ${allow}`, {
    members: { allow: allowed },
    headers: { allow },
  });
}
