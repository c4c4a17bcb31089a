import { boundedRetryAfterMs, type ErrorTraits } from '@fwk/kernel';

/** How an answer with an error status counts for retry, breaker and balancer. */
export function traitsOfStatus(status: number, retryAfterMs?: number): ErrorTraits {
  const waitMs = boundedRetryAfterMs(retryAfterMs);
  const wait = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  if (status === 429 || status === 503) return { overloaded: true, retryable: true, ...wait };
  if (status === 408 || status === 425) return { retryable: true, ...wait };
  if (status < 500) return { outcome: 'ignored', ...wait };
  // What the server does not implement it will not implement at the next attempt.
  return { retryable: status !== 501 && status !== 505, ...wait };
}
