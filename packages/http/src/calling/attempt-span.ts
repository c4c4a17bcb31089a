/** What the span of one attempt says, by OpenTelemetry's names for HTTP clients. */
import { type Endpoint, endpointKey, type Wire } from '@fwk/discovery';
import { attemptKey, type CallContext, isFwkError, messageOf, type Span } from '@fwk/kernel';
import type { OperationRequest } from './operation-request.js';

/** How an attempt ended. */
export interface AttemptEnd {
  readonly wire: Wire;
  /** The status that was answered, or what happened instead. */
  readonly result: number | string;
  readonly error: unknown;
  readonly endMs: number;
}

/** First status that is an error for whoever asked. */
const firstError = 400;

/** Ends the span. A caller that gave the call up has not failed. */
export function endAttemptSpan(
  span: Span,
  { operation, path }: OperationRequest,
  context: CallContext,
  { wire, result, error, endMs }: AttemptEnd,
): void {
  const { method, template } = operation.plan;
  span.set('http.request.method', method);
  if (template.route !== '') span.set('url.template', template.route);
  const endpoint = context.get(endpointKey);
  if (endpoint) setServer(span, endpoint, path);
  span.set('network.protocol.name', wire);
  const attempt = context.get(attemptKey);
  if (attempt > 1) span.set('http.request.resend_count', attempt - 1);
  if (typeof result === 'number') span.set('http.response.status_code', result);
  const failed = typeof result === 'string' ? !isGivenUp(context) : result >= firstError;
  if (!failed) span.end(endMs);
  else span.end(endMs, { type: String(result), message: error === undefined ? '' : messageOf(error) });
}

/** True where nobody wanted the answer any more; an attempt that ran out of time has failed. */
function isGivenUp({ cancelled, reason }: CallContext): boolean {
  return cancelled && (!isFwkError(reason) || reason.traits.outcome === 'ignored');
}

function setServer(span: Span, { id, url, address, port, socketPath }: Endpoint, path: string): void {
  span.set('server.address', socketPath ?? address);
  if (socketPath === undefined) span.set('server.port', port);
  span.set('url.full', `${url}${path}`);
  span.set('fwk.endpoint', id);
}
