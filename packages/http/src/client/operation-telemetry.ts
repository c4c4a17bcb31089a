/**
 * Trace and metrics of the logical call: one span and one measurement however many attempts it takes. Outermost, because
 * it says what the caller saw: the time in queues and pauses, and the answer of a fallback. It also puts into the context
 * what all layers below read of the operation, in one derivation. The span goes on with the one that is active in
 * OpenTelemetry, where the application uses that, else with the trace in the context. No state but series bound when first
 * needed.
 */
import { beginSpan, type CalleeEdges, operationAttribute, peerAttribute, spanAbove, type Topology } from '@fwk/core';
import {
  attemptKey,
  type CallContext,
  callSafely,
  type Env,
  type Follower,
  follow,
  type Histogram,
  isFwkError,
  judgeError,
  judgeResult,
  type Layer,
  lasts,
  markSelfLimiting,
  messageOf,
  operationKey,
  priorityKey,
  type Service,
  type TraceContext,
  traceKey,
  type Verdict,
} from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { httpMetrics } from '../metrics.js';
import { declaredIn } from '../wire/declared-remote-error.js';

const firstAttempt = attemptKey.of(1);

/**
 * Makes the layer.
 * @param service - name of the service that is called
 * @param topology - told of each call; undefined where nobody asks
 */
export function operationTelemetry(
  service: string,
  topology: Pick<Topology, 'callee'> | undefined,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'operation-telemetry',
    wrap: (next, env) => new OperationTelemetry(next, env, service, topology),
  };
}

type OutcomeName = 'success' | 'failure' | 'ignored';

/** Where the calls of one operation are measured. */
type OperationSeries = Readonly<Record<OutcomeName, Histogram>> & {
  readonly edges: CalleeEdges | undefined;
  readonly service: string;
  readonly operation: string;
};

class OperationTelemetry implements Service<OperationRequest, OperationResponse> {
  readonly #next: Service<OperationRequest, OperationResponse>;
  readonly #env: Env;
  readonly #series = new Map<string, OperationSeries>();
  readonly #service: string;
  readonly #topology: Pick<Topology, 'callee'> | undefined;

  constructor(
    next: Service<OperationRequest, OperationResponse>,
    env: Env,
    service: string,
    topology: Pick<Topology, 'callee'> | undefined,
  ) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#topology = topology;
    markSelfLimiting(this, { next });
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const { operation } = request;
    const { plan } = operation;
    const series = this.#series.get(plan.id) ?? this.#bind(plan.id);
    const startedMs = this.#env.clock.now();
    const trace = beginSpan(this.#env, plan.id, 'internal', spanAbove(context), startedMs);
    const values = [traceKey.of(trace), operation.name, operation.idempotent, firstAttempt];
    // The caller's own priority wins: it knows whom it serves.
    if (operation.priority && context.get(priorityKey) === 'default') values.push(operation.priority);
    const call = new ObservedCall(this.#env, series, startedMs, trace, request, context);
    return follow(callSafely(this.#next, request, context.with({ values })), call);
  }

  status(request?: OperationRequest) {
    return this.#next.status(request);
  }

  #bind(operation: string): OperationSeries {
    const histogram = (outcome: OutcomeName) =>
      this.#env.metrics.histogram(httpMetrics['http.client.operation.duration'], { operation, outcome });
    const series = {
      success: histogram('success'),
      failure: histogram('failure'),
      ignored: histogram('ignored'),
      edges: this.#topology?.callee(this.#service, operation),
      service: this.#service,
      operation,
    };
    this.#series.set(operation, series);
    return series;
  }
}

/** Measures one logical call. */
class ObservedCall implements Follower<OperationResponse> {
  next: Follower<OperationResponse> | undefined = undefined;
  readonly #env: Env;
  readonly #series: OperationSeries;
  readonly #startedMs: number;
  readonly #trace: TraceContext;
  readonly #request: OperationRequest;
  readonly #context: CallContext;

  constructor(
    env: Env,
    series: OperationSeries,
    startedMs: number,
    trace: TraceContext,
    request: OperationRequest,
    context: CallContext,
  ) {
    this.#env = env;
    this.#series = series;
    this.#startedMs = startedMs;
    this.#trace = trace;
    this.#request = request;
    this.#context = context;
  }

  answered(response: OperationResponse): undefined {
    const verdict = judgeResult(this.#env, response, this.#context, this.#request);
    const endMs = this.#measure(verdict);
    // The span lasts as long as a stream does.
    const goesOn = lasts(response, (end) =>
      this.#endSpan(end ? 'failure' : 'success', end?.error, this.#env.clock.now()),
    );
    if (!goesOn) this.#endSpan(verdict.outcome, undefined, endMs);
  }

  failed(error: unknown): undefined {
    const verdict = judgeError(this.#env, error, this.#context, this.#request);
    this.#endSpan(verdict.outcome, error, this.#measure(verdict));
  }

  /** @returns when it ended, on the clock of the client */
  #measure({ outcome }: Verdict): number {
    const endMs = this.#env.clock.now();
    const ms = endMs - this.#startedMs;
    this.#series[outcome].observe(ms / 1000, this.#trace.traceId);
    this.#series.edges?.record(this.#context.get(operationKey), ms, outcome === 'failure', endMs);
    return endMs;
  }

  #endSpan(outcome: OutcomeName, error: unknown, endMs: number): void {
    const { span } = this.#trace;
    if (!span) return;
    span.set(peerAttribute, this.#series.service);
    span.set(operationAttribute, this.#series.operation);
    span.set('fwk.outcome', outcome);
    const declared = declaredIn(error)?.name;
    if (declared !== undefined) span.set('fwk.error', declared);
    const failed = outcome === 'failure' && !this.#context.cancelled;
    span.end(
      endMs,
      failed ? { type: declared ?? (isFwkError(error) ? error.code : '_OTHER'), message: messageOf(error) } : undefined,
    );
  }
}
