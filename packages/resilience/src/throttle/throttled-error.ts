import { RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/** The facts of a call that was not sent because the callee refuses too many. */
export interface ThrottleRefusal {
  /** Calls wanted in the window. */
  readonly requests: number;
  /** Those of them that the callee took. */
  readonly accepted: number;
  /** Share of the calls that is dropped, 0 to 1. */
  readonly dropRatio: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
}

/**
 * The callee refuses so many calls that this one was not sent. Code `FWK_RESILIENCE_THROTTLED`. It is not to be tried
 * again: another attempt would add to what the callee cannot bear.
 */
export class ThrottledError extends RefusalError {
  /** @param what - the call, such as `inventory.reserve`. */
  constructor(what: string, refusal: ThrottleRefusal) {
    const { requests, accepted, dropRatio, windowMs } = refusal;
    super(
      resilienceErrors,
      'FWK_RESILIENCE_THROTTLED',
      `${what}: the callee took ${accepted} of ${requests} calls in the last ${windowMs / 1000} s, so ` +
        `${Math.round(dropRatio * 100)} % are not sent; wait until it has recovered`,
      { details: { what, ...refusal }, traits: { overloaded: true, notProcessed: true, refusedBy: 'caller' } },
    );
  }
}
