import { policyPart } from '../layer/policy-part.js';
import { isAbove, settingOf } from '../layer/setting-of.js';
import { adaptiveLimit } from './adaptive-limit.js';
import {
  type AdaptiveLimitOptions,
  adaptiveLimitDefaults,
  adaptiveLimitRules,
  checkAdaptiveLimitOptions,
} from './adaptive-limit-options.js';

/** What {@link adaptiveLimitPart} adds to the options of a policy. */
export interface AdaptiveLimitPolicy {
  /** An adaptive concurrency limit; see `adaptiveLimit()`. */
  readonly limit?: Partial<AdaptiveLimitOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface AdaptiveLimitCounts {
  readonly limitRejections: number;
}

/** The adaptive limit in a policy. */
export const adaptiveLimitPart = policyPart<{
  options: AdaptiveLimitOptions;
  policy: AdaptiveLimitPolicy;
  counts: AdaptiveLimitCounts;
}>({
  field: 'limit',
  role: 'adaptive-limit',
  defaults: adaptiveLimitDefaults,
  rules: adaptiveLimitRules,
  stateful: true,
  tunable: ['minLimit', 'maxLimit', 'maxQueue', 'newestFirstAfterMs', 'newestFirstWaitMs', 'maxLagMs'],
  counts: { 'resilience.limit.rejected': 'limitRejections' },
  check: checkAdaptiveLimitOptions,
  waits: (options) => isAbove(settingOf<AdaptiveLimitOptions>(options, adaptiveLimitDefaults, 'maxQueue'), 0),
  make: adaptiveLimit,
});
