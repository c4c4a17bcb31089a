/**
 * Errors of contracts that handlers throw. One is answered as the contract says only when the operation declares it and its data
 * fit the schema; otherwise callers learn no more than of any other fault of ours, and the log says why.
 */
import { FwkError, isFwkError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { ErrorPlan } from '../contract/error-spec.js';
import { errorIdOf, type OperationError } from '../contract/operation-error.js';
import { jsonText } from '../wire/json-text.js';
import { formatIssues, type Validated } from '../wire/validate.js';
import { validateSent } from '../wire/validate-sent.js';

/** An error that may be answered as it is declared. */
export interface CheckedError {
  readonly error: ErrorPlan;
  /** What its schema made of its data; undefined without one. */
  readonly data: unknown;
}

/** By the error that was thrown, for the operation that threw it last. */
const checkedErrors = new WeakMap<object, CheckedError & { readonly plan: OperationPlan<string> }>();

/** What an operation may tell of an error; undefined for one that was not checked for it. */
export function checkedFor(plan: OperationPlan<string>, error: unknown): CheckedError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const checked = checkedErrors.get(error);
  return checked?.plan === plan ? checked : undefined;
}

/**
 * Checks an error of a contract for the operation whose handler threw it.
 * @returns the error to answer: the same, or one that says why it cannot be answered. Later only when its schema answers later.
 */
export function checkDeclared(plan: OperationPlan<string>, error: OperationError): unknown {
  const id = errorIdOf(error);
  const declared = plan.errors?.find((each) => each.id === id);
  // What another service answered is told as any answer of another service is.
  if (!declared) return isFwkError(error, 'FWK_HTTP_REMOTE') ? error : undeclared(plan, error, id);
  const finish = (checked: Validated) => finished(plan, declared, error, checked);
  if (!declared.data) return finish({ value: undefined });
  try {
    const checked = validateSent(declared.data, 'error', error.data);
    return checked instanceof Promise ? checked.then(finish).catch((fault: unknown) => fault) : finish(checked);
  } catch (fault) {
    return fault;
  }
}

/** @throws TypeError for what cannot be written as JSON */
function finished(
  plan: OperationPlan<string>,
  declared: ErrorPlan,
  error: OperationError,
  checked: Validated,
): FwkError {
  if (checked.issues) {
    const message = `${plan.id} threw ${declared.name} against its contract: ${formatIssues(checked.issues)}`;
    const details = { operation: plan.id, error: declared.name, issues: checked.issues };
    return new FwkError('FWK_HTTP_RESPONSE_INVALID', message, { cause: error, details });
  }
  jsonText(checked.value);
  checkedErrors.set(error, { plan, error: declared, data: checked.value });
  return error;
}

function undeclared(plan: OperationPlan<string>, error: OperationError, id: string | undefined): FwkError {
  const message = `${plan.id} threw ${id}, which it does not declare: add it to its errors, or throw another`;
  return new FwkError('FWK_HTTP_ERROR_UNDECLARED', message, {
    cause: error,
    details: { operation: plan.id, error: id },
  });
}
