/**
 * What happens to a request of one operation, in this order: is there time left → read trace, priority and caller →
 * validate every part → the idempotency key → the handler → validate its answer. Everything that can be known of the
 * operation is worked out when the route is made.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { childSpan, parseTrace, startTrace, traceKey } from '@fwk/core';
import {
  type ContextEntry,
  DeadlineExceededError,
  FwkError,
  operationKey,
  type Priority,
  parseJson,
  priorityKey,
} from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { callerKey } from '../wire/caller.js';
import { headerNames, readCaller, readDeadlineMs, readIdempotencyKey, readPriority } from '../wire/headers.js';
import type { WireIssue } from '../wire/problem.js';
import { formatIssues, type Validated, validatePart } from '../wire/validate.js';
import { validateQuery } from '../wire/validate-query.js';
import type { Answer } from './answer.js';
import { Exchange } from './exchange.js';
import type { ClaimedKey } from './idempotency-store.js';
import type { IncomingRequest } from './incoming-request.js';
import { RequestError } from './request-error.js';
import { RequestSeries } from './request-series.js';
import type { ServerParts } from './server-parts.js';

const json = 'application/json; charset=utf-8';
const noContent: Answer = { status: 204, contentType: undefined, body: undefined, headers: undefined };

/** How long the caller of a request that is already being worked on should wait before it asks again. */
const runningWaitMs = 100;

const priorityEntries: Readonly<Record<Priority, ContextEntry>> = {
  critical: priorityKey.of('critical'),
  default: priorityKey.of('default'),
  sheddable: priorityKey.of('sheddable'),
  background: priorityKey.of('background'),
};

/** What a handler is given; its types come from the contract. */
interface HandlerCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly context: unknown;
  readonly idempotencyKey: string | undefined;
}

/** Answers the requests of one operation. */
export class RouteHandler {
  readonly id: string;
  readonly series: RequestSeries;
  readonly #parts: ServerParts;
  readonly #plan: OperationPlan;
  readonly #handle: (call: HandlerCall) => unknown;
  readonly #operation: ContextEntry;

  constructor(parts: ServerParts, plan: OperationPlan, handlers: object) {
    this.id = plan.id;
    this.series = new RequestSeries(parts.env.metrics, plan.method, plan.template.route);
    this.#parts = parts;
    this.#plan = plan;
    const method = Reflect.get(handlers, plan.name) as (call: HandlerCall) => unknown;
    this.#handle = (call) => method.call(handlers, call);
    this.#operation = operationKey.of(plan.id);
  }

  /** Whether requests of the operation may have a body. */
  get takesBody(): boolean {
    return this.#plan.method !== 'GET';
  }

  handle(request: IncomingRequest, response: ServerResponse): void {
    const { headers } = request;
    const allowedMs = this.#plan.timeoutMs ?? this.#parts.timeoutMs;
    const remainingMs = readDeadlineMs(headers[headerNames.deadlineMs]) ?? allowedMs;
    const exchange = new Exchange(
      this.#parts,
      this,
      response,
      Math.min(allowedMs, remainingMs),
      this.#contextValues(request),
    );
    // Nobody waits for the answer any more; working on it would only slow down calls that somebody waits for.
    if (remainingMs === 0) exchange.fail(new DeadlineExceededError(this.id));
    else exchange.scope.run(() => this.#serve(exchange, request));
  }

  /** Goes on at once as far as it can: each promise on the way would cost more than most steps. */
  #serve(exchange: Exchange, request: IncomingRequest): void {
    try {
      const { params, query, body } = this.#plan;
      const parts = [
        params && validatePart(params, 'params', request.params),
        query && validateQuery(query, request.query),
        body && validatePart(body, 'body', bodyOf(request.body)),
      ];
      if (parts.some((part) => part instanceof Promise)) {
        Promise.all(parts).then(
          (settled) => this.#run(exchange, request, settled),
          (error) => exchange.fail(error),
        );
      } else this.#run(exchange, request, parts as readonly (Validated | undefined)[]);
    } catch (error) {
      exchange.fail(error);
    }
  }

