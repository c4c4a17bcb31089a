/**
 * What answers an operation, behind its server scope, in this order: validate every part → the idempotency key → the handler →
 * validate its answer. Everything that can be known of the operation is worked out when it is made.
 */
import { type CallContext, isThenable } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { errorIdOf, type OperationError } from '../contract/operation-error.js';
import type { ClaimedKey } from '../idempotency/idempotency-store.js';
import type { Validated } from '../wire/validate.js';
import { validateSent } from '../wire/validate-sent.js';
import type { ServedAnswer } from './answer.js';
import { AnswerWriter, answeredAgainst } from './answer-writer.js';
import type { Course, Ending } from './course.js';
import { checkDeclared } from './declared-errors.js';
import type { IncomingRequest } from './incoming-request.js';
import { type ClaimResult, KeyedRequests } from './keyed-requests.js';
import { type RequestValues, validateRequest } from './request-values.js';
import type { ServerParts } from './server-parts.js';
import { jsonAnswer } from './server-policy.js';
import { StreamHandler } from './stream-handler.js';

const noContent: ServedAnswer = { status: 204, contentType: undefined, body: undefined, headers: undefined };

/** What a handler is given; its types come from the contract. */
interface HandlerCall extends RequestValues {
  readonly context: CallContext;
  readonly idempotencyKey: string | undefined;
  readonly lastEventId: string | undefined;
}

/** What answers the requests of one operation, behind the layers. */
export interface OperationWork {
  /** Answers a request, and tells how that ended. Goes on at once as far as it can. */
  serve(request: IncomingRequest, context: CallContext, course: Course, ending: Ending): void;
}

/** See the head of this file. */
export class OperationHandler implements OperationWork {
  readonly #plan: OperationPlan;
  readonly #handlers: object;
  readonly #method: (call: HandlerCall) => unknown;
  /** Undefined for an operation that needs no key. */
  readonly #keyed: KeyedRequests | undefined;
  /** Undefined for an operation that answers a value as JSON, or nothing. */
  readonly #writer: AnswerWriter | undefined;
  /** Undefined for an operation without streams. */
  readonly #streams: StreamHandler | undefined;

  /** @param limitMs - how long a call may take now. */
  constructor(parts: ServerParts, plan: OperationPlan, handlers: object, limitMs: () => number) {
    const { idempotency, env } = parts;
    this.#plan = plan;
    this.#streams = plan.stream || plan.bodyStream ? new StreamHandler(parts, plan) : undefined;
    this.#handlers = handlers;
    this.#method = Reflect.get(handlers, plan.name) as (call: HandlerCall) => unknown;
    this.#writer = plan.answers && new AnswerWriter(plan.id, plan.answers);
    this.#keyed = plan.idempotencyKey ? new KeyedRequests(plan, idempotency, limitMs, env) : undefined;
  }

