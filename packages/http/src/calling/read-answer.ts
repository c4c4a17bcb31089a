/** Makes of a received answer, from any wire, what the caller gets: a value of the contract, or one of our errors. */
import { type Clock, type FwkError, parseJson } from '@fwk/kernel';
import type { Coding } from '../coding/codings.js';
import { type ExpandFault, type ExpandLimits, expandFaultText } from '../coding/expand.js';
import type { OperationPlan } from '../contract/contract.js';
import { StreamDrainingError } from '../stream/stream-errors.js';
import { validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationResponse } from './operation-request.js';
import { readDeclared } from './read-declared.js';
import { readError } from './read-error.js';
import { contentType, isJson, type ReceivedAnswer, readJson } from './received-answer.js';

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
  const declared = plan.answers?.byStatus.get(status);
  if (plan.answers && declared) return readDeclared(plan.id, declared, plan.answers.bare, answer);
  if (status >= 300) return failed(plan, answer, clock);
  if (plan.answers) throw new AnswerInvalidError(plan.id, `has the status ${status}, which the contract does not have`);
  if (!plan.response) return { status, value: undefined };
  const result = validatePart(plan.response, 'response', readJson(plan.id, answer));
  return result instanceof Promise
    ? result.then((later) => validated(plan.id, status, later))
    : validated(plan.id, status, result);
}

/** The error for an answer that is larger than the client reads. */
export function answerTooLarge(operation: string, maxBytes: number): AnswerInvalidError {
  return new AnswerInvalidError(operation, `is larger than maxAnswerBytes ${maxBytes}`);
}

/** The error for a compressed answer that was not expanded. */
export function answerNotExpanded(
  operation: string,
  fault: ExpandFault,
  coding: Coding,
  limits: ExpandLimits,
): AnswerInvalidError {
  return new AnswerInvalidError(operation, expandFaultText(fault, coding, limits, 'maxAnswerBytes'));
}

/** The error for an answer whose `Content-Encoding` is not read. */
export function codingUnknown(operation: string, encoding: string): AnswerInvalidError {
  return new AnswerInvalidError(operation, `is encoded (${encoding.slice(0, 100)}), which is not read`);
}

function validated(
  operation: string,
  status: number,
  result: Awaited<ReturnType<typeof validatePart>>,
): OperationResponse {
  if (result.issues) throw new AnswerInvalidError(operation, 'does not fit the contract', result.issues);
  return { status, value: result.value };
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

/**
 * The error of a stream that its server has ended by a problem document. Answers later only when the schema of what the error
 * carries does.
 */
export function streamProblem(plan: OperationPlan<string>, text: string, clock: Clock): FwkError | Promise<FwkError> {
  let document: unknown;
  try {
    document = parseJson(text);
  } catch {
    // That there is a problem says enough.
  }
  const { status, code } = Object(document) as { readonly status?: unknown; readonly code?: unknown };
  if (code === 'FWK_HTTP_STREAM_DRAINING') return new StreamDrainingError(plan.id);
  const said = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return readError(plan, { status: said ? status : unsaid, document, header: () => undefined }, clock);
}

/** The status of a problem that names none. */
const unsaid = 500;
