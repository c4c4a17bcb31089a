/**
 * What answers a route, behind the layers: the program. It is over when the program has ended its answer, or when nobody waits for it
 * any more. A program that goes on after that holds no place of a limit.
 */
import { AsyncResource } from 'node:async_hooks';
import type { CallContext } from '@fwk/kernel';
import type { ClaimedKey } from '../idempotency/idempotency-store.js';
import type { Course, Ending } from '../serving/course.js';
import type { BodyReader, IncomingRequest } from '../serving/incoming-request.js';
import type { ClaimResult, KeyedRequests } from '../serving/keyed-requests.js';
import type { OperationWork } from '../serving/operation-handler.js';
import { headerNames } from '../wire/headers.js';
import { AnswerCopy } from './answer-copy.js';
import { answerTooLong, ProgramFailedError } from './program-errors.js';
import { ProgramRequest } from './program-request.js';
import type { ProgramRoute } from './program-routes.js';

/** First status after which the next attempt with a key is worked on again. */
const firstForgotten = 499;

/** See the head of this file. */
export class ProgramWork implements OperationWork {
  readonly #route: ProgramRoute;
  readonly #keyed: KeyedRequests | undefined;
  readonly #keptBytes: number;

  /**
   * @param keyed - undefined for a route without keys.
   * @param keptBytes - largest body of an answer that is kept.
   */
  constructor(route: ProgramRoute, keyed: KeyedRequests | undefined, keptBytes: number) {
    this.#route = route;
    this.#keyed = keyed;
    this.#keptBytes = keptBytes;
  }

  serve(request: IncomingRequest, context: CallContext, course: Course, ending: Ending): void {
    if (!(request instanceof ProgramRequest)) {
      ending.failed(new TypeError('a layer of the program handed on another request than it was given'));
      return;
    }
    const asks = this.#route.key === 'required' || request.headers[headerNames.idempotencyKey] !== undefined;
    try {
      if (this.#keyed && asks) this.#once(this.#keyed, request, context, course, ending);
      else this.#run(request, context, course, ending);
    } catch (error) {
      ending.failed(error);
    }
  }

  /** Works on it, unless it was worked on before under its key. */
  #once(keyed: KeyedRequests, request: ProgramRequest, context: CallContext, course: Course, ending: Ending): void {
    const fail = (error: unknown) => ending.failed(error);
    const run = () => {
      const key = keyed.keyOf(request);
      // The key is not claimed yet, so a caller that has left by now leaves nothing behind.
      if (context.cancelled) throw context.reason;
      course.outlive();
      const go = (result: ClaimResult) => {
        if ('answer' in result) ending.answered(result.answer);
        else this.#run(request, context, course, ending, { keyed, claimed: result.claimed });
      };
      const result = keyed.claim(key, request, context);
      if (result instanceof Promise) result.then(go).catch(fail);
      else go(result);
    };
    keyed.keyOf(request);
    const waiting = context.onCancel(fail);
    const received: BodyReader = (error, text) => {
      waiting[Symbol.dispose]();
      if (error || context.cancelled) return fail(error ?? context.reason);
      request.body = text;
      try {
        run();
      } catch (failure) {
        fail(failure);
      }
    };
    // What arrives on a connection belongs to no call by itself.
    request.keepBody(AsyncResource.bind(received));
  }

  #run(request: ProgramRequest, context: CallContext, course: Course, ending: Ending, key?: Key): void {
    if (context.cancelled) {
      if (key) void key.keyed.release(key.claimed);
      ending.failed(context.reason);
      return;
    }
    const { response } = request;
    const copy = key && new AnswerCopy(this.#keptBytes);
    if (copy) response.copyTo(copy);
    const leaving = context.onCancel((reason) => ending.failed(reason));
    response.watch({
      headSent: () => course.headSent(),
      ending: () => key && copy && this.#keep(key, copy, request),
      ended: () => {
        leaving[Symbol.dispose]();
        const { error, sent } = response;
        const failure = error ?? (sent && sent.status >= 500 ? this.#failure(sent.status) : undefined);
        if (failure === undefined && sent) ending.answered(sent);
        else ending.failed(failure ?? context.reason);
      },
    });
    course.begin();
    try {
      request.pass();
    } catch (error) {
      if (key) void key.keyed.release(key.claimed);
      leaving[Symbol.dispose]();
      ending.failed(error);
      // What was begun cannot be completed.
      if (response.sent) response.node.destroy();
    }
  }

  #failure(status: number): ProgramFailedError {
    return new ProgramFailedError(this.#route.plan.id, status);
  }

  /** Before the answer ends: whoever asks again, perhaps another instance, must find it. */
  #keep({ keyed, claimed }: Key, copy: AnswerCopy, { response }: ProgramRequest): Promise<void> | undefined {
    const { node } = response;
    if (copy.status(node) >= firstForgotten) return keyed.release(claimed);
    return keyed.finish(claimed, copy.kept(node) ?? answerTooLong(this.#route.plan.id, this.#keptBytes));
  }
}

interface Key {
  readonly keyed: KeyedRequests;
  readonly claimed: ClaimedKey;
}
