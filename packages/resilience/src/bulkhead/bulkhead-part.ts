import type { HandleKind } from '../layer/handle-kind.js';
import { policyPart } from '../layer/policy-part.js';
import { isAbove, settingOf } from '../layer/setting-of.js';
import { type BulkheadOptions, bulkhead, bulkheadDefaults, bulkheadRules } from './bulkhead.js';
import type { BulkheadHandle } from './bulkhead-handle.js';

/** What {@link bulkheadPart} adds to the options of a policy. */
export interface BulkheadPolicy {
  readonly bulkhead?: Partial<BulkheadOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface BulkheadCounts {
  readonly bulkheadRejections: number;
}

/** The bulkheads that a policy lists. */
export const bulkheadHandles: HandleKind<BulkheadHandle> = Object.freeze({ name: 'bulkheads' });

/** The bulkhead in a policy. */
export const bulkheadPart = policyPart<{ options: BulkheadOptions; policy: BulkheadPolicy; counts: BulkheadCounts }>({
  field: 'bulkhead',
  role: 'bulkhead',
  defaults: bulkheadDefaults,
  rules: bulkheadRules,
  stateful: true,
  tunable: ['maxConcurrent', 'maxQueue', 'maxWaitMs'],
  counts: { 'resilience.bulkhead.rejected': 'bulkheadRejections' },
  waits: (options) => isAbove(settingOf<BulkheadOptions>(options, bulkheadDefaults, 'maxQueue'), 0),
  contradictions(policy, { deadlineMs }) {
    const maxWaitMs = settingOf<BulkheadOptions>(policy.bulkhead, bulkheadDefaults, 'maxWaitMs');
    if (maxWaitMs === Number.POSITIVE_INFINITY || !isAbove(maxWaitMs, deadlineMs)) return [];
    return [`bulkhead.maxWaitMs ${maxWaitMs} is above deadlineMs ${deadlineMs}: no call could ever wait so long`];
  },
  make(options, { list }) {
    const listed = list(bulkheadHandles);
    const onBuilt = (built: BulkheadHandle) => {
      listed(built);
      options.onBuilt?.(built);
    };
    return bulkhead({ ...options, onBuilt });
  },
});
