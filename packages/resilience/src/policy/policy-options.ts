import { anything, type Classifier, checkOptions, isLive, type Live, OptionsError, type Rule } from '@fwk/kernel';
import type { BreakerOptions } from '../breaker/breaker-options.js';
import type { BulkheadOptions } from '../bulkhead/bulkhead.js';
import type { FallbackHandler } from '../fallback/fallback.js';
import type { RetryOptions } from '../retry/retry-options.js';

/**
 * Options of a policy: a layer stands in it only if it is named here; `{}` takes its defaults, and `false` takes out a
 * layer that the options below (the registry's defaults, a named policy) put in.
 */
export interface PolicyOptions {
  /** Total time of a call, in milliseconds; see `deadline()`. */
  readonly deadlineMs?: number | Live<number> | false | undefined;
  /** Time of one attempt, in milliseconds; see `attemptTimeout()`. */
  readonly timeoutMs?: number | Live<number> | false | undefined;
  readonly retry?: Partial<RetryOptions> | false | undefined;
  readonly breaker?: Partial<BreakerOptions> | false | undefined;
  readonly bulkhead?: Partial<BulkheadOptions> | false | undefined;
  /** One handler, or a chain of them: the first is asked first. */
  readonly fallback?: FallbackHandler | readonly FallbackHandler[] | false | undefined;
  /** Judges outcomes in all layers of the policy. @defaultValue the environment's */
  readonly classifier?: Classifier | undefined;
}

/** The part of {@link PolicyOptions} that is plain data, as it may come from configuration: no functions, no live values. */
export interface PolicySettings {
  readonly deadlineMs?: number | false;
  readonly timeoutMs?: number | false;
  readonly retry?: Settings<RetryOptions> | false;
  readonly breaker?: Settings<BreakerOptions> | false;
  readonly bulkhead?: Settings<BulkheadOptions> | false;
}

/** Those options of a layer that are plain data. */
type Settings<Options> = {
  readonly [K in keyof Options as PlainOf<Options[K]> extends never ? never : K]?: PlainOf<Options[K]>;
};
type PlainOf<Value> = Extract<Value, number | string | boolean>;

/** Nothing stands in a policy by default: each layer is asked for. */
export const policyDefaults: Readonly<PolicyOptions> = Object.freeze({});

const layerOptions: Rule = (value) =>
  value === undefined || value === false || (typeof value === 'object' && value !== null && !Array.isArray(value))
    ? undefined
    : 'an object with options';
const aClassifier: Rule = (value) =>
  value === undefined || (typeof value === 'object' && value !== null && 'ofResult' in value && 'ofError' in value)
    ? undefined
    : 'a classifier (ofResult, ofError)';
const handlers: Rule = (value) =>
  value === undefined ||
  value === false ||
  (Array.isArray(value) ? value.length > 0 && value.every(isFunction) : isFunction(value))
    ? undefined
    : 'a function or a list of functions';

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Checks the shape; each layer checks its own options when it is made. */
export function checkPolicyShape(owner: string, options: PolicyOptions): Readonly<PolicyOptions> {
  return checkOptions<PolicyOptions>(owner, options, policyDefaults, {
    deadlineMs: anything,
    timeoutMs: anything,
    retry: layerOptions,
    breaker: layerOptions,
    bulkhead: layerOptions,
    fallback: handlers,
    classifier: aClassifier,
  });
}

/** What an option says, unless it says that there is to be no such layer. */
export function wanted<T>(option: T | false | undefined): T | undefined {
  return option === false ? undefined : option;
}

/** What contradicts itself across layers, each with its reason. Live values are judged as they are now. */
export function contradictions(options: PolicyOptions): readonly string[] {
  const problems: string[] = [];
  const total = numberOf(options.deadlineMs);
  const attempt = numberOf(options.timeoutMs);
  const retry = wanted(options.retry);
  if (total !== undefined && attempt !== undefined && attempt > total) {
    problems.push(`timeoutMs ${attempt} is above deadlineMs ${total}: no attempt could ever reach its own limit`);
  }
  const base = numberOf(retry?.baseDelayMs);
  if (total !== undefined && base !== undefined && base >= total) {
    problems.push(`retry.baseDelayMs ${base} is not below deadlineMs ${total}: there would hardly ever be a retry`);
  }
  const cap = numberOf(retry?.maxDelayMs);
  if (base !== undefined && cap !== undefined && base > cap) {
    problems.push(`retry.baseDelayMs ${base} is above retry.maxDelayMs ${cap}`);
  }
  return problems;
}

function numberOf(option: unknown): number | undefined {
  const value = isLive(option) ? option.value : option;
  return typeof value === 'number' ? value : undefined;
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
