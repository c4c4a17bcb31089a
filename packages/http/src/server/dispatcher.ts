/**
 * The way of a request to its route, in this order: is its head sound → does its path have an operation, and with this
 * method → hand it over. What is refused here has no operation yet.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { doNotRetryMarks, type Logger } from '@fwk/kernel';
import { answerOfError } from '../serving/answer.js';
import { type PlainHandler, probePaths } from '../serving/probe-routes.js';
import { RequestError } from '../serving/request-error.js';
import { instanceOf, readTarget } from '../serving/request-target.js';
import type { Routes } from '../serving/routes.js';
import { HttpRequest, type HttpWire } from './http-request.js';
import { checkHead } from './request-guards.js';

/** See the head of this file. */
export class Dispatcher {
  readonly #routes: Routes;
  readonly #wire: HttpWire;
  readonly #logger: Logger;

  constructor(routes: Routes, wire: HttpWire, logger: Logger) {
    this.#routes = routes;
    this.#wire = wire;
    this.#logger = logger;
  }

  /** Answers a request; never throws. */
  dispatch(message: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    try {
      checkHead(message);
      const target = readTarget(message.url as string);
      const { path, query } = target;
      const { route, params } = this.#routes.find(message.method as string, target);
      const peer = this.#wire.peerOf(message.socket, Object.hasOwn(probePaths, path));
      if (route.kind === 'plain') {
        this.#answerPlain(route.answer, { headers: message.headers, query }, response);
      } else if (route.kind === 'wrong-method') {
        throw wrongMethod(message.method as string, route.allowed);
      } else {
        route.operation.handle(new HttpRequest(this.#wire, response, target, params, peer));
      }
    } catch (error) {
      this.#fail(error, response);
    }
  }

  async #answerPlain(
    answer: PlainHandler,
    request: Parameters<PlainHandler>[0],
    response: ServerResponse<IncomingMessage>,
  ): Promise<void> {
    try {
      this.#wire.write(response, await answer(request));
    } catch (error) {
      this.#fail(error, response);
    }
  }

  /** Answers what went wrong outside any operation. */
  #fail(error: unknown, response: ServerResponse<IncomingMessage>): void {
    if (!(error instanceof RequestError)) this.#logger.error({ err: error }, 'a request failed outside its handler');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = answerOfError(error, {
      instance: instanceOf(response.req.url as string),
      traceId: undefined,
      marks: doNotRetryMarks(),
    });
    this.#wire.write(response, answer);
  }
}

function wrongMethod(method: string, allowed: readonly string[]): RequestError {
  const allow = allowed.join(', ');
  return new RequestError('FWK_HTTP_METHOD_NOT_ALLOWED', `the path has no ${method}, but ${allow}`, {
    members: { allow: allowed },
    headers: { allow },
  });
}
