/** Comparing what two schemas say of numbers and texts. */
import type { JsonSchemaObject } from './json-schema.js';

/** A value that one schema takes may be refused by the other. */
export interface Reason {
  /** Where, as a JSON pointer into the value; `*` for any entry of a list or further field. */
  readonly path: string;
  /** What the wider schema does not take, in words. */
  readonly why: string;
}

/** What a schema would say that takes one number alone. */
export function only(value: number): JsonSchemaObject {
  return { minimum: value, maximum: value, multipleOf: Math.abs(value) };
}

/** Numbers that the narrower schema takes and the wider refuses. */
export function numberReasons(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
  const reasons: Reason[] = [];
  const [least, most] = [lowerBound(wider), upperBound(wider)];
  if (isBelow(lowerBound(narrower), least))
    reasons.push({ path, why: `takes numbers ${said(least, 'above', 'from')}` });
  if (isBelow(negated(upperBound(narrower)), negated(most))) {
    reasons.push({ path, why: `takes numbers ${said(most, 'below', 'up to')}` });
  }
  const step = wider.multipleOf;
  if (typeof step === 'number' && !isMultiple(narrower, step)) {
    reasons.push({ path, why: `takes only multiples of ${step}` });
  }
  return reasons;
}

/** Texts that the narrower schema takes and the wider refuses. */
export function textReasons(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
  const reasons: Reason[] = [];
  const number = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);
  if (number(narrower.minLength, 0) < number(wider.minLength, 0)) {
    reasons.push({ path, why: `takes texts of at least ${wider.minLength} characters` });
  }
  if (number(narrower.maxLength, Number.POSITIVE_INFINITY) > number(wider.maxLength, Number.POSITIVE_INFINITY)) {
    reasons.push({ path, why: `takes texts of at most ${wider.maxLength} characters` });
  }
  for (const keyword of ['pattern', 'format'] as const) {
    if (wider[keyword] === undefined || wider[keyword] === narrower[keyword]) continue;
    reasons.push({ path, why: `takes texts of the ${keyword} ${JSON.stringify(wider[keyword])}` });
  }
  return reasons;
}

interface Bound {
  readonly at: number;
  /** Whether the bound itself is refused. */
  readonly isOpen: boolean;
}

function lowerBound({ minimum, exclusiveMinimum }: JsonSchemaObject): Bound {
  return tighter({ at: finite(minimum), isOpen: false }, { at: finite(exclusiveMinimum), isOpen: true });
}

function upperBound({ maximum, exclusiveMaximum }: JsonSchemaObject): Bound {
  const [closed, open] = [finite(maximum, 1), finite(exclusiveMaximum, 1)];
  return negated(tighter({ at: -closed, isOpen: false }, { at: -open, isOpen: true }));
}

function finite(value: unknown, sign: -1 | 1 = -1): number {
  return typeof value === 'number' ? value : sign * Number.POSITIVE_INFINITY;
}

function tighter(closed: Bound, open: Bound): Bound {
  return open.at >= closed.at && Number.isFinite(open.at) ? open : closed;
}

function negated({ at, isOpen }: Bound): Bound {
  return { at: -at, isOpen };
}

/** Whether the first bound lets through what the second does not, both as lower bounds. */
function isBelow(one: Bound, other: Bound): boolean {
  return one.at < other.at || (one.at === other.at && !one.isOpen && other.isOpen);
}

function said({ at, isOpen }: Bound, open: string, closed: string): string {
  return `${isOpen ? open : closed} ${at}`;
}

function isMultiple({ type, multipleOf }: JsonSchemaObject, step: number): boolean {
  if (typeof multipleOf === 'number') return multipleOf % step === 0;
  return type === 'integer' && step === 1;
}
