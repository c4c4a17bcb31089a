import { doNotRetryMarks, FwkError } from '@fwk/kernel';
import { traitsOfStatus } from '../contract/status-traits.js';
import { answerOfError, type ServedAnswer } from '../serving/answer.js';
import { RequestError } from '../serving/request-error.js';

/** A protected program answered with a status of 500 or above. Code `FWK_HTTP_PROGRAM_FAILED`. */
export class ProgramFailedError extends FwkError {
  constructor(operation: string, status: number) {
    super('FWK_HTTP_PROGRAM_FAILED', `${operation} answered ${status}`, {
      details: { operation, status },
      traits: traitsOfStatus(status),
      // Where it was made says nothing: the program failed.
      stackTrace: false,
    });
  }
}

/** A program is protected already. Code `FWK_HTTP_ALREADY_PROTECTED`. */
export class AlreadyProtectedError extends FwkError {
  constructor(what: string) {
    super('FWK_HTTP_ALREADY_PROTECTED', `${what} is protected already: call protect() once for each program`, {
      details: { what },
    });
  }
}

/** A value is no program that can be protected. Code `FWK_HTTP_NOT_A_PROGRAM`. */
export class NotAProgramError extends FwkError {
  constructor(why: string, options: ErrorOptions = {}) {
    super('FWK_HTTP_NOT_A_PROGRAM', `protect() cannot guard this: ${why}`, { ...options, details: { why } });
  }
}

/** What is kept in place of an answer that is too long to be kept. The work is done, and is not done again. */
export function answerTooLong(operation: string, limitBytes: number): ServedAnswer {
  const error = new RequestError(
    'FWK_HTTP_IDEMPOTENCY_ANSWER_TOO_LONG',
    `${operation} was worked on, but its answer was longer than the ${limitBytes} bytes that are kept`,
    { members: { limitBytes } },
  );
  return answerOfError(error, { instance: '', traceId: undefined, marks: doNotRetryMarks() });
}
