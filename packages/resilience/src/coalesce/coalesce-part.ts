import { policyPart } from '../layer/policy-part.js';
import { type CoalesceOptions, coalesce, coalesceDefaults, coalesceRules } from './coalesce.js';

/** What {@link coalescePart} adds to the options of a policy. */
export interface CoalescePolicy {
  /** Needs `keyOf`; a named policy may leave it to the place of use. */
  readonly coalesce?: Partial<CoalesceOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface CoalesceCounts {
  /** Calls that waited for another one's answer instead of being sent. */
  readonly coalesced: number;
}

/** One call for all who ask the same thing, in a policy. */
export const coalescePart = policyPart<{ options: CoalesceOptions; policy: CoalescePolicy; counts: CoalesceCounts }>({
  field: 'coalesce',
  role: 'coalesce',
  defaults: coalesceDefaults,
  rules: coalesceRules,
  needed: { keyOf: () => '' },
  stateful: true,
  tunable: ['maxKeys'],
  counts: { 'resilience.coalesce.calls': { joined: 'coalesced' } },
  make: coalesce,
});
