/** Keywords about a value itself: its type, values that are listed, numbers, text. */
import type { JsonSchemaObject } from '../evolution/json-schema.js';
import { namesIn, typeOf, valuesOf } from '../evolution/schema-parts.js';
import { canonicalText } from './canonical-text.js';
import type { Check, Keywords } from './check.js';
import { patternTest } from './pattern.js';
import { type Place, Run } from './run.js';

/** `type`, `enum`, `const`. */
export const typeKeywords: Keywords = (schema) => {
  const checks: Check[] = [];
  const types = typeof schema.type === 'string' ? [schema.type] : namesIn(schema.type);
  if (schema.type !== undefined) {
    const message = `expected ${types.join(' or ')}`;
    checks.push((value, run, place) => types.some((type) => isOfType(value, type)) || run.fail(place, message));
  }
  const values = valuesOf(schema);
  if (values) checks.push(oneOf(values));
  return checks;
};

function isOfType(value: unknown, type: string): boolean {
  const found = typeOf(value);
  return found === type ? type !== 'number' || Number.isFinite(value) : type === 'number' && found === 'integer';
}

function oneOf(values: readonly unknown[]): Check {
  const texts = new Set(values.map((value) => canonicalText(value, new Run())));
  const shown = values.slice(0, 10).map((value) => JSON.stringify(value)?.slice(0, 50));
  const message = `expected ${shown.join(' or ')}${values.length > shown.length ? ' or another of the list' : ''}`;
  return (value, run, place) => texts.has(canonicalText(value, run)) || run.fail(place, message);
}

/** A number that a keyword gives; undefined where there is none. */
function numberIn(schema: JsonSchemaObject, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
}

type Bound = (value: number, limit: number) => boolean;

function bounded(schema: JsonSchemaObject, keyword: string, words: string, holds: Bound): Check[] {
  const limit = numberIn(schema, keyword);
  if (limit === undefined) return [];
  const message = `expected ${words} ${limit}`;
  return [(value, run, place) => typeof value !== 'number' || holds(value, limit) || run.fail(place, message)];
}

/** `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`. */
export const numberKeywords: Keywords = (schema) => [
  ...bounded(schema, 'minimum', 'a number from', (value, limit) => value >= limit),
  ...bounded(schema, 'maximum', 'a number up to', (value, limit) => value <= limit),
  ...bounded(schema, 'exclusiveMinimum', 'a number above', (value, limit) => value > limit),
  ...bounded(schema, 'exclusiveMaximum', 'a number below', (value, limit) => value < limit),
  ...bounded(schema, 'multipleOf', 'a multiple of', isMultiple),
];

/** Decimal fractions have no exact form: 0.0075 divided by 0.0001 is 74.99999999999999. */
function isMultiple(value: number, divisor: number): boolean {
  const quotient = value / divisor;
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * Math.abs(quotient);
}

/** `minLength`, `maxLength` in characters (code points), `pattern`. What a `format` says is not checked. */
export const textKeywords: Keywords = (schema) => {
  const [least, most] = [numberIn(schema, 'minLength'), numberIn(schema, 'maxLength')];
  const checks: ((value: string, run: Run, place: Place | undefined) => boolean)[] = [];
  if (least !== undefined) {
    checks.push(
      (value, run, place) => lengthOf(value) >= least || run.fail(place, `expected at least ${least} characters`),
    );
  }
  if (most !== undefined) {
    checks.push(
      (value, run, place) => lengthOf(value) <= most || run.fail(place, `expected at most ${most} characters`),
    );
  }
  if (typeof schema.pattern === 'string') {
    const { pattern } = schema;
    const test = patternTest(pattern);
    const message = `expected text like ${JSON.stringify(pattern.slice(0, 100))}`;
    checks.push((value, run, place) => test(value, run) || run.fail(place, message));
  }
  return checks.map(
    (check): Check =>
      (value, run, place) =>
        typeof value !== 'string' || check(value, run, place),
  );
};

/** In code points: text outside the first plane takes two units for each. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) {
      length--;
      at++;
    }
  }
  return length;
}

const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
