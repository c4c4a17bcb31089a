/** What the span of a request says, by OpenTelemetry's names for HTTP servers. */
import { operationAttribute } from '@fwk/core';
import { isFwkError, messageOf, type Span } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { IncomingRequest } from './incoming-request.js';

/** How a request ended. */
export interface RequestEnd {
  /** The status that was answered; undefined where the caller had gone. */
  readonly status: number | undefined;
  readonly error: unknown;
  /** Name of the error that was answered, where the contract declares it. */
  readonly declared: string | undefined;
  readonly endMs: number;
}

/** First status that says that the server failed. */
const firstServerError = 500;

/** Ends the span. What is the caller's fault is no error of the server. */
export function endRequestSpan(
  span: Span,
  plan: OperationPlan,
  { protocol, url, address }: IncomingRequest,
  { status, error, declared, endMs }: RequestEnd,
): void {
  span.set('http.request.method', plan.method);
  span.set('http.route', plan.template.route);
  const query = url.indexOf('?');
  span.set('url.path', query < 0 ? url : url.slice(0, query));
  span.set('network.protocol.name', protocol);
  if (address !== '') span.set('client.address', address);
  span.set(operationAttribute, plan.id);
  if (status === undefined) span.set('fwk.caller_gone', true);
  else span.set('http.response.status_code', status);
  if (declared !== undefined) span.set('fwk.error', declared);
  if (status === undefined || status < firstServerError) span.end(endMs);
  else {
    const type = declared ?? (isFwkError(error) ? error.code : String(status));
    span.end(endMs, { type, message: error === undefined ? '' : messageOf(error) });
  }
}
