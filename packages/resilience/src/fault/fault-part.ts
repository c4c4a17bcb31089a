import { policyPart } from '../layer/policy-part.js';
import { faultInjection } from './fault.js';
import { checkFaultOptions, type FaultOptions, faultDefaults, faultRules } from './fault-options.js';

/** What {@link faultPart} adds to the options of a policy. */
export interface FaultPolicy {
  /** Off unless `enabled`; needs `ratio` and what to inject. */
  readonly fault?: Partial<FaultOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface FaultCounts {
  /** Faults that were put in on purpose. */
  readonly faults: number;
}

/** Fault injection in a policy. */
export const faultPart = policyPart<{ options: FaultOptions; policy: FaultPolicy; counts: FaultCounts }>({
  field: 'fault',
  role: 'fault-injection',
  defaults: faultDefaults,
  rules: faultRules,
  needed: { ratio: 0, latencyMs: 1 },
  stateful: true,
  tunable: ['enabled', 'ratio', 'latencyMs'],
  anyData: ['result'],
  counts: { 'resilience.faults.injected': 'faults' },
  check: checkFaultOptions,
  make: faultInjection,
});
