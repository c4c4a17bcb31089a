import { policyPart } from '../layer/policy-part.js';
import { cache } from './cache.js';
import { type CacheOptions, cacheDefaults, cacheRules } from './cache-options.js';

/** What {@link cachePart} adds to the options of a policy. */
export interface CachePolicy {
  /** Needs `keyOf` and `ttlMs`; a named policy may leave either to the place of use. */
  readonly cache?: Partial<CacheOptions> | false | undefined;
}

/** What it adds to the counts of a policy. */
export interface CacheCounts {
  /** Calls that a cache answered. */
  readonly cacheHits: number;
}

/** The cache in a policy. */
export const cachePart = policyPart<{ options: CacheOptions; policy: CachePolicy; counts: CacheCounts }>({
  field: 'cache',
  role: 'cache',
  defaults: cacheDefaults,
  rules: cacheRules,
  needed: { keyOf: () => '', ttlMs: 1 },
  stateful: true,
  tunable: ['ttlMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'maxEntries'],
  counts: { 'resilience.cache.calls': { fresh: 'cacheHits', stale: 'cacheHits', 'stale-on-error': 'cacheHits' } },
  make: cache,
});
