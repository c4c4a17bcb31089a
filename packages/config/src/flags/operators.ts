/** What a condition can ask of an attribute: one entry an operator, with the check of what is written and the test that is run. */
import { parseVersionRange } from '@fwk/kernel';
import { type AttributeCondition, flagLimits } from './flag-definition.js';

/** Name of an operator, as it is written. */
export type OperatorName = Exclude<keyof AttributeCondition, 'attribute'>;

/** One operator. */
export interface Operator {
  /** What is wrong with what is written behind it, in words that follow "must be"; undefined when it is right. */
  check(operand: unknown): string | undefined;
  /** Makes the test for an operand that was checked. It never throws. */
  test(operand: unknown): (actual: unknown) => boolean;
}

/** All operators. */
export const operators: Readonly<Record<OperatorName, Operator>> = Object.freeze({
  equals: {
    check: single('a text, a number, true or false'),
    test: (operand) => (actual) => actual === operand,
  },
  in: {
    check: listOf(single('')),
    test(operand) {
      const values = operand as readonly unknown[];
      if (values.length > fewValues) {
        const known = new Set(values);
        return (actual) => known.has(actual);
      }
      return (actual) => {
        for (let at = 0; at < values.length; at++) if (values[at] === actual) return true;
        return false;
      };
    },
  },
  startsWith: { check: texts, test: textTest((actual, operand) => actual.startsWith(operand)) },
  endsWith: { check: texts, test: textTest(endsWith) },
  contains: {
    check: texts,
    test(operand) {
      const inText = textTest((actual, part) => actual.includes(part))(operand);
      const parts = textsIn(operand);
      return (actual) => {
        if (!Array.isArray(actual)) return inText(actual);
        return actual.length <= flagLimits.attribute && parts.some((part) => actual.includes(part));
      };
    },
  },
  lessThan: { check: number, test: numberTest((actual, operand) => actual < operand) },
  atMost: { check: number, test: numberTest((actual, operand) => actual <= operand) },
  moreThan: { check: number, test: numberTest((actual, operand) => actual > operand) },
  atLeast: { check: number, test: numberTest((actual, operand) => actual >= operand) },
  before: { check: time, test: timeTest((actual, operand) => actual < operand) },
  after: { check: time, test: timeTest((actual, operand) => actual >= operand) },
  semver: {
    check: (operand) =>
      typeof operand === 'string' && parseVersionRange(operand)
        ? undefined
        : 'a range of versions, such as ">=2.3 <3" or "^2"',
    test(operand) {
      const belongs = parseVersionRange(operand as string);
      // Callers of few versions ask again and again: the last one is not read anew.
      let last: unknown;
      let held = false;
      return (actual) => {
        if (typeof actual !== 'string') return false;
        if (actual !== last) {
          held = belongs?.(actual) === true;
          last = actual;
        }
        return held;
      };
    },
  },
  exists: {
    check: (operand) => (typeof operand === 'boolean' ? undefined : 'true or false'),
    test: (operand) => (actual) => (actual !== undefined && actual !== null) === operand,
  },
});

/** Looking at so many values one by one is quicker than hashing. */
const fewValues = 8;

/** Most texts differ in their last character, and the built-in function is slow to begin. */
function endsWith(actual: string, operand: string): boolean {
  return actual.charCodeAt(actual.length - 1) === operand.charCodeAt(operand.length - 1) && actual.endsWith(operand);
}

/** Reads a date or a time with its zone, as in ISO 8601, or milliseconds since the epoch; undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.getTime();
  if (typeof value !== 'string' || value.length > 40 || !isoTime.test(value)) return undefined;
  // A day that its month does not have, such as 2027-02-31, would be read as one of the next.
  const day = new Date(value.slice(0, 10));
  const time = Date.parse(value);
  return Number.isNaN(time) || day.getUTCDate() !== Number(value.slice(8, 10)) ? undefined : time;
}

const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** What {@link timeOf} reads, in words that follow "must be". */
export const timeWords = 'a date such as 2027-03-31, or a time such as 2027-03-31T12:00:00Z';

function single(words: string): Operator['check'] {
  return (operand) => {
    if (typeof operand === 'string') return operand.length <= flagLimits.text ? undefined : tooLong;
    return typeof operand === 'boolean' || Number.isFinite(operand) ? undefined : words;
  };
}

const tooLong = `at most ${flagLimits.text} characters long`;

function text(operand: unknown): string | undefined {
  if (typeof operand !== 'string' || operand === '') return 'a text';
  return operand.length <= flagLimits.text ? undefined : tooLong;
}

function texts(operand: unknown): string | undefined {
  return Array.isArray(operand)
    ? listOf(text, flagLimits.texts)(operand)
    : text(operand) && 'a text or a list of texts';
}

function number(operand: unknown): string | undefined {
  return Number.isFinite(operand) ? undefined : 'a number';
}

function time(operand: unknown): string | undefined {
  return typeof operand === 'string' && timeOf(operand) !== undefined ? undefined : timeWords;
}

function listOf(check: Operator['check'], most: number = flagLimits.values): Operator['check'] {
  return (operand) => {
    const fits =
      Array.isArray(operand) &&
      operand.length > 0 &&
      operand.length <= most &&
      operand.every((item) => check(item) === undefined);
    return fits ? undefined : `a list of 1 to ${most} values, each at most ${flagLimits.text} characters long`;
  };
}

function textsIn(operand: unknown): readonly string[] {
  return (Array.isArray(operand) ? operand : [operand]) as readonly string[];
}

function textTest(holds: (actual: string, operand: string) => boolean): Operator['test'] {
  return (operand) => {
    const parts = textsIn(operand);
    const [only = ''] = parts;
    if (parts.length === 1) return (actual) => isShort(actual) && holds(actual, only);
    return (actual) => isShort(actual) && parts.some((part) => holds(actual, part));
  };
}

/** Attributes come from requests: looking for many texts in a very long one would take long. */
function isShort(actual: unknown): actual is string {
  return typeof actual === 'string' && actual.length <= flagLimits.attribute;
}

function numberTest(holds: (actual: number, operand: number) => boolean): Operator['test'] {
  return (operand) => (actual) => typeof actual === 'number' && holds(actual, operand as number);
}

function timeTest(holds: (actual: number, operand: number) => boolean): Operator['test'] {
  return (operand) => {
    const limit = timeOf(operand) as number;
    return (actual) => {
      const at = timeOf(actual);
      return at !== undefined && holds(at, limit);
    };
  };
}
