/**
 * How values stand in paths and queries: as text. A caller's values are written to text before they are validated, so
 * that both ends validate the same thing; schemas for numbers there have to coerce (`z.coerce.number()`).
 */
import { isDangerousKey } from '@fwk/kernel';
import { partsOf } from '../contract/nested-names.js';
import { type NestedWriter, writeNested } from './nested-query.js';

/** Values of a query as they stand on the wire; an empty list stands as its bare name. */
export type QueryValues = Readonly<Record<string, string | readonly string[]>>;

/** Told the name of a value that cannot stand where it should, and why unless it has no text; must throw. */
export type Refuse = (name: string, why?: string) => never;

const noName = 'is not allowed as a name';

/** The text of a value; undefined for what has none. */
export function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
  }
}

/** The values of a path as they arrive; a missing one stays away, for the schema to miss. */
export function wireParams(values: unknown, refuse: Refuse): Readonly<Record<string, string>> {
  const written: Record<string, string> = {};
  if (typeof values !== 'object' || values === null) return written;
  for (const name of Object.keys(values)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    const text = textOf(value);
    if (isDangerousKey(name)) return refuse(name, noName);
    if (text === undefined) return refuse(name);
    written[name] = text;
  }
  return written;
}

/**
 * The values of a query as they arrive: `undefined` and `null` stay away, a list or set of one arrives as its member. What is nested
 * stands by names in brackets. An empty list or object stands as its bare name, without `=`, so that it differs from a value that
 * was not given.
 * @param plain - names in brackets that the schema names as they are. @defaultValue none
 */
export function wireQuery(values: unknown, refuse: Refuse, plain?: ReadonlySet<string>): QueryValues {
  const written: Record<string, string | readonly string[]> = {};
  if (typeof values !== 'object' || values === null) return written;
  const writer: NestedWriter = {
    textOf,
    refuse,
    text(name, value) {
      if (Object.hasOwn(written, name)) refuse(name, 'is given twice');
      written[name] = value;
    },
  };
  for (const name of Object.keys(values)) {
    if (isDangerousKey(name)) return refuse(name, noName);
    if (!plain?.has(name) && partsOf(name)) return refuse(name, 'would be read as nested: give the value nested');
    writeNested(name, (values as Readonly<Record<string, unknown>>)[name], writer);
  }
  return written;
}

/** The query part of a URL with its `?`; empty without values. */
export function formatQuery(values: QueryValues): string {
  let query = '';
  const add = (part: string) => {
    query += `${query === '' ? '?' : '&'}${part}`;
  };
  for (const name of Object.keys(values)) {
    const value = values[name] as string | readonly string[];
    if (value.length === 0 && typeof value === 'object') add(encode(name));
    for (const text of typeof value === 'string' ? [value] : value) add(`${encode(name)}=${encode(text)}`);
  }
  return query;
}

/**
 * Reads the query part of a URL, without its `?`: the counterpart of {@link formatQuery}. A name that stands bare and
 * once is an empty list.
 * @returns the values, or what is wrong with the query.
 */
export function parseQuery(text: string): QueryValues | string {
  // Without a prototype, since names come from outside.
  const values: Record<string, string | string[]> = Object.create(null);
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? undefined : decode(part.slice(equals + 1));
    if (name === broken || value === broken) return 'the query has percent-encoding that is broken or not UTF-8';
    if (isDangerousKey(name)) return `the query may not name a value ${name}`;
    const known = values[name];
    if (known === undefined) values[name] = value ?? [];
    else if (typeof known === 'string') values[name] = [known, value ?? ''];
    else if (known.length === 0) values[name] = ['', value ?? ''];
    else known.push(value ?? '');
  }
  return values;
}

const unreserved = /^[A-Za-z0-9._~-]*$/;
/** Stands for what cannot be decoded; no decoded text holds half of a surrogate pair. */
const broken = '\ud800';

function decode(text: string): string {
  if (unreserved.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return broken;
  }
}

function encode(text: string): string {
  // Half of a surrogate pair has no encoding; here it becomes the replacement character, as in every URL.
  return unreserved.test(text) ? text : new URLSearchParams([['', text]]).toString().slice(1);
}
