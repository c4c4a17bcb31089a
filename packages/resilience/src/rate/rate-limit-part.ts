import { policyPart } from '../layer/policy-part.js';
import { isAbove, settingOf } from '../layer/setting-of.js';
import { rateLimit } from './rate-limit.js';
import {
  checkRateLimitOptions,
  type RateLimitOptions,
  rateLimitDefaults,
  rateLimitRules,
  unusedBy,
} from './rate-limit-options.js';

/** What {@link rateLimitPart} adds to the options of a policy. */
export interface RateLimitPolicy {
  readonly rateLimit?: Partial<RateLimitOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface RateLimitCounts {
  readonly rateRejections: number;
}

/** The rate limit in a policy. */
export const rateLimitPart = policyPart<{
  options: RateLimitOptions;
  policy: RateLimitPolicy;
  counts: RateLimitCounts;
}>({
  field: 'rateLimit',
  role: 'rate-limit',
  defaults: rateLimitDefaults,
  rules: rateLimitRules,
  stateful: true,
  tunable: ['permitsPerSecond', 'burst', 'permitsPerWindow', 'windowMs', 'maxWaitMs'],
  counts: { 'resilience.rate_limit.rejected': 'rateRejections' },
  check: checkRateLimitOptions,
  unused: ({ algorithm = rateLimitDefaults.algorithm }) => unusedBy(algorithm),
  waits: (options) => isAbove(settingOf<RateLimitOptions>(options, rateLimitDefaults, 'maxWaitMs'), 0),
  contradictions(policy, { deadlineMs }) {
    const maxWaitMs = settingOf<RateLimitOptions>(policy.rateLimit, rateLimitDefaults, 'maxWaitMs');
    if (!isAbove(maxWaitMs, deadlineMs)) return [];
    return [`rateLimit.maxWaitMs ${maxWaitMs} is above deadlineMs ${deadlineMs}: no call could ever wait so long`];
  },
  make: (options) => rateLimit(options),
});
