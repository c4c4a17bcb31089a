import { isLive } from '../live/live.js';
import { FwkError } from './fwk-error.js';

/** Says what is wrong with a value in words that follow "must be", or nothing when it is right. */
export type Rule = (value: unknown) => string | undefined;

/** Options were out of range. Code `FWK_KERNEL_OPTIONS_INVALID`; `problems` has one line a field. */
export class OptionsError extends FwkError {
  readonly problems: readonly string[];

  constructor(owner: string, problems: readonly string[]) {
    super('FWK_KERNEL_OPTIONS_INVALID', `${owner}: ${problems.join('; ')}`, { details: { owner, problems } });
    this.problems = problems;
  }
}

/**
 * Merges `given` over `defaults` and checks every field, once, when something is built. Undefined means default.
 * Unknown fields are refused too, so that a misspelt one is never silently without effect.
 * @param owner - who is being built, the head of the message: `retry`, `circuitBreaker "prices"`.
 * @throws {@link OptionsError} with all problems at once.
 */
export function checkOptions<T extends object>(
  owner: string,
  given: Partial<T> | undefined,
  defaults: Readonly<Partial<T>>,
  rules: { readonly [K in keyof T]-?: Rule },
): Readonly<T> {
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw new OptionsError(owner, [`options must be an object, not ${show(given)}`]);
  }
  const merged: Record<string, unknown> = { ...defaults };
  const problems: string[] = [];
  for (const [field, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(rules, field)) {
      problems.push(`unknown option "${field}" (known: ${Object.keys(rules).join(', ')})`);
    } else if (value !== undefined) merged[field] = value;
  }
  for (const [field, rule] of Object.entries(rules) as [string, Rule][]) {
    const value = merged[field];
    const range = rule(isLive(value) ? value.value : value);
    if (range) problems.push(`${field} must be ${range}, not ${show(value)}`);
  }
  if (problems.length > 0) throw new OptionsError(owner, problems);
  return Object.freeze(merged) as Readonly<T>;
}

/** A number from `min` to `max`, both allowed. */
export function numberIn(min: number, max: number = Number.POSITIVE_INFINITY, unit = ''): Rule {
  return (value) =>
    typeof value === 'number' && value >= min && value <= max ? undefined : `a number ${range(min, max)}${unit}`;
}

/** A whole number from `min` to `max`, both allowed. */
export function integerIn(min: number, max: number = Number.POSITIVE_INFINITY): Rule {
  return (value) =>
    typeof value === 'number' && value >= min && value <= max && (Number.isInteger(value) || value === max)
      ? undefined
      : `a whole number ${range(min, max)}`;
}

/** A duration in milliseconds; `Infinity` only where `max` allows it. */
export function millisecondsIn(min: number, max: number = 2 ** 31 - 1): Rule {
  return numberIn(min, max, ' ms');
}

/** A ratio from 0 to 1. */
export const ratio: Rule = numberIn(0, 1);

/** true or false. */
export const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/** A function. */
export const callable: Rule = (value) => (typeof value === 'function' ? undefined : 'a function');

/** A string that is not empty. */
export const text: Rule = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a non-empty string');

/** Anything at all; for fields that something else checks. */
export const anything: Rule = () => undefined;

/** One of the given strings. */
export function oneOf(...allowed: readonly string[]): Rule {
  return (value) => (allowed.includes(value as string) ? undefined : `one of ${allowed.join(', ')}`);
}

/** The same rule, with absence allowed. */
export function optional(rule: Rule): Rule {
  return (value) => (value === undefined ? undefined : rule(value));
}

function range(min: number, max: number): string {
  return max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return isLive(value) ? `a live value of ${show(value.value)}` : 'an object';
  return String(value);
}
