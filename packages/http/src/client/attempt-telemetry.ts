/**
 * Trace and metrics of one attempt, right round the transport, so that they say what one callee did and nothing else: a
 * span of its own, which the callee sees as its parent, and OpenTelemetry's `http.client.request.duration`. No state but
 * series bound when first needed.
 */
import { childSpan, startTrace, traceKey } from '@fwk/core';
import {
  type CallContext,
  callSafely,
  type Env,
  type Histogram,
  isFwkError,
  type Layer,
  type Service,
} from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { RemoteError } from '../wire/remote-error.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';

/** @param service - the callee's name, which stands for its address: addresses live for seconds. */
export function attemptTelemetry(service: string, series: AttemptSeries): Layer<OperationRequest, OperationResponse> {
  return { role: 'attempt-telemetry', wrap: (next, env) => new AttemptTelemetry(next, env, service, series) };
}

/** Series by operation and result. Made once a client and shared by the stacks of all its endpoints. */
export type AttemptSeries = Map<string, Map<number | string, Histogram>>;

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
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const { clock, random } = this.#env;
    const startedMs = clock.now();
    const outer = context.get(traceKey);
    const span = outer ? childSpan(outer, random) : startTrace(random);
    const finish = (result: number | string) =>
      this.#find(request.operation.plan, result).observe((clock.now() - startedMs) / 1000, span.traceId);
    return callSafely(this.#next, request, context.with({ values: [traceKey.of(span)] })).then(
      (response) => {
        finish(response.status);
        return response;
      },
      (error) => {
        finish(resultOf(error, context));
        throw error;
      },
    );
  }

  status(request?: OperationRequest) {
    return this.#next.status(request);
  }

  #find(plan: OperationPlan<string>, result: number | string): Histogram {
    let byResult = this.#series.get(plan.id);
    if (!byResult) {
      byResult = new Map();
      this.#series.set(plan.id, byResult);
    }
    const known = byResult.get(result);
    if (known) return known;
    const answered = typeof result === 'number';
    const series = this.#env.metrics.histogram(
      { name: 'http.client.request.duration', help: 'How long attempts at requests took.', unit: 'seconds' },
      {
        'http.request.method': plan.method,
        'url.template': plan.template.route,
        'server.address': this.#service,
        'http.response.status_code': answered ? String(result) : '',
        'error.type': answered ? (result >= 400 ? String(result) : '') : result,
      },
    );
    byResult.set(result, series);
    return series;
  }
}

/** The last of the statuses that mean something. */
const LAST_STATUS = 599;

/** The status that was answered, or what happened instead. */
function resultOf(error: unknown, context: CallContext): number | string {
  if (context.cancelled) return isFwkError(context.reason) ? context.reason.code : 'cancelled';
  if (isFwkError(error, 'FWK_HTTP_REMOTE')) {
    const { status } = error as RemoteError;
    // A callee may answer any three digits; each would be a series.
    return status <= LAST_STATUS ? status : '_OTHER';
  }
  return isFwkError(error) ? error.code : '_OTHER';
}
