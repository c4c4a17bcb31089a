import { FwkError } from '@fwk/kernel';

/**
 * As many calls as allowed run and wait already. Code `FWK_RESILIENCE_BULKHEAD_FULL`; the call was not sent, so it may
 * be tried again.
 */
export class BulkheadFullError extends FwkError {
  /**
   * @param what - which bulkhead, such as `checkout/inventory`.
   * @param maxConcurrent - how many calls may run at once.
   * @param maxQueue - how many more may wait.
   */
  constructor(what: string, maxConcurrent: number, maxQueue: number) {
    const queue = maxQueue === 0 ? 'none may wait' : `${maxQueue} wait`;
    super(
      'FWK_RESILIENCE_BULKHEAD_FULL',
      `${what}: all ${maxConcurrent} places are taken and ${queue}; send less at once or raise maxConcurrent or maxQueue`,
      {
        details: { what, maxConcurrent, maxQueue },
        traits: { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller' },
      },
    );
  }
}
