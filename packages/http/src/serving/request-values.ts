/** The values that a handler gets of a request: every part, validated by the schemas of the contract. */
import { jsonFault, parseJson } from '@fwk/kernel';
import type { Content } from '../contract/content.js';
import type { OperationPlan } from '../contract/contract.js';
import type { WireIssue } from '../wire/problem.js';
import { formatIssues, type Validated, validatePart } from '../wire/validate.js';
import { validateQuery } from '../wire/validate-query.js';
import type { IncomingRequest } from './incoming-request.js';
import { allHeaders, pickHeaders } from './read-headers.js';
import { RequestError } from './request-error.js';

/** The parts, as handlers are given them. */
export interface RequestValues {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

/** What of a request is validated. */
export type RequestParts = Pick<IncomingRequest, 'params' | 'query' | 'headers' | 'body'>;

/** A result for each part; undefined for a part without a schema. */
type Parts<T> = { readonly [Part in keyof RequestValues]: T | undefined };

/**
 * Validates a request whose body has arrived. It returns a promise only when a schema does.
 * @throws RequestError `FWK_HTTP_REQUEST_INVALID` with what is wrong in all parts, `FWK_HTTP_BODY_NOT_JSON`; errors that a
 * schema throws are passed on.
 */
export function validateRequest(plan: OperationPlan, request: RequestParts): RequestValues | Promise<RequestValues> {
  const { params, query, plainNames, headers, headerNames, body, content } = plan;
  const parts = {
    params: params && validatePart(params, 'params', request.params),
    query: query && validateQuery(query, request.query, plainNames),
    headers: headers && validatePart(headers, 'headers', pickHeaders(request.headers, headerNames)),
    body: body && validatePart(body, 'body', bodyOf(request.body, content)),
  };
  if (areSettled(parts)) return valuesOf(parts, request);
  return settled(parts).then((later) => valuesOf(later, request));
}

function areSettled(parts: Parts<Validated | Promise<Validated>>): parts is Parts<Validated> {
  const { params, query, headers, body } = parts;
  const waits = params instanceof Promise || query instanceof Promise;
  return !waits && !(headers instanceof Promise) && !(body instanceof Promise);
}

async function settled(parts: Parts<Validated | Promise<Validated>>): Promise<Parts<Validated>> {
  const [params, query, headers, body] = await Promise.all([parts.params, parts.query, parts.headers, parts.body]);
  return { params, query, headers, body };
}

function valuesOf({ params, query, headers, body }: Parts<Validated>, request: RequestParts): RequestValues {
  if (params?.issues || query?.issues || headers?.issues || body?.issues) {
    throw invalid([params, query, headers, body].flatMap((part) => part?.issues ?? []));
  }
  return {
    params: params?.value,
    query: query?.value,
    headers: headers ? headers.value : allHeaders(request.headers),
    body: body?.value,
  };
}

/** JSON arrives as text, since its text also identifies the request of an idempotency key. */
function bodyOf(given: string | Uint8Array, { kind }: Content): unknown {
  if (kind === 'bytes') return typeof given === 'string' ? new Uint8Array() : given;
  if (kind === 'text' || typeof given !== 'string') return given;
  if (given === '') return undefined;
  try {
    return parseJson(given);
  } catch (error) {
    throw new RequestError('FWK_HTTP_BODY_NOT_JSON', `the body ${jsonFault(error)}`);
  }
}

function invalid(issues: readonly WireIssue[]): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_INVALID', formatIssues(issues), { members: { issues } });
}
