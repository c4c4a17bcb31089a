/** Reads answers that are more than a value as JSON: by status, with headers, or of another content type. */
import { isUtf8 } from 'node:buffer';
import { isOfType } from '../contract/content.js';
import type { ResponsePlan } from '../contract/response-spec.js';
import { type Validated, validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationResponse } from './operation-request.js';
import { contentType, type ReceivedAnswer, readJson } from './received-answer.js';

/**
 * Reads an answer of a status that the contract has; later only where a schema answers later.
 * @param bare - whether callers get the body alone
 * @throws AnswerInvalidError `FWK_HTTP_ANSWER_INVALID`
 */
export function readDeclared(
  operation: string,
  plan: ResponsePlan,
  bare: boolean,
  answer: ReceivedAnswer,
): OperationResponse | Promise<OperationResponse> {
  const checks = [
    plan.body && validatePart(plan.body, 'response', bodyOf(operation, plan, answer)),
    plan.headers && validatePart(plan.headers, 'headers', headersOf(plan, answer)),
  ] as const;
  const [body, headers] = checks;
  if (body instanceof Promise || headers instanceof Promise) {
    return Promise.all(checks).then(([later, headersLater]) => made(operation, plan, bare, later, headersLater));
  }
  return made(operation, plan, bare, body, headers);
}

function made(
  operation: string,
  { status }: ResponsePlan,
  bare: boolean,
  body: Validated | undefined,
  headers: Validated | undefined,
): OperationResponse {
  if (body?.issues || headers?.issues) {
    const issues = [...(body?.issues ?? []), ...(headers?.issues ?? [])];
    throw new AnswerInvalidError(operation, 'does not fit the contract', issues);
  }
  return { status, value: bare ? body?.value : { status, body: body?.value, headers: headers?.value } };
}

function bodyOf(operation: string, { content }: ResponsePlan, answer: ReceivedAnswer): unknown {
  if (content.kind === 'json') return readJson(operation, answer);
  const type = contentType(answer);
  if (!isOfType(content, type)) {
    throw new AnswerInvalidError(operation, `is not ${content.type} but ${type || 'without a type'}`);
  }
  const bytes = answer.bytes();
  if (content.kind === 'bytes') return bytes;
  if (!isUtf8(bytes)) throw new AnswerInvalidError(operation, 'is not valid UTF-8');
  return answer.text();
}

function headersOf({ headerNames }: ResponsePlan, answer: ReceivedAnswer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of headerNames) {
    const value = answer.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
