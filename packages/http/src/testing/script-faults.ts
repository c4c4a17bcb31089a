/** What a server makes of what a handler answers or throws, for services that are not served. */
import { isFwkError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { errorIdOf, type OperationError } from '../contract/operation-error.js';
import type { ServedAnswer } from '../serving/answer.js';
import { AnswerWriter, answeredAgainst } from '../serving/answer-writer.js';
import { checkDeclared } from '../serving/declared-errors.js';
import { jsonAnswer } from '../serving/server-policy.js';
import { validateSent } from '../wire/validate-sent.js';

/** @throws FwkError `FWK_HTTP_RESPONSE_INVALID` (its promise) for an answer against the contract */
export async function madeAnswer(plan: OperationPlan, value: unknown): Promise<ServedAnswer> {
  if (plan.answers) return new AnswerWriter(plan.id, plan.answers).write(value);
  if (!plan.response) return { status: 204, contentType: undefined, body: undefined, headers: undefined };
  const checked = await validateSent(plan.response, 'response', value);
  if (checked.issues) throw answeredAgainst(plan.id, checked.issues);
  return jsonAnswer(checked.value);
}

/** The error that is answered: the same, or one that says why it cannot be. */
export async function answeredError(plan: OperationPlan, error: unknown): Promise<unknown> {
  return errorIdOf(error) === undefined ? error : checkDeclared(plan, error as OperationError);
}

/** What is wrong with an answer; undefined when it fits. */
export async function answerFault(plan: OperationPlan, value: unknown): Promise<string | undefined> {
  if (!plan.answers && !plan.response) {
    return value === undefined ? undefined : `${plan.id} answers nothing by its contract, and the script a value`;
  }
  try {
    await madeAnswer(plan, value);
    return undefined;
  } catch (error) {
    if (isFwkError(error, 'FWK_HTTP_RESPONSE_INVALID')) return error.message;
    throw error;
  }
}

/** Why an error cannot be answered by the contract; undefined when it can. */
export async function errorFault(plan: OperationPlan, error: unknown): Promise<string | undefined> {
  const answered = await answeredError(plan, error);
  return answered === error ? undefined : answered instanceof Error ? answered.message : String(answered);
}
