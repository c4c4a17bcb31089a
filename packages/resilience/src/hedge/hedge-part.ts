import { currentOf } from '@fwk/kernel';
import { policyPart } from '../layer/policy-part.js';
import { isAtLeast, settingOf, wanted } from '../layer/setting-of.js';
import { hedge } from './hedge.js';
import { type HedgeOptions, hedgeDefaults, hedgeRules } from './hedge-options.js';

/** What {@link hedgePart} adds to the options of a policy. */
export interface HedgePolicy {
  /** Sends a call twice while the first attempt may still succeed, so it needs `idempotent: true`. */
  readonly hedge?: Partial<HedgeOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface HedgeCounts {
  /** Extra attempts that were sent beside a slow one. */
  readonly hedges: number;
}

/** Extra attempts in a policy. */
export const hedgePart = policyPart<{ options: HedgeOptions; policy: HedgePolicy; counts: HedgeCounts }>({
  field: 'hedge',
  role: 'hedge',
  defaults: hedgeDefaults,
  rules: hedgeRules,
  needed: { idempotent: true },
  stateful: true,
  tunable: ['delayMs', 'minimumSamples', 'maxHedges', 'onFailure', 'maxExtraRatio'],
  counts: { 'resilience.hedges': { sent: 'hedges' } },
  contradictions(policy, { timeoutMs, deadlineMs }) {
    const problems: string[] = [];
    const options = wanted(policy.hedge);
    if (options === undefined) return problems;
    if (options.idempotent !== true) {
      problems.push('hedge sends a call twice: say hedge.idempotent true if that does no harm, or do without hedge');
    }
    if (currentOf(options.onFailure ?? false)) return problems;
    const delay = settingOf<HedgeOptions>(options, hedgeDefaults, 'delayMs');
    for (const [name, limit] of Object.entries({ timeoutMs, deadlineMs })) {
      if (!isAtLeast(delay, limit)) continue;
      problems.push(`hedge.delayMs ${delay} is not below ${name} ${limit}: a second attempt would never be sent`);
    }
    return problems;
  },
  make: hedge,
});
