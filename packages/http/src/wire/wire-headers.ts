/** Headers that the callers of an operation give: how they stand on the wire. */
import { headerCountFault, headerNameFault, headerValueFault } from '../contract/header-field.js';
import { type Refuse, textOf } from './wire-values.js';

const noText = 'cannot be written in a header; give text, a number, true, false or a date';

/** Headers by their names in lower case. */
export type WireHeaders = Readonly<Record<string, string>>;

/**
 * The headers as they arrive: names in lower case, values as text without blanks at their ends. `undefined` and `null` stay
 * away. What cannot be sent is refused by its name; its value may be a secret.
 * @param toText - answers undefined for what cannot stand in a header. @defaultValue takes text, numbers, booleans and dates
 */
export function wireHeaders(
  values: unknown,
  refuse: Refuse,
  toText: (value: unknown) => string | undefined = textOf,
): WireHeaders {
  const written: Record<string, string> = {};
  if (typeof values !== 'object' || values === null) return written;
  let count = 0;
  let length = 0;
  for (const given of Object.keys(values)) {
    const value = (values as Readonly<Record<string, unknown>>)[given];
    if (value === undefined || value === null) continue;
    const name = given.toLowerCase();
    if (name === '') return refuse('', 'have an empty name among them');
    const text = trim(toText(value));
    if (text === undefined)
      return refuse(name.slice(0, 100), toText === textOf ? noText : `must be text, not ${typeof value}`);
    const fault = headerNameFault(name) ?? headerValueFault(text);
    if (fault !== undefined) return refuse(name.slice(0, 100), fault);
    if (Object.hasOwn(written, name)) return refuse(name.slice(0, 100), 'is given twice');
    written[name] = text;
    count++;
    length += name.length + text.length;
  }
  const fault = headerCountFault(count, length);
  return fault === undefined ? written : refuse('', fault);
}

/** Without what HTTP does not count as part of a value. */
function trim(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

/**
 * Adds headers to those that stand there. Of one name the added one is taken.
 * @param headers - names in lower case and values in turn.
 */
export function addHeaders(headers: readonly string[], added: WireHeaders): readonly string[] {
  const all: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!Object.hasOwn(added, name)) all.push(name, headers[index + 1] as string);
  }
  for (const name of Object.keys(added)) all.push(name, added[name] as string);
  return all;
}

/** Values that `fetch` sets for headers that its caller does not give. */
const filledIn: Readonly<Record<string, readonly string[]>> = Object.freeze({
  'accept-language': ['*'],
  'user-agent': ['node', 'undici'],
});

/**
 * Adds headers to a request. A header that the request has already is kept, unless its value is one that `fetch` sets by itself.
 * @param headers - names in lower case and values in turn.
 */
export function addMissingHeaders(headers: readonly string[], added: WireHeaders): readonly string[] {
  const all = [...headers];
  for (const name of Object.keys(added)) {
    const value = added[name] as string;
    const at = placeOf(headers, name);
    if (at === -1) all.push(name, value);
    else if (filledIn[name]?.includes(all[at + 1] as string)) all[at + 1] = value;
  }
  return all;
}

function placeOf(headers: readonly string[], name: string): number {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return index;
  return -1;
}
