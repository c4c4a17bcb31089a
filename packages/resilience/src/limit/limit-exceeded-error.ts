import { type Priority, RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/**
 * Why the limit refused: nobody may pass (`limit`), less important calls are held back already (`shed`), a more
 * important call took the place in the line (`displaced`), or the wait in the line was too long (`waited`).
 */
export type LimitReason = 'limit' | 'shed' | 'displaced' | 'waited';

/** The facts of a refusal by the adaptive limit. */
export interface LimitRefusal {
  /** Calls that may be in flight at once now. */
  readonly limit: number;
  readonly inFlight: number;
  readonly priority: Priority;
  readonly reason: LimitReason;
}

const why: Readonly<Record<LimitReason, string>> = Object.freeze({
  limit: 'none may wait',
  shed: 'calls of this priority make room for others',
  displaced: 'a call of higher priority took its place in the line',
  waited: 'it waited in line as long as calls may',
});

/**
 * The callee is at the limit of what it was found to bear. Code `FWK_RESILIENCE_LIMIT_EXCEEDED`; the call was not sent, so
 * it may be tried again.
 */
export class LimitExceededError extends RefusalError {
  /** @param what - the call, such as `inventory.reserve`. */
  constructor(what: string, refusal: LimitRefusal) {
    const { limit, inFlight, priority, reason } = refusal;
    super(
      resilienceErrors,
      'FWK_RESILIENCE_LIMIT_EXCEEDED',
      `${what}: ${inFlight} calls are in flight where ${limit} were found to be borne, and ${why[reason]} (${priority}); ` +
        'send less at once, or give the callee more capacity',
      {
        details: { what, ...refusal },
        traits: { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller' },
      },
    );
  }
}
