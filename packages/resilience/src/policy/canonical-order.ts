/**
 * The layers of a policy in the order in which they always stand, outermost first, and what a live policy must know of
 * each: whether it keeps state that a change of configuration must not lose, and which of its options may change under it.
 */

import { currentOf, type Rule } from '@fwk/kernel';
import { type BreakerOptions, breakerDefaults, breakerRules } from '../breaker/breaker-options.js';
import type { BreakerHandle } from '../breaker/breaker-state.js';
import { circuitBreaker } from '../breaker/circuit-breaker.js';
import { type BulkheadOptions, bulkhead, bulkheadDefaults, bulkheadRules } from '../bulkhead/bulkhead.js';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import { cache } from '../cache/cache.js';
import { type CacheOptions, cacheDefaults, cacheRules } from '../cache/cache-options.js';
import { type CoalesceOptions, coalesce, coalesceDefaults, coalesceRules } from '../coalesce/coalesce.js';
import {
  type AttemptTimeoutOptions,
  attemptTimeout,
  attemptTimeoutDefaults,
  attemptTimeoutRules,
} from '../deadline/attempt-timeout.js';
import { type DeadlineOptions, deadline, deadlineDefaults, deadlineRules } from '../deadline/deadline.js';
import { fallback } from '../fallback/fallback.js';
import { partsOf } from '../fallback/fallback-options.js';
import { faultInjection } from '../fault/fault.js';
import { type FaultOptions, faultDefaults, faultRules } from '../fault/fault-options.js';
import { hedge } from '../hedge/hedge.js';
import { type HedgeOptions, hedgeDefaults, hedgeRules } from '../hedge/hedge-options.js';
import type { FunctionLayer } from '../layer/function-layer.js';
import { adaptiveLimit } from '../limit/adaptive-limit.js';
import {
  type AdaptiveLimitOptions,
  adaptiveLimitDefaults,
  adaptiveLimitRules,
} from '../limit/adaptive-limit-options.js';
import { rateLimit } from '../rate/rate-limit.js';
import { type RateLimitOptions, rateLimitDefaults, rateLimitRules, unusedBy } from '../rate/rate-limit-options.js';
import { retry } from '../retry/retry.js';
import { type RetryOptions, retryDefaults, retryRules } from '../retry/retry-options.js';
import { type ThrottleOptions, throttle, throttleDefaults, throttleRules } from '../throttle/throttle.js';
import type { Scope } from './policy-kind.js';
import { type FallbackChain, type PolicyOptions, wanted } from './policy-options.js';

/** What layers of one policy share. */
export interface PolicyKit {
  readonly policy: string;
  /** Begins the list of the breakers that one layer builds; the answer adds to it. */
  listBreakers(): (breaker: BreakerHandle) => void;
  /** The same for bulkheads. */
  listBulkheads(): (bulkhead: BulkheadHandle) => void;
}

/** One place in the order. */
export interface PolicyPart {
  /** The option that asks for it. */
  readonly field: keyof PolicyOptions;
  /** The role of its layer. */
  readonly role: string;
  /** Where it stands: see {@link Scope}. */
  readonly scopes: readonly Scope[];
  /** True when the option is a single value, which is the layer's own option of this name. */
  readonly single: string | undefined;
  /** What else of the policy's options is meant for a layer whose option is a single value: by the layer's own name. */
  readonly beside?: Readonly<Record<string, keyof PolicyOptions>>;
  readonly defaults: object;
  /** What each option of the layer must be. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** Stands in for what a named policy may leave to its places of use, while it is checked without one. */
  readonly needed?: object;
  /** Whether the layer keeps anything from call to call. */
  readonly stateful: boolean;
  /** Its options that take live values: a change of theirs leaves the state its meaning. */
  readonly tunable: readonly string[];
  /** Those of its options that say nothing, as the others are; they are not shown among the settings in force. */
  unused?(options: object): readonly string[];
  /** Its options that take any plain data in configuration, lists and null included. */
  readonly anyData?: readonly string[];
  /** Makes the layers at this place, outermost first. @throws OptionsError */
  make(options: object, kit: PolicyKit): readonly FunctionLayer[];
}

