import { RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';
import type { RateAlgorithm } from './rate-limit-options.js';

/** The facts of a refusal by a rate limit. */
export interface RateLimitRefusal {
  readonly algorithm: RateAlgorithm;
  /** Of a token bucket: permits that come back a second, and permits kept at most. */
  readonly permitsPerSecond: number | undefined;
  readonly burst: number | undefined;
  /** Of a window: calls that may start in it, and its length in milliseconds. */
  readonly permitsPerWindow: number | undefined;
  readonly windowMs: number | undefined;
  /** Whether it is the callee's quota that is used up, as its answers say. */
  readonly byQuota: boolean;
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
export class RateLimitedError extends RefusalError {
  /** @param what - the call, such as `inventory.reserve`. */
  constructor(what: string, refusal: RateLimitRefusal) {
    const { retryAfterMs } = refusal;
    super(
      resilienceErrors,
      'FWK_RESILIENCE_RATE_LIMITED',
      `${what}: ${allowed(refusal)} used up, and the next permit is ${Math.ceil(retryAfterMs)} ms away, longer ` +
        `than this call may wait (${refusal.maxWaitMs} ms, and not past its deadline); send less or ${advice(refusal)}`,
      {
        details: { what, ...refusal },
        traits: { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller', retryAfterMs },
      },
    );
  }
}

function allowed({
  algorithm,
  permitsPerSecond,
  burst,
  permitsPerWindow,
  windowMs,
  byQuota,
}: RateLimitRefusal): string {
  if (byQuota) return 'the quota that the callee tells in its answers is';
  return permitsPerWindow === undefined
    ? `${permitsPerSecond} calls a second (${burst} at once) are allowed and`
    : `${permitsPerWindow} calls in ${windowMs} ms (${algorithm}) are allowed and`;
}

function advice({ permitsPerWindow, byQuota }: RateLimitRefusal): string {
  if (byQuota) return 'ask the callee for more';
  return `raise ${permitsPerWindow === undefined ? 'permitsPerSecond' : 'permitsPerWindow'}`;
}
