/**
 * Nested values of a query, in one form: names in brackets. `{ filter: { color: 'red', sizes: [1, 2] } }` stands as
 * `filter[color]=red&filter[sizes]=1&filter[sizes]=2`. Lists of text repeat their name; where a member is an object or a list, all
 * members stand by their places: `lines[0][sku]=a&lines[1][sku]=b`.
 *
 * A name in brackets that the schema names as it is (`page[number]`, as JSON:API has it) is a plain name.
 */
import { isDangerousKey } from '@fwk/kernel';
import { areIndexes, deepestNesting } from '../contract/nested-names.js';

/** What a nested value is written to. */
export interface NestedWriter {
  /** Writes a value, or the members of a list of text. */
  text(name: string, value: string | readonly string[]): void;
  /** The text of a value; undefined for what has none. */
  textOf(value: unknown): string | undefined;
  /** Told what cannot be written; must throw. */
  refuse(name: string, why?: string): never;
}

/** Writes one value of a query, whatever is nested in it. `undefined` and `null` stay away; what is empty stands as its bare name. */
export function writeNested(name: string, value: unknown, writer: NestedWriter, depth = 0): void {
  if (value === undefined || value === null) return;
  if (depth > deepestNesting) writer.refuse(name, `is nested deeper than ${deepestNesting} names`);
  const text = writer.textOf(value);
  if (text !== undefined) {
    writer.text(name, text);
    return;
  }
  if (Array.isArray(value) || value instanceof Set) writeList(name, [...value], writer, depth);
  else if (isPlain(value)) writeObject(name, value, writer, depth);
  else writer.refuse(name);
}

function writeList(name: string, members: readonly unknown[], writer: NestedWriter, depth: number): void {
  const texts = members.map(writer.textOf);
  if (texts.every((text) => text !== undefined)) {
    writer.text(name, texts.length === 1 ? (texts[0] as string) : texts);
    return;
  }
  members.forEach((member, index) => {
    const place = `${name}[${index}]`;
    if (member === undefined || member === null) writer.refuse(place);
    writeNested(place, member, writer, depth + 1);
  });
}

function writeObject(name: string, value: object, writer: NestedWriter, depth: number): void {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  const names = fields.map(([field]) => field);
  if (areIndexes(names)) writer.refuse(name, 'has the names 0, 1, … of a list; give a list, or other names');
  if (fields.length === 0) writer.text(name, []);
  for (const [field, member] of fields) {
    const place = `${name}[${field}]`;
    if (field === '' || /[[\]]/.test(field) || isDangerousKey(field)) writer.refuse(place, 'is not allowed as a name');
    writeNested(place, member, writer, depth + 1);
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
