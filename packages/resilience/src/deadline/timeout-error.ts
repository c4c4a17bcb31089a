import { FwkError } from '@fwk/kernel';

/** One attempt took longer than its limit. Code `FWK_RESILIENCE_TIMEOUT`; another attempt may succeed. */
export class TimeoutError extends FwkError {
  /**
   * @param what - the call, such as `inventory.reserve`.
   * @param limitMs - how long the attempt was allowed to take.
   */
  constructor(what: string, limitMs: number) {
    super(
      'FWK_RESILIENCE_TIMEOUT',
      `${what}: the attempt took longer than ${limitMs} ms and was given up; raise timeoutMs or find what was slow`,
      { details: { what, limitMs }, traits: { retryable: true, timedOut: true } },
    );
  }
}
