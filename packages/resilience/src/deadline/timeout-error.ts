import { type LimitFacts, RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/** One attempt took longer than its limit. Code `FWK_RESILIENCE_TIMEOUT`; another attempt may succeed. */
export class TimeoutError extends RefusalError {
  /**
   * @param what - the call, such as `inventory.reserve`.
   * @param limitMs - how long the attempt was allowed to take.
   * @param facts - what else is known: whether nothing of it was sent, whether this process noticed the limit late.
   */
  constructor(what: string, limitMs: number, facts: LimitFacts = {}) {
    super(resilienceErrors, 'FWK_RESILIENCE_TIMEOUT', `${what}: ${messageFor(limitMs, facts)}`, {
      details: { what, limitMs, ...(facts.notProcessed && { sent: false }) },
      traits: { retryable: true, timedOut: true, ...facts },
    });
  }
}

function messageFor(limitMs: number, { notProcessed, noticedLate }: LimitFacts): string {
  if (notProcessed)
    return `the attempt was given up after ${limitMs} ms, before a connection was made or free to send it`;
  const late = noticedLate ? ' (noticed late: this process was busy or stopped, its answer may have been near)' : '';
  return `the attempt took longer than ${limitMs} ms and was given up${late}; raise timeoutMs or find what was slow`;
}
