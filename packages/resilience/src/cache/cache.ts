/**
 * Gives the answer of an earlier call for a while, and an old one rather than none.
 *
 * State: the answers by key, bounded, one set a stack; `latest` and `onBuilt` hand it out. Age is compared when somebody
 * asks, so an idle cache costs no timer. Place: inside the total deadline and the fallback, outside coalesce, retry and all
 * that acts on a call: an answer from here costs none of it. Errors are never kept, nor results which the classifier does
 * not call a success; an old answer hides only what it calls a failure, never a cancellation or a wrong request. A miss
 * belongs to its caller and is cancelled with it. Renewing in the background is one call a key; it has the values and the
 * deadline of the call that set it off, but outlives it; without a deadline it ends when its answer would be too old. What
 * must not run twice goes past the cache. All callers get the same object: treat it as read-only.
 */
import { checkOptions, currentOf, type Env, type Service } from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { type CacheHandle, type CacheOptions, type CacheSettings, cacheDefaults, cacheRules } from './cache-options.js';
import { CacheService } from './cache-service.js';

/** The cache as a layer, with a view of what was built from it last. */
export interface CacheLayer extends FunctionLayer {
  /** The cache of the stack built last; undefined before any was built. `onBuilt` tells of all. */
  readonly latest: CacheHandle | undefined;
}

/**
 * Makes the cache layer. Each `wrap` has a cache of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = cache({ keyOf: (sku: string) => sku, ttlMs: 5000 }).wrap(fetchPrice); // rejects with KeyError if keyOf throws
 */
export function cache(options: CacheOptions): CacheLayer {
  const settings = checkOptions<CacheSettings>('cache', options as Partial<CacheSettings>, cacheDefaults, cacheRules);
  let latest: CacheHandle | undefined;
  const layer = functionLayer({
    role: 'cache',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      ttlMs: currentOf(settings.ttlMs),
      staleWhileRevalidateMs: currentOf(settings.staleWhileRevalidateMs),
      staleIfErrorMs: currentOf(settings.staleIfErrorMs),
      maxEntries: currentOf(settings.maxEntries),
    }),
    build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res> {
      const built = new CacheService(next, env, settings);
      latest = built;
      settings.onBuilt?.(built);
      return built;
    },
  });
  return {
    ...layer,
    get latest() {
      return latest;
    },
  };
}
