/**
 * Several layers under one name, always in the same order, so that nobody needs to know which order is right.
 */
import { defaultEnv, type Env } from '@fwk/kernel';
import { checkPolicy } from './check-policy.js';
import { guardLive } from './guard-live.js';
import type { OptionsLevel } from './merge-options.js';
import { PolicyCore } from './policy-core.js';
import { functionKind } from './policy-kind.js';
import { type PolicyLayer, policyLayer } from './policy-layer.js';
import type { PolicyOptions } from './policy-options.js';

/**
 * Makes a policy. Layers stand in the canonical order, whatever the order of the options:
 * deadline, fallback, cache, coalesce, retry, hedge, rate limit, throttle, breaker, adaptive limit, bulkhead, attempt
 * timeout, fault injection.
 * @param name - for metrics, events and messages; stands at the end of the path.
 * @param env - used by `wrap(fn)` where that is given none. @defaultValue the process's own, nothing recorded
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` with the problems of all layers at once, contradictions included
 * @example const quote = policy('quote', { timeoutMs: 800, retry: { maxAttempts: 3 }, breaker: {} }).wrap(fetchQuote);
 */
export function policy(name: string, options: PolicyOptions = {}, env?: Env): PolicyLayer {
  const levels: readonly OptionsLevel[] = [{ from: 'call-site', options: guardLive(name, options) }];
  checkPolicy(name, functionKind, levels);
  const { clock } = env ?? defaultEnv;
  return policyLayer(new PolicyCore(name, functionKind, levels, clock, false), env);
}
