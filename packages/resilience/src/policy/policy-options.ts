import { anything, type Classifier, checkOptions, fixed, type Live, OptionsError, type Rule } from '@fwk/kernel';
import type { BreakerOptions } from '../breaker/breaker-options.js';
import type { BulkheadOptions } from '../bulkhead/bulkhead.js';
import type { CacheOptions } from '../cache/cache-options.js';
import type { CoalesceOptions } from '../coalesce/coalesce.js';
import type { TimeoutMode } from '../deadline/attempt-timeout.js';
import {
  type FallbackEntry,
  type FallbackHandler,
  type FallbackValue,
  isFallback,
} from '../fallback/fallback-options.js';
import type { FaultOptions } from '../fault/fault-options.js';
import type { HedgeOptions } from '../hedge/hedge-options.js';
import type { AdaptiveLimitOptions } from '../limit/adaptive-limit-options.js';
import type { RateLimitOptions } from '../rate/rate-limit-options.js';
import type { RetryOptions } from '../retry/retry-options.js';
import type { ThrottleOptions } from '../throttle/throttle.js';
import { isPlain } from './plain.js';

/**
 * Options of a policy: a layer stands in it only if it is named here; `{}` takes its defaults, and `false` takes out a
 * layer that the options below (the registry's defaults, a named policy) put in.
 */
export interface PolicyOptions {
  /** Total time of a call, in milliseconds; see `deadline()`. */
  readonly deadlineMs?: number | Live<number> | false | undefined;
  /** Time of one attempt, in milliseconds; see `attemptTimeout()`. */
  readonly timeoutMs?: number | Live<number> | false | undefined;
  /**
   * Whether an attempt whose time is over is given up, or told so and waited for; see `attemptTimeout()`.
   * @defaultValue 'give-up'
   */
  readonly timeoutMode?: TimeoutMode | undefined;
  /** Needs `keyOf` and `ttlMs`; a named policy may leave either to the place of use. */
  readonly cache?: Partial<CacheOptions> | false | undefined;
  /** Needs `keyOf`; a named policy may leave it to the place of use. */
  readonly coalesce?: Partial<CoalesceOptions> | false | undefined;
  readonly retry?: Partial<RetryOptions> | false | undefined;
  /** Sends a call twice while the first attempt may still succeed, so it needs `idempotent: true`. */
  readonly hedge?: Partial<HedgeOptions> | false | undefined;
  readonly rateLimit?: Partial<RateLimitOptions> | false | undefined;
  readonly throttle?: Partial<ThrottleOptions> | false | undefined;
  readonly breaker?: Partial<BreakerOptions> | false | undefined;
  /** An adaptive concurrency limit; see `adaptiveLimit()`. */
  readonly limit?: Partial<AdaptiveLimitOptions> | false | undefined;
  readonly bulkhead?: Partial<BulkheadOptions> | false | undefined;
  /** Off unless `enabled`; needs `ratio` and what to inject. */
  readonly fault?: Partial<FaultOptions> | false | undefined;
  /**
   * One handler or `{ value }`, or a chain of them: the first is asked first, the next when that fails or does not want to.
   * Each alone or with a `name` and with `when`, which says what failures it answers.
   */
  readonly fallback?: FallbackChain | false | undefined;
  /** Judges outcomes in all layers of the policy. @defaultValue the environment's */
  readonly classifier?: Classifier | undefined;
  /**
   * What differs for single operations of a client or a server, by their names in the contract. An operation that sets
   * options of a layer has that layer for itself, with its state; retries draw on one budget all the same.
   */
  readonly operations?: Readonly<Record<string, OperationPolicyOptions>> | undefined;
}

/** Options that one operation may have for itself. */
export type OperationPolicyOptions = Omit<PolicyOptions, 'classifier' | 'operations'>;

/** Fallbacks in the order in which they are asked. */
export type FallbackChain = FallbackHandler | FallbackEntry | readonly (FallbackHandler | FallbackEntry)[];

/** The part of {@link PolicyOptions} that is plain data, as it may come from configuration: no functions, no live values. */
export interface PolicySettings {
  readonly deadlineMs?: number | false;
  readonly timeoutMs?: number | false;
  readonly timeoutMode?: TimeoutMode;
  readonly cache?: Settings<CacheOptions> | false;
  readonly coalesce?: Settings<CoalesceOptions> | false;
  readonly retry?: Settings<RetryOptions> | false;
  readonly hedge?: Settings<HedgeOptions> | false;
  readonly rateLimit?: Settings<RateLimitOptions> | false;
  readonly throttle?: Settings<ThrottleOptions> | false;
  readonly breaker?: Settings<BreakerOptions> | false;
  readonly limit?: Settings<AdaptiveLimitOptions> | false;
  readonly bulkhead?: Settings<BulkheadOptions> | false;
  readonly fault?: Settings<FaultOptions> | false;
  readonly fallback?: PlainFallback | readonly PlainFallback[] | false;
  readonly operations?: Readonly<Record<string, Omit<PolicySettings, 'operations'>>>;
}

