import { FwkError } from './fwk-error.js';

/** The total time of a call ran out. Code `FWK_KERNEL_DEADLINE_EXCEEDED`. */
export class DeadlineExceededError extends FwkError {
  /**
   * @param what - the call, such as `inventory.reserve`.
   * @param limitMs - what was allowed, in milliseconds; undefined when only the end was known.
   */
  constructor(what: string, limitMs?: number, cause?: unknown) {
    const limit = limitMs === undefined ? 'before it was started' : `after ${round(limitMs)} ms`;
    super('FWK_KERNEL_DEADLINE_EXCEEDED', `${what}: the deadline passed ${limit}; raise it or find what was slow`, {
      cause,
      details: { what, limitMs },
    });
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
