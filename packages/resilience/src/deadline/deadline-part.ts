import type { Live } from '@fwk/kernel';
import { policyPart } from '../layer/policy-part.js';
import { type DeadlineOptions, deadline, deadlineDefaults, deadlineRules } from './deadline.js';

/** What {@link deadlinePart} adds to the options of a policy. */
export interface DeadlinePolicy {
  /** Total time of a call, in milliseconds; see `deadline()`. */
  readonly deadlineMs?: number | Live<number> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface DeadlineCounts {
  /** Answers that came after their attempt had been given up. */
  readonly lateAnswers: number;
  /** Calls or waits whose total time ran out. */
  readonly deadlinesExceeded: number;
}

/** The total time of a call in a policy. */
export const deadlinePart = policyPart<{ options: DeadlineOptions; policy: DeadlinePolicy; counts: DeadlineCounts }>({
  field: 'deadlineMs',
  role: 'deadline',
  single: 'timeoutMs',
  defaults: deadlineDefaults,
  rules: deadlineRules,
  stateful: false,
  tunable: ['timeoutMs'],
  counts: { 'resilience.attempts.late': 'lateAnswers', 'resilience.deadlines.exceeded': 'deadlinesExceeded' },
  make: deadline,
});
