/** Says what is wrong with a value in words that follow "must be", or nothing when it is right. */
export type Rule = (value: unknown) => string | undefined;

const fixedRules = new WeakSet<Rule>();

/** The same rule for what is read only once: a live value is refused, because its changes would have no effect. */
export function fixed(rule: Rule): Rule {
  const own: Rule = (value) => rule(value);
  fixedRules.add(own);
  return own;
}

/** True for a rule that {@link fixed} made. */
export function isFixed(rule: Rule): boolean {
  return fixedRules.has(rule);
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

/** A function; never a live value of one, since it may itself answer differently each time. */
export const callable: Rule = fixed((value) => (typeof value === 'function' ? undefined : 'a function'));

/** A string that is not empty. */
export const text: Rule = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a non-empty string');

/** Longest text of a version, in characters. */
const maxVersionLength = 128;

/** As semver.org has it: no leading zeros, and what follows a hyphen or a plus in words between dots. */
const versionForm =
  /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

/** A semantic version with all its three numbers, at most 128 characters. */
export const semanticVersion: Rule = (value) =>
  typeof value === 'string' && value.length <= maxVersionLength && versionForm.test(value)
    ? undefined
    : 'a semantic version such as "1.4.0" or "2.0.0-rc.1"';

/** Anything at all; for fields that something else checks. */
export const anything: Rule = () => undefined;

/** One of the given strings. */
export function oneOf(...allowed: readonly string[]): Rule {
  return (value) => (allowed.includes(value as string) ? undefined : `one of ${allowed.join(', ')}`);
}

/** The same rule, with absence allowed; a `fixed` one stays so. */
export function optional(rule: Rule): Rule {
  const own: Rule = (value) => (value === undefined ? undefined : rule(value));
  return isFixed(rule) ? fixed(own) : own;
}

function range(min: number, max: number): string {
  return max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
}
