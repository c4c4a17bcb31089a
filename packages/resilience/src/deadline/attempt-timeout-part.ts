import type { Live } from '@fwk/kernel';
import { policyPart } from '../layer/policy-part.js';
import { isAbove } from '../layer/setting-of.js';
import {
  type AttemptTimeoutOptions,
  attemptTimeout,
  attemptTimeoutDefaults,
  attemptTimeoutRules,
  type TimeoutMode,
} from './attempt-timeout.js';

/** What {@link attemptTimeoutPart} adds to the options of a policy. */
export interface AttemptTimeoutPolicy {
  /** Time of one attempt, in milliseconds; see `attemptTimeout()`. */
  readonly timeoutMs?: number | Live<number> | false | undefined;
  /**
   * Whether an attempt whose time is over is given up, or told so and waited for; see `attemptTimeout()`.
   * @defaultValue 'give-up'
   */
  readonly timeoutMode?: TimeoutMode | undefined;
}

/** What it adds to the counts of a policy. */
export interface AttemptTimeoutCounts {
  /** Attempts that ran into their limit. */
  readonly timeouts: number;
}

/** The time of one attempt in a policy. */
export const attemptTimeoutPart = policyPart<{
  options: AttemptTimeoutOptions;
  policy: AttemptTimeoutPolicy;
  counts: AttemptTimeoutCounts;
}>({
  field: 'timeoutMs',
  role: 'attempt-timeout',
  single: 'timeoutMs',
  beside: { mode: 'timeoutMode' },
  defaults: attemptTimeoutDefaults,
  rules: attemptTimeoutRules,
  stateful: false,
  tunable: ['timeoutMs'],
  counts: { 'resilience.attempts.timed_out': 'timeouts' },
  contradictions(policy, { deadlineMs, timeoutMs }) {
    if (policy.timeoutMode !== undefined && policy.timeoutMs === undefined) {
      return ['timeoutMode says what happens when timeoutMs is over: give a timeoutMs as well'];
    }
    if (!isAbove(timeoutMs, deadlineMs)) return [];
    return [`timeoutMs ${timeoutMs} is above deadlineMs ${deadlineMs}: no attempt could ever reach its own limit`];
  },
  make: attemptTimeout,
});
