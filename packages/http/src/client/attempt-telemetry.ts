/**
 * Trace and metrics of one attempt, right round the transport, so that they say what one callee did and nothing else: a
 * span of its own, which the callee sees as its parent, and OpenTelemetry's `http.client.request.duration`. No state but
 * series bound when first needed.
 */
import { beginSpan } from '@fwk/core';
import type { Wire } from '@fwk/discovery';
import {
  type CallContext,
  callSafely,
  type Env,
  type Follower,
  follow,
  type Histogram,
  isFwkError,
  type Layer,
  lasts,
  markSelfLimiting,
  type Service,
  type TraceContext,
  traceKey,
} from '@fwk/kernel';
import { type AttemptResult, endAttemptSpan, errorTypeOf, statusOf } from '../calling/attempt-span.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { type TakenWire, takenWireKey } from '../calling/taken-wire.js';
import type { OperationPlan } from '../contract/contract.js';
import { httpMetrics } from '../metrics.js';
import { declaredIn } from '../wire/declared-remote-error.js';
import type { RemoteError } from '../wire/remote-error.js';

/** @param service - the callee's name, which stands for its address: addresses live for seconds. */
export function attemptTelemetry(service: string, series: AttemptSeries): Layer<OperationRequest, OperationResponse> {
  return { role: 'attempt-telemetry', wrap: (next, env) => new AttemptTelemetry(next, env, service, series) };
}

/** Series by wire, operation and result. Made once a client and shared by the stacks of all its endpoints. */
export type AttemptSeries = Readonly<Record<Wire, Map<string, Map<AttemptResult, Histogram>>>>;

/** No series yet. */
export function attemptSeries(): AttemptSeries {
  return { http: new Map(), mux: new Map(), local: new Map() };
}

class AttemptTelemetry implements Service<OperationRequest, OperationResponse> {
  readonly #next: Service<OperationRequest, OperationResponse>;
  readonly #env: Env;
  readonly #service: string;
  readonly #series: AttemptSeries;

  constructor(next: Service<OperationRequest, OperationResponse>, env: Env, service: string, series: AttemptSeries) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#series = series;
    markSelfLimiting(this, { next });
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const startedMs = this.#env.clock.now();
    const { attemptName } = request.operation;
    const trace = beginSpan(this.#env, attemptName, 'client', context.get(traceKey), startedMs);
    const attempt = new ObservedAttempt(this, request, startedMs, trace, context);
    return follow(
      callSafely(this.#next, request, context.with({ values: [traceKey.of(trace), takenWireKey.of(attempt)] })),
      attempt,
    );
  }

  /**
   * An attempt has ended.
   * @returns the moment, on the clock of the client.
   */
  ended(wire: Wire, plan: OperationPlan<string>, result: AttemptResult, startedMs: number, traceId: string): number {
    const endMs = this.#env.clock.now();
    this.#find(wire, plan, result).observe((endMs - startedMs) / 1000, traceId);
    return endMs;
  }

  now(): number {
    return this.#env.clock.now();
  }

  status(request?: OperationRequest) {
    return this.#next.status(request);
  }

  #find(wire: Wire, plan: OperationPlan<string>, result: AttemptResult): Histogram {
    const byOperation = this.#series[wire];
    let byResult = byOperation.get(plan.id);
    if (!byResult) {
      byResult = new Map();
      byOperation.set(plan.id, byResult);
    }
    const known = byResult.get(result);
    if (known) return known;
    const status = statusOf(result);
    const series = this.#env.metrics.histogram(httpMetrics['http.client.request.duration'], {
      'http.request.method': plan.method,
      'url.template': plan.template.route,
      'server.address': this.#service,
      'network.protocol.name': wire,
      'http.response.status_code': String(status ?? ''),
      'error.type': errorTypeOf(result),
    });
    byResult.set(result, series);
    return series;
  }
}

/** Measures one attempt. */
class ObservedAttempt implements Follower<OperationResponse>, TakenWire {
  wire: Wire = 'http';
  next: Follower<OperationResponse> | undefined = undefined;
  readonly #telemetry: AttemptTelemetry;
  readonly #request: OperationRequest;
  readonly #startedMs: number;
  readonly #trace: TraceContext;
  readonly #context: CallContext;

  constructor(
    telemetry: AttemptTelemetry,
    request: OperationRequest,
    startedMs: number,
    trace: TraceContext,
    context: CallContext,
  ) {
    this.#telemetry = telemetry;
    this.#request = request;
    this.#startedMs = startedMs;
    this.#trace = trace;
    this.#context = context;
  }

  answered(response: OperationResponse): undefined {
    const { status } = response;
    const endMs = this.#measure(status);
    // The span lasts as long as a stream does.
    const goesOn = lasts(response, (end) =>
      this.#endSpan(end ? brokenOff(end.error) : status, end?.error, this.#telemetry.now()),
    );
    if (!goesOn) this.#endSpan(status, undefined, endMs);
  }

  failed(error: unknown): undefined {
    const result = resultOf(error, this.#context);
    this.#endSpan(result, error, this.#measure(result));
  }

  #measure(result: AttemptResult): number {
    const { plan } = this.#request.operation;
    return this.#telemetry.ended(this.wire, plan, result, this.#startedMs, this.#trace.traceId);
  }

  #endSpan(result: AttemptResult, error: unknown, endMs: number): void {
    const { span } = this.#trace;
    if (span) endAttemptSpan(span, this.#request, this.#context, { wire: this.wire, result, error, endMs });
  }
}

/** What a stream failed with after it had begun. */
function brokenOff(error: unknown): string {
  return isFwkError(error) ? error.code : '_OTHER';
}

/** The last of the statuses that mean something. */
const LAST_STATUS = 599;

function resultOf(error: unknown, context: CallContext): AttemptResult {
  if (context.cancelled) return isFwkError(context.reason) ? context.reason.code : 'cancelled';
  const declared = declaredIn(error);
  if (declared) return declared;
  if (isFwkError(error, 'FWK_HTTP_REMOTE')) {
    const { status } = error as RemoteError;
    // A callee may answer any three digits; each would be a series.
    return status <= LAST_STATUS ? status : '_OTHER';
  }
  return isFwkError(error) ? error.code : '_OTHER';
}
