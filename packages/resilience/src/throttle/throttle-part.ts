import { policyPart } from '../layer/policy-part.js';
import { type ThrottleOptions, throttle, throttleDefaults, throttleRules } from './throttle.js';

/** What {@link throttlePart} adds to the options of a policy. */
export interface ThrottlePolicy {
  readonly throttle?: Partial<ThrottleOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface ThrottleCounts {
  readonly throttleRejections: number;
}

/** Throttling in a policy. */
export const throttlePart = policyPart<{ options: ThrottleOptions; policy: ThrottlePolicy; counts: ThrottleCounts }>({
  field: 'throttle',
  role: 'throttle',
  defaults: throttleDefaults,
  rules: throttleRules,
  stateful: true,
  tunable: ['multiplier', 'maxDropRatio'],
  counts: { 'resilience.throttle.rejected': 'throttleRejections' },
  make: throttle,
});
