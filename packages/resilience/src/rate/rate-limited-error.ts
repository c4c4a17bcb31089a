import { FwkError } from '@fwk/kernel';

/** The facts of a refusal by a rate limit. */
export interface RateLimitRefusal {
  /** Permits that come back a second. */
  readonly permitsPerSecond: number;
  /** Permits kept at most. */
  readonly burst: number;
  /** How long a call may wait for its permit, in milliseconds. */
  readonly maxWaitMs: number;
  /** Until a permit is there for this call, in milliseconds. */
  readonly retryAfterMs: number;
  /** Whose permits are used up; undefined without `keyOf`. */
  readonly key: string | undefined;
}

/**
 * The calls come faster than allowed. Code `FWK_RESILIENCE_RATE_LIMITED`; the call was not sent, and may be tried again
 * after `traits.retryAfterMs`.
 */
export class RateLimitedError extends FwkError {
  /** @param what - the call, such as `inventory.reserve`. */
  constructor(what: string, refusal: RateLimitRefusal) {
    const { permitsPerSecond, burst, maxWaitMs, retryAfterMs } = refusal;
    super(
      'FWK_RESILIENCE_RATE_LIMITED',
      `${what}: ${permitsPerSecond} calls a second (${burst} at once) are allowed and used up, and the next permit is ` +
        `${Math.ceil(retryAfterMs)} ms away, longer than this call may wait (${maxWaitMs} ms, and not past its deadline); ` +
        'send less or raise permitsPerSecond',
      {
        details: { what, ...refusal },
        traits: { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller', retryAfterMs },
      },
    );
  }
}
