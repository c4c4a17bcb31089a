import { FwkError } from '../errors/fwk-error.js';
import { isLive } from '../live/live.js';
import { isFixed, type Rule } from './rules.js';

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
 * Unknown fields are refused too, so that a misspelt one is never silently without effect. Of a live value, what it holds
 * now is checked; what it holds later is its owner's to check. Where the rule is `fixed` a live value is refused.
 * @param owner - who is being built, the head of the message: `retry`, `circuitBreaker "prices"`.
 * @throws {@link OptionsError} with all problems at once.
 */
export function checkOptions<T extends object>(
  owner: string,
  given: Partial<T> | undefined,
  defaults: Readonly<Partial<T>>,
  rules: { readonly [K in keyof T]-?: Rule },
): Readonly<T> {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
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
    const range = rule(isLive(value) && !isFixed(rule) ? value.value : value);
    if (range) problems.push(`${field} must be ${range}, not ${show(value)}`);
  }
  if (problems.length > 0) throw new OptionsError(owner, problems);
  return Object.freeze(merged) as Readonly<T>;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (isLive(value)) return `a live value of ${show(value.value)}`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
