import { RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/**
 * As many calls as allowed run and wait already, or the call has waited as long as it may. Code
 * `FWK_RESILIENCE_BULKHEAD_FULL`; the call was not sent, so it may be tried again.
 */
export class BulkheadFullError extends RefusalError {
  /**
   * @param what - which bulkhead, such as `checkout/inventory`.
   * @param maxConcurrent - how many calls may run at once.
   * @param maxQueue - how many more may wait.
   * @param waitedMs - how long the call has waited, if it may not wait any longer.
   */
  constructor(what: string, maxConcurrent: number, maxQueue: number, waitedMs?: number) {
    super(
      resilienceErrors,
      'FWK_RESILIENCE_BULKHEAD_FULL',
      `${what}: all ${maxConcurrent} places are taken and ${why(maxQueue, waitedMs)}`,
      {
        details: { what, maxConcurrent, maxQueue, waitedMs },
        traits: { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller' },
      },
    );
  }
}

function why(maxQueue: number, waitedMs: number | undefined): string {
  if (waitedMs !== undefined) {
    return `none became free in ${waitedMs} ms, the longest wait; send less at once or raise maxConcurrent or maxWaitMs`;
  }
  const queue = maxQueue === 0 ? 'none may wait' : `${maxQueue} wait`;
  return `${queue}; send less at once or raise maxConcurrent or maxQueue`;
}
