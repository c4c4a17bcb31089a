/** Makes of a received answer, from any wire, what the caller gets: a value of the contract, or one of our errors. */
import { type Clock, jsonFault, parseJson } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationResponse } from './operation-request.js';
import { readError } from './read-error.js';

/** An answer that is complete. */
export interface ReceivedAnswer {
  readonly status: number;
  /** The body. */
  text(): string;
  /** @param name - in lower case. */
  header(name: string): string | undefined;
}

/**
 * Reads an answer.
 * @param plan - of the operation that was called.
 * @throws RemoteError `FWK_HTTP_REMOTE`, AnswerInvalidError `FWK_HTTP_ANSWER_INVALID`
 */
export function readAnswer(
  plan: OperationPlan<string>,
  answer: ReceivedAnswer,
  clock: Clock,
): OperationResponse | Promise<OperationResponse> {
  const { status } = answer;
  if (status >= 300) return failed(plan, answer, clock);
  if (!plan.response) return { status, value: undefined };
  const result = validatePart(plan.response, 'response', json(plan.id, answer));
  return result instanceof Promise
    ? result.then((later) => validated(plan.id, status, later))
    : validated(plan.id, status, result);
}

/** The error for an answer that is larger than the client reads. */
export function answerTooLarge(operation: string, maxBytes: number): AnswerInvalidError {
  return new AnswerInvalidError(operation, `is larger than maxAnswerBytes ${maxBytes}`);
}

function validated(
  operation: string,
  status: number,
  result: Awaited<ReturnType<typeof validatePart>>,
): OperationResponse {
  if (result.issues) throw new AnswerInvalidError(operation, 'does not fit the contract', result.issues);
  return { status, value: result.value };
}

function json(operation: string, answer: ReceivedAnswer): unknown {
  const type = contentType(answer);
  if (!isJson(type)) throw new AnswerInvalidError(operation, `is no JSON but ${type || 'without a type'}`);
  try {
    return parseJson(answer.text());
  } catch (error) {
    throw new AnswerInvalidError(operation, jsonFault(error), [], error);
  }
}

/** @returns never, as a value or as a promise */
function failed(plan: OperationPlan<string>, answer: ReceivedAnswer, clock: Clock): Promise<never> {
  const error = readError(
    plan,
    { status: answer.status, document: documentOf(answer), header: (name) => answer.header(name) },
    clock,
  );
  if (error instanceof Promise) return error.then((later) => Promise.reject(later));
  throw error;
}

function documentOf(answer: ReceivedAnswer): unknown {
  try {
    return isJson(contentType(answer)) ? parseJson(answer.text()) : undefined;
  } catch {
    // An error status says enough; its body is only an explanation.
    return undefined;
  }
}

function contentType(answer: ReceivedAnswer): string {
  return (answer.header('content-type') ?? '').slice(0, 100);
}

function isJson(type: string): boolean {
  return type.startsWith('application/json') || /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type);
}
