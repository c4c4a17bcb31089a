/** What the span of a request says, by OpenTelemetry's names for HTTP servers. */
import { operationAttribute } from '@fwk/core';
import { isFwkError, messageOf, type Span, type SpanDetails } from '@fwk/kernel';
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
  /** Whether it failed after it had begun to answer. @defaultValue false */
  readonly broken?: boolean;
}

/** First status that says that the server failed. */
const firstServerError = 500;

/** Ends the span. What is the caller's fault is no error of the server. */
export function endRequestSpan(
  span: Span,
  plan: OperationPlan<string>,
  request: IncomingRequest,
  { status, error, declared, endMs, broken }: RequestEnd,
): void {
  span.describe(new RequestDetails(plan, request, status, declared));
  if (!broken && (status === undefined || status < firstServerError)) span.end(endMs);
  else {
    const type = declared ?? (isFwkError(error) ? error.code : String(status));
    span.end(endMs, { type, message: error === undefined ? '' : messageOf(error) });
  }
}

class RequestDetails implements SpanDetails {
  readonly #plan: OperationPlan<string>;
  readonly #request: IncomingRequest;
  readonly #status: number | undefined;
  readonly #declared: string | undefined;

  constructor(
    plan: OperationPlan<string>,
    request: IncomingRequest,
    status: number | undefined,
    declared: string | undefined,
  ) {
    this.#plan = plan;
    this.#request = request;
    this.#status = status;
    this.#declared = declared;
  }

  setOn(span: Pick<Span, 'set'>): void {
    const { method, template, id } = this.#plan;
    const { url, protocol, address } = this.#request;
    span.set('http.request.method', method);
    if (template.route !== '') span.set('http.route', template.route);
    const query = url.indexOf('?');
    span.set('url.path', query < 0 ? url : url.slice(0, query));
    span.set('network.protocol.name', protocol);
    if (address !== '') span.set('client.address', address);
    span.set(operationAttribute, id);
    if (this.#status === undefined) span.set('fwk.caller_gone', true);
    else span.set('http.response.status_code', this.#status);
    if (this.#declared !== undefined) span.set('fwk.error', this.#declared);
  }
}