  /** Answers a request whose body is here. */
  serve(request: IncomingRequest, context: CallContext, course: Course, ending: Ending): void {
    try {
      const values = validateRequest(this.#plan, request);
      if (values instanceof Promise) {
        values
          .then((later) => this.#run(request, later, context, course, ending))
          .catch((error) => ending.failed(error));
      } else this.#run(request, values, context, course, ending);
    } catch (error) {
      ending.failed(error);
    }
  }

  #run(request: IncomingRequest, values: RequestValues, context: CallContext, course: Course, ending: Ending): void {
    const { params, query, headers, body } = values;
    const call = { params, query, headers, body, context, idempotencyKey: undefined, lastEventId: undefined };
    if (this.#streams) this.#runStream(this.#streams, request, call, course, ending);
    else if (this.#keyed) this.#runKeyed(this.#keyed, request, call, course, ending);
    else this.#work(call, course, ending);
  }

  #runStream(
    streams: StreamHandler,
    request: IncomingRequest,
    given: HandlerCall,
    course: Course,
    ending: Ending,
  ): void {
    const format = streams.formatFor(request);
    const body = streams.bodyOf(request, course) ?? given.body;
    const call = { ...given, body, lastEventId: streams.lastEventId(request) };
    const { context } = call;
    if (!format) {
      this.#work(call, course, ending);
      return;
    }
    if (context.cancelled) throw context.reason;
    course.begin();
    const fail = (error: unknown) => this.#fail(error, context, course, ending);
    try {
      streams.answer(this.#method.call(this.#handlers, call), format, request, context, course, ending, fail);
    } catch (error) {
      fail(error);
    }
  }

  #runKeyed(keyed: KeyedRequests, request: IncomingRequest, call: HandlerCall, course: Course, ending: Ending): void {
    const { context } = call;
    const idempotencyKey = keyed.keyOf(request);
    // The key is not claimed yet, so a caller that has left by now leaves nothing behind.
    if (context.cancelled) throw context.reason;
    course.outlive();
    const go = (result: ClaimResult) => {
      if ('answer' in result) ending.answered(result.answer);
      else this.#work({ ...call, idempotencyKey }, course, ending, result.claimed);
    };
    const result = keyed.claim(idempotencyKey, request, context);
    if (result instanceof Promise) result.then(go).catch((error) => ending.failed(error));
    else go(result);
  }

  #work(call: HandlerCall, course: Course, ending: Ending, claimed?: ClaimedKey): void {
    const { context } = call;
    try {
      // The steps before may have used up the time.
      if (context.cancelled) throw context.reason;
      course.begin();
      const result = this.#method.call(this.#handlers, call);
      if (isThenable(result)) {
        result.then(
          (value) => this.#finish(value, context, course, ending, claimed),
          (error) => this.#fail(error, context, course, ending, claimed),
        );
      } else this.#finish(result, context, course, ending, claimed);
    } catch (error) {
      this.#fail(error, context, course, ending, claimed);
    }
  }

  /** Validates what the handler answered and hands it on. */
  #finish(result: unknown, context: CallContext, course: Course, ending: Ending, claimed?: ClaimedKey): void {
    if (this.#writer) {
      this.#write(this.#writer, result, context, course, ending, claimed);
      return;
    }
    const { response } = this.#plan;
    if (!response) {
      this.#answer(noContent, ending, claimed);
      return;
    }
    try {
      const checked = validateSent(response, 'response', result);
      if (checked instanceof Promise) {
        checked
          .then((later) => this.#answer(this.#written(later), ending, claimed))
          .catch((error) => this.#fail(error, context, course, ending, claimed));
      } else this.#answer(this.#written(checked), ending, claimed);
    } catch (error) {
      this.#fail(error, context, course, ending, claimed);
    }
  }

  #write(
    writer: AnswerWriter,
    result: unknown,
    context: CallContext,
    course: Course,
    ending: Ending,
    claimed: ClaimedKey | undefined,
  ): void {
    try {
      const answer = writer.write(result);
      if (answer instanceof Promise) {
        answer
          .then((later) => this.#answer(later, ending, claimed))
          .catch((error) => this.#fail(error, context, course, ending, claimed));
      } else this.#answer(answer, ending, claimed);
    } catch (error) {
      this.#fail(error, context, course, ending, claimed);
    }
  }

  #written(checked: Validated): ServedAnswer {
    const { issues } = checked;
    if (!issues) return jsonAnswer(checked.value);
    throw answeredAgainst(this.#plan.id, issues);
  }

  /** Kept also when nobody waits any more: the next attempt with this key will ask for it. */
  #answer(answer: ServedAnswer, ending: Ending, claimed: ClaimedKey | undefined): void {
    const kept = claimed && this.#keyed?.finish(claimed, answer);
    // Before it is sent: whoever asks again, perhaps another instance, must find it.
    if (kept) kept.then(() => ending.answered(answer));
    else ending.answered(answer);
  }

  /** Looks at errors of contracts, which are answered only as the operation declares them, before it answers. */
  #fail(error: unknown, context: CallContext, course: Course, ending: Ending, claimed?: ClaimedKey): void {
    if (errorIdOf(error) === undefined) {
      this.#answerError(error, context, course, ending, claimed);
      return;
    }
    const checked = checkDeclared(this.#plan, error as OperationError);
    if (checked instanceof Promise) {
      checked.then((later) => this.#answerError(later, context, course, ending, claimed));
    } else this.#answerError(checked, context, course, ending, claimed);
  }

  #answerError(error: unknown, { cancelled }: CallContext, course: Course, ending: Ending, claimed?: ClaimedKey): void {
    const answer = course.answerOf(error);
    const forget = answer.status >= 499 || cancelled;
    const ended = claimed && (forget ? this.#keyed?.release(claimed) : this.#keyed?.finish(claimed, answer));
    if (ended) ended.then(() => ending.failed(error, answer));
    else ending.failed(error, answer);
  }
}
