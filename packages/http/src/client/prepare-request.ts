/**
 * From what a caller gives to what can be sent: values are written as they will arrive, validated as the server will
 * validate them, and put into path, query and body. What the caller gave is sent, not what its schema made of it, so that
 * a schema's transformations happen once, at the server.
 */
import { randomUUID } from 'node:crypto';
import { unknownName } from '@fwk/kernel';
import { CallInvalidError } from '../calling/client-errors.js';
import type { ClientOperation, OperationRequest } from '../calling/operation-request.js';
import type { CallOptions } from '../contract/contract-types.js';
import { isEventId } from '../contract/item-stream.js';
import { formatIdempotencyKey, headerNames, isIdempotencyKey } from '../wire/headers.js';
import { jsonText } from '../wire/json-text.js';
import type { WireIssue } from '../wire/problem.js';
import { separatedQuery } from '../wire/separated-query.js';
import { type Validated, validatePart } from '../wire/validate.js';
import { validateQuery } from '../wire/validate-query.js';
import { sentOf, validateSent } from '../wire/validate-sent.js';
import { addHeaders, type WireHeaders, wireHeaders } from '../wire/wire-headers.js';
import { formatQuery, type QueryValues, type Refuse, wireParams, wireQuery } from '../wire/wire-values.js';
import { BodyItems } from './body-items.js';

/** The parts of a request as a caller gives them. */
export interface GivenRequest {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
}

const partNames: readonly string[] = ['params', 'query', 'headers', 'body'];

/** Why a request was not sent. What a caller gave beside its parts is only looked for then: it would cost each call. */
function whyRefused(given: object): string {
  const stranger = Object.keys(Object(given)).find((name) => !partNames.includes(name));
  const part = stranger === undefined ? '' : `, and ${unknownName('a call has no part', stranger, partNames)}`;
  return `it does not fit its contract${part}`;
}

const none: QueryValues = Object.freeze({});

/**
 * Makes the request; answers later only when a schema does.
 * @throws CallInvalidError `FWK_HTTP_CALL_INVALID`, at once or as a rejection.
 */
export function prepareRequest(
  operation: ClientOperation,
  given: GivenRequest,
  options: CallOptions | undefined,
): OperationRequest | Promise<OperationRequest> {
  const { plan } = operation;
  const written: Written = {
    params: plan.params ? wireParams(given.params, refusing(operation, 'params')) : none,
    query: plan.query ? queryOf(operation, given.query) : none,
    headers: plan.headers ? wireHeaders(given.headers, refusing(operation, 'headers')) : undefined,
  };
  const checks = [
    plan.params && validatePart(plan.params, 'params', written.params),
    plan.query && validateQuery(plan.query, written.query, plan.plainNames),
    plan.headers && validatePart(plan.headers, 'headers', { ...written.headers }),
    plan.body && validateSent(plan.body, 'body', given.body),
  ];
  if (checks.some(isPromise)) {
    return Promise.all(checks).then((results) => requestOf(operation, given, options, written, results));
  }
  return requestOf(operation, given, options, written, checks as readonly (Validated | undefined)[]);
}

/** The parts of a request as they are sent. */
interface Written {
  readonly params: QueryValues;
  readonly query: QueryValues;
  readonly headers: WireHeaders | undefined;
}

function queryOf(operation: ClientOperation, given: unknown): QueryValues {
  const refuse = refusing(operation, 'query', noQueryText);
  const { separators, plainNames } = operation.plan;
  const query = wireQuery(given, refuse, plainNames);
  return separators ? separatedQuery(query, separators, refuse) : query;
}

/** Puts the request together, once its parts have been validated. */
function requestOf(
  operation: ClientOperation,
  given: GivenRequest,
  options: CallOptions | undefined,
  { params, query, headers }: Written,
  results: readonly (Validated | undefined)[],
): OperationRequest {
  const { plan } = operation;
  if (results.some(isRefused)) {
    const issues = results.flatMap((result) => result?.issues ?? []);
    throw new CallInvalidError(plan.id, issues, undefined, whyRefused(given));
  }
  const path = pathOf(operation, params as Readonly<Record<string, string>>);
  return {
    operation,
    path: query === none ? path : path + formatQuery(query),
    body: plan.body && bodyOf(operation, sentOf(plan.body, given.body, results[3])),
    headers: headersOf(operation, headers, options?.lastEventId),
    ...(plan.bodyStream && { bodyItems: new BodyItems(plan.id, plan.bodyStream, given.body) }),
    idempotencyKey: plan.idempotencyKey ? keyOf(operation, options?.idempotencyKey) : undefined,
    given,
  };
}

function headersOf(operation: ClientOperation, own: WireHeaders | undefined, lastEventId: string | undefined) {
  const headers = own ? addHeaders(operation.headers, own) : operation.headers;
  if (lastEventId === undefined) return headers;
  if (isEventId(lastEventId)) return addHeaders(headers, { [headerNames.lastEventId]: lastEventId });
  throw invalid(operation, 'headers', headerNames.lastEventId, 'is not 1 to 255 printable ASCII characters');
}

function isPromise(check: unknown): boolean {
  return check instanceof Promise;
}

function isRefused(result: Validated | undefined): boolean {
  return result?.issues !== undefined;
}

const noText = 'cannot be written in a URL; give text, a number, true, false or a date';
const noQueryText = `${noText}, or a list or an object of those`;

function refusing(operation: ClientOperation, part: WireIssue['in'], otherwise = noText): Refuse {
  return (name, why = otherwise) => {
    throw invalid(operation, part, name, why);
  };
}

function pathOf(operation: ClientOperation, params: Readonly<Record<string, string>>): string {
  const path = operation.buildPath(params);
  if (typeof path === 'string') return path;
  throw invalid(operation, 'params', path.refused, 'cannot stand in a path: it is empty, "." or "..", or not Unicode');
}

function bodyOf(operation: ClientOperation, body: unknown): string | Uint8Array {
  // Its schema takes nothing else.
  if (operation.plan.content.kind !== 'json') return body as string | Uint8Array;
  try {
    const text = jsonText(body);
    if (text !== undefined) return text;
  } catch (error) {
    throw invalid(operation, 'body', '', `cannot be written as JSON: ${(error as Error).message}`, error);
  }
  throw invalid(operation, 'body', '', 'has no form in JSON');
}

function keyOf(operation: ClientOperation, given: string | undefined): string {
  if (given === undefined) return `"${randomUUID()}"`;
  if (isIdempotencyKey(given)) return formatIdempotencyKey(given);
  throw invalid(operation, 'body', '', 'has an idempotencyKey that is not 1 to 255 printable ASCII characters');
}

function invalid(operation: ClientOperation, part: WireIssue['in'], path: string, message: string, cause?: unknown) {
  return new CallInvalidError(operation.plan.id, [{ in: part, path, message }], cause);
}
