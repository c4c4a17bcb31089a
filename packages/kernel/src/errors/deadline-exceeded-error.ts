import { FwkError } from './fwk-error.js';

/** The total time of a call ran out. Code `FWK_KERNEL_DEADLINE_EXCEEDED`. */
export class DeadlineExceededError extends FwkError {
  /**
   * @param what - the call, such as `inventory.reserve`.
   * @param limitMs - what was allowed, in milliseconds; undefined when only the end was known.
   * @param during - the part of the call, such as `the attempt`, that was given what remained. @defaultValue all of it
   */
  constructor(what: string, limitMs?: number, cause?: unknown, during?: string) {
    const part = during === undefined ? '' : ` of ${during}`;
    const limit = limitMs === undefined ? 'before it was started' : `after ${round(limitMs)} ms${part}`;
    super('FWK_KERNEL_DEADLINE_EXCEEDED', `${what}: the deadline passed ${limit}; raise it or find what was slow`, {
      cause,
      details: { what, limitMs, during },
      traits: { timedOut: true },
    });
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