/** A fallback that is plain data. */
type PlainFallback = FallbackValue & { readonly name?: string };

/** Those options of a layer that are plain data. */
type Settings<Options> = {
  readonly [K in keyof Options as PlainOf<Options[K]> extends never ? never : K]?: PlainOf<Options[K]>;
};
type PlainOf<Value> = unknown extends Value
  ? unknown
  : Extract<Value, number | string | boolean> | (Iterable<number> extends Value ? readonly number[] : never);

/** Nothing stands in a policy by default: each layer is asked for. */
export const policyDefaults: Readonly<PolicyOptions> = Object.freeze({});

/** What options of a policy or a layer are given as. Of a live object or a map nothing would ever be read. */
export const optionsObject: Rule = fixed((value) => {
  if (isPlain(value)) return undefined;
  return value === null ? 'a plain object with options, {} for the defaults' : 'a plain object with options';
});
const layerOptions: Rule = fixed((value) =>
  value === undefined || value === false ? undefined : optionsObject(value),
);
const aClassifier: Rule = fixed((value) =>
  value === undefined || (typeof value === 'object' && value !== null && 'ofResult' in value && 'ofError' in value)
    ? undefined
    : 'a classifier (ofResult, ofError)',
);
const handlers: Rule = fixed((value) =>
  value === undefined ||
  value === false ||
  (Array.isArray(value) ? value.length > 0 && value.every(isFallback) : isFallback(value))
    ? undefined
    : 'a function, an object with a handler or a value, or a list of these',
);

/** Of each option its shape; each layer checks its own options when it is made. */
const policyRules: { readonly [K in keyof PolicyOptions]-?: Rule } = Object.freeze({
  deadlineMs: anything,
  timeoutMs: anything,
  timeoutMode: anything,
  cache: layerOptions,
  coalesce: layerOptions,
  retry: layerOptions,
  hedge: layerOptions,
  rateLimit: layerOptions,
  throttle: layerOptions,
  breaker: layerOptions,
  limit: layerOptions,
  bulkhead: layerOptions,
  fault: layerOptions,
  fallback: handlers,
  classifier: aClassifier,
  operations: fixed((value) =>
    value === undefined || (isPlain(value) && Object.values(value).every(isPlain))
      ? undefined
      : 'a plain object with options by operation',
  ),
});

/**
 * Checks the shape of the options.
 * @param problems - takes what is refused.
 * @returns the options that have the right shape, which can be checked further beside what is refused
 */
export function checkPolicyShape(owner: string, options: PolicyOptions, problems: string[]): PolicyOptions {
  collect(problems, '', () => checkOptions<PolicyOptions>(owner, options, policyDefaults, policyRules));
  if (typeof options !== 'object' || options === null) return {};
  const sound = Object.entries(options).filter(
    ([field, value]) =>
      Object.hasOwn(policyRules, field) && policyRules[field as keyof PolicyOptions](value) === undefined,
  );
  const { operations, ...others } = Object.fromEntries(sound) as PolicyOptions;
  return operations === undefined ? others : { ...others, operations: soundOperations(owner, operations, problems) };
}

function soundOperations(owner: string, operations: NonNullable<PolicyOptions['operations']>, problems: string[]) {
  const { classifier: _, operations: __, ...rules } = policyRules;
  const sound = Object.entries(operations).map(([name, options]) => {
    collect(problems, `operations.${name}`, () =>
      checkOptions<OperationPolicyOptions>(owner, options, policyDefaults as OperationPolicyOptions, rules),
    );
    const fields = Object.entries(options).filter(
      ([field, value]) => Object.hasOwn(rules, field) && rules[field as keyof typeof rules](value) === undefined,
    );
    return [name, Object.fromEntries(fields) as OperationPolicyOptions] as const;
  });
  return Object.fromEntries(sound);
}

/** What an option says, unless it says that there is to be no such layer. */
export function wanted<T>(option: T | false | undefined): T | undefined {
  return option === false ? undefined : option;
}

/** Whether a value keeps a rule; what it breaks is added to the problems. */
export function keeps(rule: Rule, what: string, value: unknown, problems: string[]): boolean {
  const found = problems.length;
  collect(problems, '', () =>
    checkOptions<Record<string, unknown>>('policies', { [what]: value }, {}, { [what]: rule }),
  );
  return problems.length === found;
}

/** Runs a check and keeps what it refuses, so that all problems can be told at once. */
export function collect(problems: string[], field: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    problems.push(...error.problems.map((problem) => (field === '' ? problem : `${field}: ${problem}`)));
  }
}
