/**
 * Several layers under one name, always in the same order, so that nobody needs to know which order is right.
 */
import type { Env } from '@fwk/kernel';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import { ListedHandles } from '../layer/listed-handles.js';
import { guardLive } from './guard-live.js';
import { mergeOptions, type OptionsLevel } from './merge-options.js';
import { PolicyBreakers } from './policy-breakers.js';
import { checkPolicy, endsInTime, type PolicyLayer, policyLayer } from './policy-layer.js';
import { makeLayers } from './policy-layers.js';
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
  checkPolicy(name, levels);
  const breakers = new PolicyBreakers(name);
  const bulkheads = new ListedHandles<BulkheadHandle>();
  const placed = makeLayers(
    mergeOptions(levels),
    { policy: name, listBreakers: breakers.list, listBulkheads: bulkheads.list },
    [],
  );
  return policyLayer(
    {
      name,
      placed,
      levels,
      racing: { raced: endsInTime(placed) },
      breakers,
      bulkheads,
      build: (next, own) => placed.reduceRight((inner, { layer }) => layer.wrap(inner, own), next),
    },
    env,
  );
}
