import { kernelErrors } from './error-table.js';
import type { ErrorTraits } from './fwk-error.js';
import { RefusalError } from './refusal-error.js';

/** What may be known of a call that a limit of time has ended. */
export type LimitFacts = Pick<ErrorTraits, 'notProcessed' | 'noticedLate'>;

/** The total time of a call ran out. Code `FWK_KERNEL_DEADLINE_EXCEEDED`. */
export class DeadlineExceededError extends RefusalError {
  /**
   * @param what - the call, such as `inventory.reserve`.
   * @param limitMs - what was allowed, in milliseconds; undefined when only the end was known.
   * @param during - the part of the call, such as `the attempt`, that was given what remained. @defaultValue all of it
   * @param facts - what is known of how it ended beside the limit.
   */
  constructor(what: string, limitMs?: number, cause?: unknown, during?: string, facts?: LimitFacts) {
    const part = during === undefined ? '' : ` of ${during}`;
    const limit = limitMs === undefined ? 'before it was started' : `after ${round(limitMs)} ms${part}`;
    super(
      kernelErrors,
      'FWK_KERNEL_DEADLINE_EXCEEDED',
      `${what}: the deadline passed ${limit}; raise it or find what was slow`,
      {
        cause,
        details: { what, limitMs, during },
        traits: { timedOut: true, ...facts },
      },
    );
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
