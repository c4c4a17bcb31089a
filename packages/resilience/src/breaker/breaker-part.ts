import { currentOf } from '@fwk/kernel';
import type { HandleKind } from '../layer/handle-kind.js';
import { policyPart } from '../layer/policy-part.js';
import { isAbove, settingOf } from '../layer/setting-of.js';
import { type BreakerOptions, breakerDefaults, breakerRules, checkBreakerOptions } from './breaker-options.js';
import type { BreakerHandle } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

/** What {@link breakerPart} adds to the options of a policy. */
export interface BreakerPolicy {
  readonly breaker?: Partial<BreakerOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface BreakerCounts {
  /** Attempts that the breaker refused. */
  readonly breakerRejections: number;
}

/** The breakers that a policy lists. */
export const breakerHandles: HandleKind<BreakerHandle> = Object.freeze({ name: 'breakers' });

/** The circuit breaker in a policy. */
export const breakerPart = policyPart<{ options: BreakerOptions; policy: BreakerPolicy; counts: BreakerCounts }>({
  field: 'breaker',
  role: 'circuit-breaker',
  defaults: breakerDefaults,
  rules: breakerRules,
  stateful: true,
  tunable: [
    'minimumCalls',
    'failureRatio',
    'slowCallMs',
    'slowCallRatio',
    'consecutiveFailures',
    'warmUpMs',
    'openMs',
    'openGrowth',
    'maxOpenMs',
    'openJitter',
    'halfOpenPermits',
    'halfOpenFailureRatio',
    'successesToClose',
    'probeTimeoutMs',
  ],
  counts: { 'resilience.breaker.calls': { rejected: 'breakerRejections' } },
  check: checkBreakerOptions,
  unused: ({ halfOpenFailureRatio }) => (currentOf(halfOpenFailureRatio) === undefined ? [] : ['successesToClose']),
  contradictions(policy, { deadlineMs, timeoutMs, mayWait }) {
    const slowMs = settingOf<BreakerOptions>(policy.breaker, breakerDefaults, 'slowCallMs');
    if (slowMs === Number.POSITIVE_INFINITY) return [];
    // The breaker measures the wait for a place as well, which is none of the attempt's time.
    return Object.entries({ deadlineMs, timeoutMs: mayWait ? undefined : timeoutMs })
      .filter(([, limit]) => isAbove(slowMs, limit))
      .map(
        ([name, limit]) => `breaker.slowCallMs ${slowMs} is above ${name} ${limit}: no call could ever count as slow`,
      );
  },
  make(options, { policy, list }) {
    const listed = list(breakerHandles);
    const onBuilt = (breaker: BreakerHandle) => {
      listed(breaker);
      options.onBuilt?.(breaker);
    };
    return circuitBreaker({ ...options, name: options.name ?? policy, onBuilt });
  },
});
