/**
 * What happens to a request of one operation, in this order: read trace, priority and caller → is there time left → the server
 * scope of its contract → what answers the operation. While nothing stands in the scope a request goes past it.
 *
 * While all layers of the scope would let a request in, its body is read first, so that nobody holds a place by sending slowly.
 * As soon as one would not, requests pass the scope by their heads alone, and a body is read only of those that are let in.
 */
import { baggageKey, beginServerSpan, readBaggage, type UsageAccount } from '@fwk/core';
import { type ContextEntry, callerKey, callSafely, operationKey, traceKey } from '@fwk/kernel';
import type { CallCounts, ServerScope } from '@fwk/resilience';
import type { OperationPlan } from '../contract/contract.js';
import { headerNames } from '../wire/headers.js';
import { peerKey } from '../wire/peer.js';
import type { ServedAnswer } from './answer.js';
import { answerFault, LayerAnswerError } from './answer-fault.js';
import { Exchange } from './exchange.js';
import type { IncomingRequest } from './incoming-request.js';
import type { OperationWork } from './operation-handler.js';
import { priorityEntry } from './priority.js';
import { RequestSeries } from './request-series.js';
import { ServedCall, type ServedRequest } from './served-request.js';
import type { ServedScope } from './served-scope.js';
import type { ServerParts } from './server-parts.js';

/** Answers the requests of one operation. */
export class RouteHandler {
  readonly id: string;
  readonly series: RequestSeries;
  readonly counts: CallCounts;
  readonly usage: UsageAccount | undefined;
  readonly #parts: ServerParts;
  readonly plan: OperationPlan<string>;
  readonly #context: ContextEntry;
  readonly #spanName: string;
  readonly #operation: OperationWork;
  readonly #scope: ServedScope;
  readonly #layers: ServerScope<ServedRequest, ServedAnswer>;

  /** @param layers - those of the scope, round the operations of the contract. */
  constructor(
    parts: ServerParts,
    plan: OperationPlan<string>,
    operation: OperationWork,
    scope: ServedScope,
    layers: ServerScope<ServedRequest, ServedAnswer>,
  ) {
    this.id = plan.id;
    this.series = new RequestSeries(parts.env.metrics, plan.method, plan.template.route);
    this.counts = scope.counts(plan.name);
    this.usage = parts.usage?.account(plan.id);
    this.#parts = parts;
    this.plan = plan;
    this.#context = operationKey.of(plan.id);
    const { route } = plan.template;
    this.#spanName = route === '' ? plan.method : `${plan.method} ${route}`;
    this.#operation = operation;
    this.#scope = scope;
    this.#layers = layers;
  }

  handle(request: IncomingRequest): void {
    const limitMs = this.#scope.limitMs(this.plan.name);
    const remainingMs = request.remainingMs ?? limitMs;
    const startedMs = this.#parts.env.clock.now();
    const values = this.#contextValues(request, startedMs);
    const exchange = new Exchange(this.#parts, this, request, startedMs, Math.min(limitMs, remainingMs), values);
    // Nobody waits for the answer any more; working on it would only slow down calls that somebody waits for.
    if (remainingMs === 0) exchange.failed(this.counts.outOfTime(exchange.context));
    else if (this.#layers.empty) this.#direct(exchange, request);
    else this.#through(exchange, request);
  }

  get #takesBody(): boolean {
    // A stream is read by the handler itself.
    return this.plan.method !== 'GET' && !this.plan.bodyStream;
  }

  #direct(exchange: Exchange, request: IncomingRequest): void {
    if (!this.#takesBody) exchange.run(() => this.#serve(exchange, request));
    else this.#read(exchange, request, () => this.#serve(exchange, request));
  }

  #serve(exchange: Exchange, request: IncomingRequest): void {
    this.#operation.serve(request, exchange.context, exchange, exchange);
  }

  #through(exchange: Exchange, request: IncomingRequest): void {
    const call = new ServedCall(this.plan, request, exchange, this.#parts.trusts);
    call.complete = !this.#takesBody || !request.announcesBody;
    if (!call.complete && this.#isReady(call)) {
      this.#read(exchange, request, () => {
        call.complete = true;
        this.#enter(exchange, call);
      });
    } else exchange.run(() => this.#enter(exchange, call));
  }

  /** A layer whose `status` throws counts as not ready. */
  #isReady(call: ServedCall): boolean {
    try {
      return this.#layers.status(call) === 'ready';
    } catch {
      return false;
    }
  }

  #enter(exchange: Exchange, call: ServedCall): void {
    // A layer may answer without a promise. A promise is used as it is.
    Promise.resolve(callSafely(this.#layers, call, exchange.context)).then(
      (answer) => this.#answer(exchange, answer),
      (error) => exchange.failed(error),
    );
  }

  /** A layer may answer anything, and an answer that cannot be sent must still end the exchange. */
  #answer(exchange: Exchange, answer: ServedAnswer): void {
    const fault = answerFault(answer);
    if (fault === undefined) exchange.answered(answer);
    else exchange.failed(new LayerAnswerError(this.id, fault));
  }

  /** Goes on in the scope of the exchange: what arrives on a connection belongs to none. */
  #read(exchange: Exchange, request: IncomingRequest, goOn: () => void): void {
    request.readBody(this.plan.content, (error, body) => {
      const { context } = exchange;
      if (error || context.cancelled) return exchange.failed(error ?? context.reason);
      request.body = body;
      exchange.run(goOn);
    });
  }

  #contextValues(
    { trace: outer, priority: claimed, caller, address, peer, headers }: IncomingRequest,
    startedMs: number,
  ): ContextEntry[] {
    const trace = beginServerSpan(this.#parts.env, this.#spanName, outer, startedMs);
    const values: ContextEntry[] = [this.#context, traceKey.of(trace)];
    const baggage = headers[headerNames.baggage];
    if (baggage !== undefined) values.push(baggageKey.of(readBaggage(baggage)));
    const priority = priorityEntry(claimed, this.plan.priority, claimed !== undefined && this.#parts.trusts(address));
    if (priority) values.push(priority);
    if (caller !== undefined) values.push(callerKey.of(caller));
    if (peer) values.push(peerKey.of(peer));
    return values;
  }
}
