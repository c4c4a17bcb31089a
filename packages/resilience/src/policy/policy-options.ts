import {
  anything,
  type Classifier,
  checkOptions,
  currentOf,
  isLive,
  type Live,
  OptionsError,
  optional,
  type Rule,
} from '@fwk/kernel';
import type { BreakerOptions } from '../breaker/breaker-options.js';
import type { BulkheadOptions } from '../bulkhead/bulkhead.js';
import type { FallbackHandler } from '../fallback/fallback.js';
import type { RetryOptions } from '../retry/retry-options.js';

/** Options of a policy: a layer stands in it only if it is named here; `{}` takes its defaults. */
export interface PolicyOptions {
  /** Total time of a call, in milliseconds; see `deadline()`. */
  readonly deadlineMs?: number | Live<number> | undefined;
  /** Time of one attempt, in milliseconds; see `attemptTimeout()`. */
  readonly timeoutMs?: number | Live<number> | undefined;
  readonly retry?: Partial<RetryOptions> | undefined;
  readonly breaker?: Partial<BreakerOptions> | undefined;
  readonly bulkhead?: Partial<BulkheadOptions> | undefined;
  /** One handler, or a chain of them: the first is asked first. */
  readonly fallback?: FallbackHandler | readonly FallbackHandler[] | undefined;
  /** Judges outcomes in all layers of the policy. @defaultValue the environment's */
  readonly classifier?: Classifier | undefined;
}

/** Nothing stands in a policy by default: each layer is asked for. */
export const policyDefaults: Readonly<PolicyOptions> = Object.freeze({});

const anObject: Rule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object with options';
const aClassifier: Rule = (value) =>
  typeof value === 'object' && value !== null && 'ofResult' in value && 'ofError' in value
    ? undefined
    : 'a classifier (ofResult, ofError)';
const handlers: Rule = (value) =>
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
    retry: optional(anObject),
    breaker: optional(anObject),
    bulkhead: optional(anObject),
    fallback: optional(handlers),
    classifier: optional(aClassifier),
  });
}

/** What contradicts itself across layers, each with its reason. Live values are judged as they are now. */
export function contradictions({ deadlineMs, timeoutMs, retry }: PolicyOptions): readonly string[] {
  const problems: string[] = [];
  const total = numberOf(deadlineMs);
  const attempt = numberOf(timeoutMs);
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
  const value = isLive(option) ? currentOf(option) : option;
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
