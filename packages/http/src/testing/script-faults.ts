/** What a server would make of what a script answers or throws, known before anybody calls. */
import { isFwkError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { Items } from '../contract/contract-types.js';
import { errorIdOf, type OperationError } from '../contract/operation-error.js';
import { AnswerWriter, answeredAgainst } from '../serving/answer-writer.js';
import { checkDeclared } from '../serving/declared-errors.js';
import { ItemRecords } from '../serving/item-records.js';
import { jsonAnswer } from '../serving/server-policy.js';
import { itemWriter } from '../stream/item-writer.js';
import { validateSent } from '../wire/validate-sent.js';
import type { FakeReply } from './fake-reply.js';

/** What is wrong with a step; undefined when it fits. Items of a list are looked at, those of another iterable when they are given. */
export async function replyFault(plan: OperationPlan, reply: FakeReply<unknown>): Promise<string | undefined> {
  if (reply.kind === 'delays') return replyFault(plan, reply.reply);
  if (reply.kind === 'fails') return errorFault(plan, reply.error);
  if (reply.kind === 'answers') return (await answerFault(plan, reply.value)) ?? itemsFault(plan, reply.value);
  if (reply.kind !== 'streams') return undefined;
  if (!plan.stream) return `${plan.id} is no stream by its contract, and the script streams items`;
  const { items, ending } = reply;
  const fault = (await answerFault(plan, items)) ?? (await itemsFault(plan, items));
  return fault ?? (ending && replyFault(plan, ending));
}

/** What is wrong with an answer; undefined when it fits. Of a stream only that it has no items. */
export async function answerFault(plan: OperationPlan, value: unknown): Promise<string | undefined> {
  if (plan.stream)
    return isItems(value) ? undefined : `${plan.id} is a stream by its contract, and the answer has no items`;
  if (!plan.answers && !plan.response) {
    return value === undefined ? undefined : `${plan.id} answers nothing by its contract, and the script a value`;
  }
  return against(() => checkAnswer(plan, value));
}

/** What is wrong with an item of a stream; undefined when it fits. */
export function itemFault({ id, stream }: OperationPlan, item: unknown): Promise<string | undefined> {
  return against(() => stream && new ItemRecords(id, stream, itemWriter(stream.as, false)).of(item));
}

/** Why an error cannot be answered by the contract; undefined when it can. */
export async function errorFault(plan: OperationPlan, error: unknown): Promise<string | undefined> {
  if (errorIdOf(error) === undefined) return undefined;
  const answered: unknown = await checkDeclared(plan, error as OperationError);
  return answered === error ? undefined : answered instanceof Error ? answered.message : String(answered);
}

/** Whether a value has items, as the answer of a stream. */
export function isItems(value: unknown): value is Items<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

async function itemsFault(plan: OperationPlan, items: unknown): Promise<string | undefined> {
  if (!plan.stream) return undefined;
  if (typeof Reflect.get(Object(items), 'next') === 'function') {
    return `the items of ${plan.id} can be read once, and a step may be asked again: give a list, or the function that makes them`;
  }
  if (!Array.isArray(items)) return undefined;
  for (const item of items) {
    const fault = await itemFault(plan, item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

async function checkAnswer(plan: OperationPlan, value: unknown): Promise<void> {
  if (plan.answers) {
    await new AnswerWriter(plan.id, plan.answers).write(value);
    return;
  }
  if (!plan.response) return;
  const checked = await validateSent(plan.response, 'response', value);
  if (checked.issues) throw answeredAgainst(plan.id, checked.issues);
  jsonAnswer(checked.value);
}

/** @returns what an answer that is made has against its contract */
async function against(make: () => unknown): Promise<string | undefined> {
  try {
    await make();
    return undefined;
  } catch (error) {
    if (isFwkError(error, 'FWK_HTTP_RESPONSE_INVALID')) return error.message;
    throw error;
  }
}
