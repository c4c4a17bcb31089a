/** Makes the error of an answer with an error status: one that the contract of the operation declares, or any other. */
import { type Clock, markDoNotRetry, readRetryAfterMs } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { ErrorPlan } from '../contract/error-spec.js';
import { DeclaredRemoteError } from '../wire/declared-remote-error.js';
import { headerNames } from '../wire/headers.js';
import { type Problem, readProblem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';
import { type Validated, validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';

/** What is known of an answer with an error status. */
export interface ErrorFacts {
  readonly status: number;
  /** Its body as JSON; undefined where it is none. */
  readonly document: unknown;
  /** @param name - in lower case. */
  header(name: string): string | undefined;
}

/** See the head of this file. Answers later only when the schema of what the error carries does. */
export function readError(
  plan: Pick<OperationPlan<string>, 'id' | 'errors'>,
  facts: ErrorFacts,
  clock: Clock,
): RemoteError | Promise<RemoteError> {
  const reader = new ErrorReader(plan.id, facts, clock);
  const declared = reader.problem && plan.errors?.find((error) => isMeant(error, facts.status, reader.problem));
  return declared ? reader.declared(declared) : reader.other();
}

function isMeant(error: ErrorPlan, status: number, problem: Problem | undefined): boolean {
  return error.type === problem?.type && error.status === status;
}

class ErrorReader {
  readonly problem: Problem | undefined;
  readonly #operation: string;
  readonly #facts: ErrorFacts;
  readonly #retryAfterMs: number | undefined;

  constructor(operation: string, facts: ErrorFacts, clock: Clock) {
    this.problem = readProblem(facts.document, facts.status);
    this.#operation = operation;
    this.#facts = facts;
    const retryAfter = facts.header('retry-after');
    this.#retryAfterMs = retryAfter === undefined ? undefined : readRetryAfterMs(retryAfter, clock.wallTime());
  }

  /** What the error carries is not shown where its schema refuses it: callers get an error that their contract does not know. */
  declared(plan: ErrorPlan): RemoteError | Promise<RemoteError> {
    if (!plan.data) return this.#made(plan, undefined);
    // As it came: the document of the error is bounded, and may lack it.
    const { data } = this.#facts.document as { readonly data?: unknown };
    const refused = (cause: unknown) => this.other(cause);
    try {
      const checked = validatePart(plan.data, 'error', data);
      return checked instanceof Promise
        ? checked.then((later) => this.#checked(plan, later), refused)
        : this.#checked(plan, checked);
    } catch (error) {
      return refused(error);
    }
  }

  /** An error of the callee that the contract does not declare. */
  other(cause?: unknown): RemoteError {
    const { status } = this.#facts;
    return this.#marked(new RemoteError(this.#operation, status, this.problem, this.#retryAfterMs, { cause }));
  }

  #checked(plan: ErrorPlan, checked: Validated): RemoteError {
    if (!checked.issues) return this.#made(plan, checked.value);
    const what = `has the error ${plan.name} against the contract`;
    return this.other(new AnswerInvalidError(this.#operation, what, checked.issues));
  }

  #made(plan: ErrorPlan, data: unknown): RemoteError {
    const problem = this.problem as Problem;
    return this.#marked(new DeclaredRemoteError(this.#operation, plan, problem, data, this.#retryAfterMs));
  }

  #marked(error: RemoteError): RemoteError {
    return this.#facts.header(headerNames.retry) === 'no' ? markDoNotRetry(error) : error;
  }
}