interface PartOf<Options> extends Omit<PolicyPart, 'single' | 'needed' | 'tunable' | 'unused' | 'make'> {
  readonly needed?: Partial<Options>;
  readonly single?: keyof Options & string;
  readonly tunable: readonly (keyof Options & string)[];
  unused?(options: Partial<Options>): readonly (keyof Options & string)[];
  make(options: Partial<Options>, kit: PolicyKit): FunctionLayer | readonly FunctionLayer[];
}

function part<Options extends object>(described: PartOf<Options>): PolicyPart {
  return Object.freeze({
    ...described,
    single: described.single,
    make: (options: object, kit: PolicyKit) => [described.make(options, kit)].flat(),
  });
}

/** Lists what was built beside telling whoever wants to know; what is no function is left for the layer to refuse. */
function both<Handle>(list: (built: Handle) => void, onBuilt: ((built: Handle) => void) | undefined) {
  if (onBuilt !== undefined && typeof onBuilt !== 'function') return onBuilt;
  return (built: Handle) => {
    list(built);
    onBuilt?.(built);
  };
}

/** The order. Each comment says why the layer stands where it does. */
export const canonicalOrder: readonly PolicyPart[] = Object.freeze([
  // Bounds everything below, the fallback included: the caller's wait has one end.
  part<DeadlineOptions>({
    field: 'deadlineMs',
    role: 'deadline',
    scopes: ['call', 'server'],
    single: 'timeoutMs',
    defaults: deadlineDefaults,
    rules: deadlineRules,
    stateful: false,
    tunable: ['timeoutMs'],
    make: deadline,
  }),
  // Sees the final error of all that is tried, refusals included. The first of a chain is asked first, so it is innermost.
  part<{ handlers: FallbackChain }>({
    field: 'fallback',
    role: 'fallback',
    scopes: ['call'],
    single: 'handlers',
    defaults: Object.freeze({}),
    rules: Object.freeze({}),
    stateful: false,
    tunable: [],
    anyData: ['handlers'],
    make: ({ handlers = [] }) =>
      [handlers]
        .flat()
        .toReversed()
        .map((entry) => {
          const [given, options] = partsOf(entry);
          return fallback(given, options);
        }),
  }),
  // An answer that is known already costs nothing of what is below, and no fallback is kept as if it were one.
  part<CacheOptions>({
    field: 'cache',
    role: 'cache',
    scopes: ['call'],
    defaults: cacheDefaults,
    rules: cacheRules,
    needed: { keyOf: () => '', ttlMs: 1 },
    stateful: true,
    tunable: ['ttlMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'maxEntries'],
    // Checked by the layer: whatever is missing is refused there.
    make: (options) => cache(options as CacheOptions),
  }),
  // Misses of the cache come in crowds; all who ask the same thing share one call with all its attempts.
  part<CoalesceOptions>({
    field: 'coalesce',
    role: 'coalesce',
    scopes: ['call'],
    defaults: coalesceDefaults,
    rules: coalesceRules,
    needed: { keyOf: () => '' },
    stateful: true,
    tunable: ['maxKeys'],
    make: (options) => coalesce(options as CoalesceOptions),
  }),
  // Each attempt meets what is below anew; a retry inside the breaker would hide failures from it.
  part<RetryOptions>({
    field: 'retry',
    role: 'retry',
    scopes: ['call'],
    defaults: retryDefaults,
    rules: retryRules,
    stateful: true,
    anyData: ['backoff'],
    tunable: ['maxAttempts', 'backoff', 'jitter', 'baseDelayMs', 'maxDelayMs', 'maxRetryAfterMs'],
    make: retry,
  }),
  // Both attempts of a pair are one attempt to the retry, and each meets what is below.
  part<HedgeOptions>({
    field: 'hedge',
    role: 'hedge',
    scopes: ['call'],
    defaults: hedgeDefaults,
    rules: hedgeRules,
    needed: { idempotent: true },
    stateful: true,
    tunable: ['delayMs', 'minimumSamples', 'maxHedges', 'onFailure', 'maxExtraRatio'],
    make: hedge,
  }),
  // Attempts are what a callee gets and what its quota counts; a breaker is not to judge those that were never made.
  part<RateLimitOptions>({
    field: 'rateLimit',
    role: 'rate-limit',
    scopes: ['call', 'server'],
    defaults: rateLimitDefaults,
    rules: rateLimitRules,
    stateful: true,
    unused: ({ algorithm = rateLimitDefaults.algorithm }) => unusedBy(algorithm),
    tunable: ['permitsPerSecond', 'burst', 'permitsPerWindow', 'windowMs', 'maxWaitMs'],
    make: rateLimit,
  }),
  part<ThrottleOptions>({
    field: 'throttle',
    role: 'throttle',
    scopes: ['call'],
    defaults: throttleDefaults,
    rules: throttleRules,
    stateful: true,
    tunable: ['multiplier', 'maxDropRatio'],
    make: throttle,
  }),
  // Judges each attempt, and refuses before a place is taken.
  part<BreakerOptions>({
    field: 'breaker',
    role: 'circuit-breaker',
    scopes: ['endpoint'],
    defaults: breakerDefaults,
    rules: breakerRules,
    stateful: true,
    unused: ({ halfOpenFailureRatio }) => (currentOf(halfOpenFailureRatio) === undefined ? [] : ['successesToClose']),
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
    make(options, { policy, listBreakers }) {
      const onBuilt = both(listBreakers(), options.onBuilt);
      return circuitBreaker({ name: policy, ...options, onBuilt });
    },
  }),
  // A refused call needs no place; what time-outs below tell is what it learns from.
  part<AdaptiveLimitOptions>({
    field: 'limit',
    role: 'adaptive-limit',
    scopes: ['endpoint', 'server'],
    defaults: adaptiveLimitDefaults,
    rules: adaptiveLimitRules,
    stateful: true,
    tunable: ['minLimit', 'maxLimit', 'maxQueue', 'newestFirstAfterMs', 'newestFirstWaitMs', 'maxLagMs'],
    make: adaptiveLimit,
  }),
  // Waiting for a place is not the attempt's time.
  part<BulkheadOptions>({
    field: 'bulkhead',
    role: 'bulkhead',
    scopes: ['endpoint', 'server'],
    defaults: bulkheadDefaults,
    rules: bulkheadRules,
    stateful: true,
    tunable: ['maxConcurrent', 'maxQueue', 'maxWaitMs'],
    make(options, { listBulkheads }) {
      const onBuilt = both(listBulkheads(), options.onBuilt);
      return bulkhead({ ...options, onBuilt });
    },
  }),
  // Limits the work and nothing else.
  part<AttemptTimeoutOptions>({
    field: 'timeoutMs',
    role: 'attempt-timeout',
    scopes: ['endpoint'],
    single: 'timeoutMs',
    beside: { mode: 'timeoutMode' },
    defaults: attemptTimeoutDefaults,
    rules: attemptTimeoutRules,
    stateful: false,
    tunable: ['timeoutMs'],
    make: attemptTimeout,
  }),
  // Where the callee would be slow or fail.
  part<FaultOptions>({
    field: 'fault',
    role: 'fault-injection',
    scopes: ['endpoint', 'server'],
    defaults: faultDefaults,
    rules: faultRules,
    needed: { ratio: 0, latencyMs: 1 },
    stateful: true,
    tunable: ['enabled', 'ratio', 'latencyMs'],
    anyData: ['result'],
    make: (options) => faultInjection(options as FaultOptions),
  }),
]);

/** The options of the layers at a place, or undefined when none are asked for. */
export function optionsOf({ field, single, beside = {} }: PolicyPart, options: PolicyOptions): object | undefined {
  const given: unknown = wanted(options[field]);
  if (given === undefined || single === undefined) return given as object | undefined;
  const others = Object.entries(beside).map(([name, from]) => [name, options[from]]);
  return { [single]: given, ...Object.fromEntries(others) };
}