  #run(exchange: Exchange, request: IncomingRequest, parts: readonly (Validated | undefined)[]): void {
    let claimed: ClaimedKey | undefined;
    try {
      const [params, query, body] = parts.map(takeValue);
      const issues = parts.flatMap((part) => part?.issues ?? []);
      if (issues.length > 0) throw invalid(issues);
      const { context } = exchange;
      let idempotencyKey: string | undefined;
      if (this.#plan.idempotencyKey) {
        idempotencyKey = readIdempotencyKey(request.headers[headerNames.idempotencyKey]);
        const claim = this.#claim(idempotencyKey, request);
        if ('status' in claim) {
          exchange.send(claim);
          return;
        }
        claimed = claim;
      }
      // Validation may have taken the rest of the time.
      if (context.cancelled) throw context.reason;
      const result = this.#handle({ params, query, body, context, idempotencyKey });
      if (isThenable(result)) {
        result.then(
          (value) => this.#finish(exchange, claimed, value),
          (error) => this.#fail(exchange, claimed, error),
        );
      } else this.#finish(exchange, claimed, result);
    } catch (error) {
      this.#fail(exchange, claimed, error);
    }
  }

  /** Validates what the handler answered and sends it. */
  #finish(exchange: Exchange, claimed: ClaimedKey | undefined, result: unknown): void {
    const { response } = this.#plan;
    if (!response) {
      this.#send(exchange, claimed, noContent);
      return;
    }
    try {
      const checked = validatePart(response, 'response', result);
      if (checked instanceof Promise) {
        checked
          .then((later) => this.#send(exchange, claimed, this.#answer(later)))
          .catch((error) => this.#fail(exchange, claimed, error));
      } else this.#send(exchange, claimed, this.#answer(checked));
    } catch (error) {
      this.#fail(exchange, claimed, error);
    }
  }

  #answer(checked: Validated): Answer {
    const { issues } = checked;
    if (!issues) {
      return { status: 200, contentType: json, body: JSON.stringify(checked.value) ?? 'null', headers: undefined };
    }
    throw new FwkError(
      'FWK_HTTP_RESPONSE_INVALID',
      `${this.id} answered against its contract: ${formatIssues(issues)}`,
      {
        details: { operation: this.id, issues },
      },
    );
  }

  /** Stored also when nobody waits any more: the next attempt with this key will ask for it. */
  #send(exchange: Exchange, claimed: ClaimedKey | undefined, answer: Answer): void {
    claimed?.finish(answer);
    exchange.send(answer);
  }

  #fail(exchange: Exchange, claimed: ClaimedKey | undefined, error: unknown): void {
    const answer = exchange.answerOf(error);
    if (answer.status >= 499 || exchange.context.cancelled) claimed?.release();
    else claimed?.finish(answer);
    exchange.send(answer, error);
  }

  #claim(key: string | undefined, request: IncomingRequest): ClaimedKey | Answer {
    if (key === undefined) {
      throw new RequestError(
        'FWK_HTTP_IDEMPOTENCY_KEY_MISSING',
        `${this.id} needs the header Idempotency-Key: a quoted string of 1 to 255 characters, such as "order-7"`,
      );
    }
    const fingerprint = createHash('sha256').update(request.url).update('\n').update(request.body).digest('base64');
    const claim = this.#parts.idempotency.claim(`${this.id} ${key}`, fingerprint);
    switch (claim.kind) {
      case 'fresh':
        return claim.entry;
      case 'stored':
        return claim.answer;
      case 'other-request':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_KEY_REUSED',
          'the idempotency key was used before for another request; use a new key for each logical call',
        );
      case 'running':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS',
          'the first request with this idempotency key is still being worked on',
          { retryAfterMs: runningWaitMs },
        );
      case 'full':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_STORE_FULL',
          'as many requests with idempotency keys are being worked on as the server keeps',
          { retryAfterMs: runningWaitMs },
        );
    }
  }

  #contextValues({ headers }: IncomingRequest): ContextEntry[] {
    const { random } = this.#parts.env;
    const outer = headers.traceparent === undefined ? undefined : parseTrace(headers as TraceHeaders);
    const values: ContextEntry[] = [
      this.#operation,
      traceKey.of(outer ? childSpan(outer, random) : startTrace(random)),
    ];
    const priority = readPriority(headers[headerNames.priority]) ?? this.#plan.priority;
    if (priority !== undefined && priority !== 'default') values.push(priorityEntries[priority]);
    const caller = readCaller(headers[headerNames.caller]);
    if (caller !== undefined) values.push(callerKey.of(caller));
    return values;
  }
}

type TraceHeaders = Parameters<typeof parseTrace>[0];

function takeValue(part: Validated | undefined): unknown {
  return part && !part.issues ? part.value : undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** A body arrives as text, since its text also identifies the request of an idempotency key. */
function bodyOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    throw new RequestError('FWK_HTTP_BODY_NOT_JSON', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

function invalid(issues: readonly WireIssue[]): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_INVALID', formatIssues(issues), { members: { issues } });
}
