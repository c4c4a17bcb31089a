/**
 * What happens to a request of one operation, in this order: is there time left → read trace, priority and caller →
 * validate every part → the idempotency key → the handler → validate its answer. Everything that can be known of the
 * operation is worked out when the route is made.
 */
import type { ServerResponse } from 'node:http';
import { childSpan, parseTrace, startTrace, traceKey } from '@fwk/core';
import { type ContextEntry, DeadlineExceededError, FwkError, jsonFault, operationKey, parseJson } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { ClaimedKey } from '../idempotency/idempotency-store.js';
import { callerKey } from '../wire/caller.js';
import { headerNames, readCaller, readDeadlineMs, readPriority } from '../wire/headers.js';
import { peerKey } from '../wire/peer.js';
import type { WireIssue } from '../wire/problem.js';
import { formatIssues, type Validated, validatePart } from '../wire/validate.js';
import { validateQuery } from '../wire/validate-query.js';
import type { Answer } from './answer.js';
import { Exchange } from './exchange.js';
import type { IncomingRequest } from './incoming-request.js';
import { KeyedRequests, type Met } from './keyed-requests.js';
import { priorityEntry } from './priority.js';
import { allHeaders, pickHeaders } from './read-headers.js';
import { RequestError } from './request-error.js';
import { RequestSeries } from './request-series.js';
import type { ServerParts } from './server-parts.js';

const json = 'application/json; charset=utf-8';
const noContent: Answer = { status: 204, contentType: undefined, body: undefined, headers: undefined };

/** What a handler is given; its types come from the contract. */
interface HandlerCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
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
  /** Undefined for an operation that needs no key. */
  readonly #keyed: KeyedRequests | undefined;
  readonly #limitMs: number;

  constructor(parts: ServerParts, plan: OperationPlan, handlers: object) {
    this.id = plan.id;
    this.series = new RequestSeries(parts.env.metrics, plan.method, plan.template.route);
    this.#parts = parts;
    this.#plan = plan;
    const method = Reflect.get(handlers, plan.name) as (call: HandlerCall) => unknown;
    this.#handle = (call) => method.call(handlers, call);
    this.#operation = operationKey.of(plan.id);
    this.#limitMs = plan.timeoutMs ?? parts.timeoutMs;
    this.#keyed = plan.idempotencyKey
      ? new KeyedRequests(plan, parts.idempotency, this.#limitMs, parts.env)
      : undefined;
  }

  /** Whether requests of the operation may have a body. */
  get takesBody(): boolean {
    return this.#plan.method !== 'GET';
  }

  handle(request: IncomingRequest, response: ServerResponse): void {
    const { headers } = request;
    const remainingMs = readDeadlineMs(headers[headerNames.deadlineMs]) ?? this.#limitMs;
    const exchange = new Exchange(
      this.#parts,
      this,
      response,
      Math.min(this.#limitMs, remainingMs),
      this.#contextValues(request),
    );
    // Nobody waits for the answer any more; working on it would only slow down calls that somebody waits for.
    if (remainingMs === 0) exchange.fail(new DeadlineExceededError(this.id));
    else exchange.scope.run(() => this.#serve(exchange, request));
  }

  /** Goes on at once as far as it can: each promise on the way would cost more than most steps. */
  #serve(exchange: Exchange, request: IncomingRequest): void {
    try {
      const { params, query, headers, headerNames, body } = this.#plan;
      const parts = [
        params && validatePart(params, 'params', request.params),
        query && validateQuery(query, request.query),
        headers && validatePart(headers, 'headers', pickHeaders(request.headers, headerNames)),
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
    try {
      const [params, query, validHeaders, body] = parts.map(takeValue);
      const issues = parts.flatMap((part) => part?.issues ?? []);
      if (issues.length > 0) throw invalid(issues);
      const { context } = exchange;
      const headers = this.#plan.headers ? validHeaders : allHeaders(request.headers);
      const call = { params, query, headers, body, context, idempotencyKey: undefined };
      if (this.#keyed) this.#runKeyed(this.#keyed, exchange, request, call);
      else this.#work(exchange, call);
    } catch (error) {
      exchange.fail(error);
    }
  }

  #runKeyed(keyed: KeyedRequests, exchange: Exchange, request: IncomingRequest, call: HandlerCall): void {
    const idempotencyKey = keyed.keyOf(request);
    const go = (met: Met) => {
      if ('answer' in met) exchange.send(met.answer);
      else this.#work(exchange, { ...call, idempotencyKey }, met.claimed);
    };
    const met = keyed.claim(idempotencyKey, request, exchange.context);
    if (met instanceof Promise) met.then(go).catch((error) => exchange.fail(error));
    else go(met);
  }

  #work(exchange: Exchange, call: HandlerCall, claimed?: ClaimedKey): void {
    try {
      const { context } = exchange;
      // What came before may have taken the rest of the time.
      if (context.cancelled) throw context.reason;
      const result = this.#handle(call);
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

  /** Kept also when nobody waits any more: the next attempt with this key will ask for it. */
  #send(exchange: Exchange, claimed: ClaimedKey | undefined, answer: Answer): void {
    const kept = claimed && this.#keyed?.finish(claimed, answer);
    // Before it is sent: whoever asks again, perhaps another instance, must find it.
    if (kept) kept.then(() => exchange.send(answer));
    else exchange.send(answer);
  }

  #fail(exchange: Exchange, claimed: ClaimedKey | undefined, error: unknown): void {
    const answer = exchange.answerOf(error);
    const forget = answer.status >= 499 || exchange.context.cancelled;
    const ended = claimed && (forget ? this.#keyed?.release(claimed) : this.#keyed?.finish(claimed, answer));
    if (ended) ended.then(() => exchange.send(answer, error));
    else exchange.send(answer, error);
  }

  /** A caller of an operation with keys comes back for its answer when it is cut off. */
  get outlivesCaller(): boolean {
    return this.#keyed !== undefined;
  }

  #contextValues({ headers, address, peer }: IncomingRequest): ContextEntry[] {
    const { random } = this.#parts.env;
    const outer = headers.traceparent === undefined ? undefined : parseTrace(headers as TraceHeaders);
    const values: ContextEntry[] = [
      this.#operation,
      traceKey.of(outer ? childSpan(outer, random) : startTrace(random)),
    ];
    const claimed = readPriority(headers[headerNames.priority]);
    const priority = priorityEntry(claimed, this.#plan.priority, claimed !== undefined && this.#parts.trusts(address));
    if (priority) values.push(priority);
    const caller = readCaller(headers[headerNames.caller]);
    if (caller !== undefined) values.push(callerKey.of(caller));
    if (peer) values.push(peerKey.of(peer));
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
    throw new RequestError('FWK_HTTP_BODY_NOT_JSON', `the body ${jsonFault(error)}`);
  }
}

function invalid(issues: readonly WireIssue[]): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_INVALID', formatIssues(issues), { members: { issues } });
}
