/**
 * How values stand in paths and queries: as text. A caller's values are written to text before they are validated, so
 * that both ends validate the same thing; schemas for numbers there have to coerce (`z.coerce.number()`).
 */

/** Values of a query as they arrive at the server. */
export type QueryValues = Readonly<Record<string, string | readonly string[]>>;

/** Told the name of a value that cannot stand in a path or query; must throw. */
export type Refuse = (name: string) => never;

/** The text of a value; undefined for what has none. */
function textOf(value: unknown): string | undefined {
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
    if (text === undefined || name === '__proto__') return refuse(name);
    written[name] = text;
  }
  return written;
}

/** The values of a query as they arrive: `undefined` and `null` stay away, a list of one arrives as its member. */
export function wireQuery(values: unknown, refuse: Refuse): QueryValues {
  const written: Record<string, string | string[]> = {};
  if (typeof values !== 'object' || values === null) return written;
  for (const name of Object.keys(values)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || value === null) continue;
    if (name === '__proto__') return refuse(name);
    const texts: string[] = [];
    for (const member of Array.isArray(value) ? value : [value]) {
      const text = textOf(member);
      if (text === undefined) return refuse(name);
      texts.push(text);
    }
    if (texts.length > 0) written[name] = texts.length === 1 ? (texts[0] as string) : texts;
  }
  return written;
}

/** The query part of a URL with its `?`; empty without values. */
export function formatQuery(values: QueryValues): string {
  let query = '';
  for (const name of Object.keys(values)) {
    const value = values[name] as string | readonly string[];
    for (const text of typeof value === 'string' ? [value] : value) {
      query += `${query === '' ? '?' : '&'}${encode(name)}=${encode(text)}`;
    }
  }
  return query;
}

const unreserved = /^[A-Za-z0-9._~-]*$/;

function encode(text: string): string {
  // Half of a surrogate pair has no encoding; here it becomes the replacement character, as in every URL.
  return unreserved.test(text) ? text : new URLSearchParams([['', text]]).toString().slice(1);
}
