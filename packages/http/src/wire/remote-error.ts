import { type ErrorTraits, FwkError } from '@fwk/kernel';
import { traitsOfStatus } from '../contract/status-traits.js';
import type { Problem } from './problem.js';

/**
 * The callee answered with an error status. Code `FWK_HTTP_REMOTE`. `status` and `problem` say what it answered; a status
 * below 500 counts neither for nor against the callee, 429 and 503 as overload, 5xx as a failure that may be retried.
 */
export class RemoteError extends FwkError {
  /** The operation, such as `inventory.reserve`. */
  readonly operation: string;
  readonly status: number;
  /** The problem document, when the callee sent one. */
  readonly problem: Problem | undefined;

  /** @param more - how it counts, where that does not follow from the status; and why it is no error of the contract. */
  constructor(
    operation: string,
    status: number,
    problem: Problem | undefined,
    retryAfterMs: number | undefined,
    more: { readonly traits?: ErrorTraits; readonly cause?: unknown } = {},
  ) {
    const title = problem?.title ? ` ${problem.title}` : '';
    const detail = problem?.detail ? `: ${problem.detail}` : '';
    const trace = problem?.traceId ? ` (trace ${problem.traceId})` : '';
    super('FWK_HTTP_REMOTE', `${operation} answered ${status}${title}${detail}${trace}`, {
      details: { operation, status, remoteCode: problem?.code, traceId: problem?.traceId },
      cause: more.cause,
      traits: more.traits ?? traitsOf(status, problem, retryAfterMs),
    });
    this.operation = operation;
    this.status = status;
    this.problem = problem;
  }
}

function traitsOf(status: number, problem: Problem | undefined, retryAfterMs: number | undefined): ErrorTraits {
  const waitMs = problem?.retryAfterMs ?? retryAfterMs;
  // The first request with this key is still at work, perhaps one of our own attempts: that is no failure of anybody.
  if (problem?.code === 'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS') {
    return { outcome: 'ignored', retryable: true, ...(waitMs !== undefined && { retryAfterMs: waitMs }) };
  }
  const traits = traitsOfStatus(status, waitMs);
  // It says that it refused before it did anything: another may be asked, whatever the operation does.
  return traits.overloaded && problem?.notProcessed === true
    ? { ...traits, notProcessed: true, refusedBy: 'callee' }
    : traits;
}
