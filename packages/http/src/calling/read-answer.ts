/** Makes of a received answer, from any wire, what the caller gets: a value of the contract, or one of our errors. */
import { type Clock, jsonFault, markDoNotRetry, parseJson, readRetryAfterMs } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { headerNames } from '../wire/headers.js';
import { readProblem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';
import { validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationResponse } from './operation-request.js';

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
  if (status >= 300) throw remoteError(plan.id, answer, clock);
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

function remoteError(operation: string, answer: ReceivedAnswer, clock: Clock): RemoteError {
  let document: unknown;
  try {
    document = isJson(contentType(answer)) ? parseJson(answer.text()) : undefined;
  } catch {
    // An error status says enough; its body is only an explanation.
  }
  const problem = readProblem(document, answer.status);
  const retryAfter = answer.header('retry-after');
  const retryAfterMs = retryAfter === undefined ? undefined : readRetryAfterMs(retryAfter, clock.wallTime());
  const error = new RemoteError(operation, answer.status, problem, retryAfterMs);
  return answer.header(headerNames.retry) === 'no' ? markDoNotRetry(error) : error;
}

function contentType(answer: ReceivedAnswer): string {
  return (answer.header('content-type') ?? '').slice(0, 100);
}

function isJson(type: string): boolean {
  return type.startsWith('application/json') || /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type);
}
