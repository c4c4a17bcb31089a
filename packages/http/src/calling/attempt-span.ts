/** What the span of one attempt says, by OpenTelemetry's names for HTTP clients. */
import { type Endpoint, endpointKey, type Wire } from '@fwk/discovery';
import { attemptKey, type CallContext, isFwkError, messageOf, type Span, type SpanDetails } from '@fwk/kernel';
import type { ErrorPlan } from '../contract/error-spec.js';
import { type OperationRequest, pathAt } from './operation-request.js';

/** First status that is an error for whoever asked. */
const firstError = 400;

/** The status that was answered, or the error of the contract, or what happened instead. */
export type AttemptResult = number | string | ErrorPlan;

/** The status that was answered; undefined without an answer. */
export function statusOf(result: AttemptResult): number | undefined {
  if (typeof result === 'object') return result.status;
  return typeof result === 'number' ? result : undefined;
}

/** What went wrong: the name of an error of the contract, else the status or what happened; empty where nothing did. */
export function errorTypeOf(result: AttemptResult): string {
  if (typeof result === 'object') return result.name;
  return typeof result === 'number' && result < firstError ? '' : String(result);
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly wire: Wire;
  readonly result: AttemptResult;
  readonly error: unknown;
  readonly endMs: number;
}

/** Ends the span. A caller that gave the call up has not failed. */
export function endAttemptSpan(
  span: Span,
  request: OperationRequest,
  context: CallContext,
  { wire, result, error, endMs }: AttemptEnd,
): void {
  span.describe(new AttemptDetails(request, context, wire, result));
  const status = statusOf(result);
  const failed = status === undefined ? !isGivenUp(context) : status >= firstError;
  if (!failed) span.end(endMs);
  else span.end(endMs, { type: errorTypeOf(result), message: error === undefined ? '' : messageOf(error) });
}

/** True where nobody wanted the answer any more; an attempt that ran out of time has failed. */
function isGivenUp({ cancelled, reason }: CallContext): boolean {
  return cancelled && (!isFwkError(reason) || reason.traits.outcome === 'ignored');
}

class AttemptDetails implements SpanDetails {
  readonly #request: OperationRequest;
  readonly #context: CallContext;
  readonly #wire: Wire;
  readonly #result: AttemptResult;

  constructor(request: OperationRequest, context: CallContext, wire: Wire, result: AttemptResult) {
    this.#request = request;
    this.#context = context;
    this.#wire = wire;
    this.#result = result;
  }

  setOn(span: Pick<Span, 'set'>): void {
    const { operation, path } = this.#request;
    const { method, template } = operation.plan;
    span.set('http.request.method', method);
    if (template.route !== '') span.set('url.template', template.route);
    const endpoint = this.#context.get(endpointKey);
    if (endpoint) setServer(span, endpoint, this.#wire === 'http' ? pathAt(endpoint, this.#request) : path);
    span.set('network.protocol.name', this.#wire);
    const attempt = this.#context.get(attemptKey);
    if (attempt > 1) span.set('http.request.resend_count', attempt - 1);
    const status = statusOf(this.#result);
    if (status !== undefined) span.set('http.response.status_code', status);
  }
}

function setServer(span: Pick<Span, 'set'>, { id, url, address, port, socketPath }: Endpoint, path: string): void {
  span.set('server.address', socketPath ?? address);
  if (socketPath === undefined) span.set('server.port', port);
  span.set('url.full', `${url}${path}`);
  span.set('fwk.endpoint', id);
}
