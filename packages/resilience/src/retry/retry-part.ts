import { policyPart } from '../layer/policy-part.js';
import { isAtLeast, numberOf, wanted } from '../layer/setting-of.js';
import { retry } from './retry.js';
import { checkRetryOptions, type RetryOptions, retryDefaults, retryRules } from './retry-options.js';

/** What {@link retryPart} adds to the options of a policy. */
export interface RetryPolicy {
  readonly retry?: Partial<RetryOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface RetryCounts {
  /** Attempts after the first. */
  readonly retries: number;
  /** Attempts that were not made because too many calls retried already. */
  readonly retriesRefused: number;
}

/** The retry in a policy. */
export const retryPart = policyPart<{ options: RetryOptions; policy: RetryPolicy; counts: RetryCounts }>({
  field: 'retry',
  role: 'retry',
  defaults: retryDefaults,
  rules: retryRules,
  stateful: true,
  tunable: ['maxAttempts', 'backoff', 'jitter', 'baseDelayMs', 'maxDelayMs', 'maxRetryAfterMs'],
  anyData: ['backoff'],
  counts: { 'resilience.retries': { scheduled: 'retries', 'budget-exhausted': 'retriesRefused' } },
  check: checkRetryOptions,
  contradictions(policy, { deadlineMs }) {
    // Only what was asked for: pauses are drawn from 0 up, so the usual base suits a short deadline well enough.
    const baseMs = numberOf(wanted(policy.retry)?.baseDelayMs);
    if (!isAtLeast(baseMs, deadlineMs)) return [];
    return [`retry.baseDelayMs ${baseMs} is not below deadlineMs ${deadlineMs}: there would hardly ever be a retry`];
  },
  make: retry,
});
