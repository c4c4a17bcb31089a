/**
 * Schemas of a document as JSON Schema, draft 2020-12, each that is referred to under a name of its own. What requests need and
 * what answers have may differ (`readOnly`, `writeOnly`), so each is read for one side.
 */
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { isSchema, namesIn } from '../evolution/schema-parts.js';
import { definitionName } from '../json-schema/compiled-schemas.js';
import { patternFault } from '../json-schema/pattern.js';
import { innerSchemas, patternsIn } from '../json-schema/schema-faults.js';
import type { ImportNote } from './imported-api.js';
import { Refused } from './open-api-error.js';
import { type OpenDocument, placeIn } from './open-document.js';
import { fromOpenApi30 } from './schema-dialect.js';
import { checkedKeywords } from './schema-keywords.js';

/** Whom a schema is for: what is sent to the provider, or what it answers. */
export type Side = 'request' | 'response';

/** A schema that others refer to. */
export interface ReadDefinition {
  /** Where it stands in the document. */
  readonly place: string;
  readonly side: Side;
  readonly schema: JsonSchema;
  /** Whether it would be another one for the other side. */
  readonly differs: boolean;
  /** Why it cannot be used. */
  readonly fault?: Refused;
}

/** Deepest nesting of a schema. */
const maxDepth = 150;
/** They change what a reference means, or cannot be told without running the schema. */
const unread = ['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$recursiveRef'];

/** See the head of this file. */
export class SchemaReader {
  /** By the key that references have: `#/$defs/<key>`. */
  readonly definitions = new Map<string, ReadDefinition>();
  readonly #document: OpenDocument;
  readonly #leaveOut: (note: ImportNote) => void;
  readonly #waiting: { readonly key: string; readonly value: unknown; readonly place: string; readonly side: Side }[] =
    [];
  readonly #keys = new Set<string>();
  #differs = false;

  constructor(document: OpenDocument, leaveOut: (note: ImportNote) => void) {
    this.#document = document;
    this.#leaveOut = leaveOut;
  }

  /** Reads a schema, and all that it refers to. @throws Refused for what has no JSON Schema */
  read(value: unknown, place: string, side: Side): JsonSchema {
    const schema = this.#schema(value, place, side, 0);
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) this.#define(next);
    return schema;
  }

  #define({ key, value, place, side }: { key: string; value: unknown; place: string; side: Side }): void {
    this.#differs = false;
    try {
      const schema = this.#schema(value, place, side, 0);
      this.definitions.set(key, { place, side, schema, differs: this.#differs });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.definitions.set(key, { place, side, schema: false, differs: this.#differs, fault: error });
    }
  }

  #schema(given: unknown, place: string, side: Side, depth: number): JsonSchema {
    if (typeof given === 'boolean') return given;
    if (!isObject(given)) throw new Refused(place, 'is no schema');
    if (depth > maxDepth) throw new Refused(place, `is nested deeper than ${maxDepth} schemas`);
    const is30 = this.#document.rules === '3.0';
    const reference = given.$ref === undefined ? undefined : { $ref: this.#reference(given.$ref, place, side) };
    // What stands beside a reference means nothing in OpenAPI 3.0.
    if (reference && is30) return reference;
    const found = unread.find((keyword) => given[keyword] !== undefined);
    if (found) throw new Refused(place, `has "${found}", which is not supported`);
    const schema = this.#keywords(is30 ? fromOpenApi30(given) : given, place, side);
    const inner = this.#inner(schema, place, side, depth);
    const whole = { ...schema, ...inner };
    if (!reference) return whole;
    return Object.keys(whole).length === 0 ? reference : { allOf: [reference, whole] };
  }

  /** Keywords that say something about values, as far as they can be checked. */
  #keywords(given: JsonSchemaObject, place: string, side: Side): JsonSchemaObject {
    const { schema, faults } = checkedKeywords(given);
    for (const { keyword, why } of faults) {
      if (keyword === 'type') throw new Refused(placeIn(place, keyword), why);
      this.#leaveOut({ place: placeIn(place, keyword), why });
    }
    const open = side === 'response' && this.#document.isOurs ? mayHaveMore(schema) : schema;
    return this.#withoutFields(this.#withoutPatterns(open, place), side);
  }

  #withoutPatterns(schema: JsonSchemaObject, place: string): JsonSchemaObject {
    const bad = patternsIn(schema).flatMap((pattern) => {
      const fault = patternFault(pattern);
      return fault === undefined ? [] : [[pattern, fault] as const];
    });
    if (bad.length === 0) return schema;
    for (const [pattern, fault] of bad) {
      const shown = JSON.stringify(pattern.slice(0, 100));
      this.#leaveOut({ place, why: `is checked without its pattern ${shown}, which ${fault}` });
    }
    const names = new Set(bad.map(([pattern]) => pattern));
    const { pattern, patternProperties, ...others } = schema;
    const fields = isObject(patternProperties) ? Object.entries(patternProperties) : [];
    return {
      ...others,
      ...(typeof pattern === 'string' && !names.has(pattern) && { pattern }),
      ...(fields.length > 0 && { patternProperties: Object.fromEntries(fields.filter(([name]) => !names.has(name))) }),
    };
  }

  /** Requests need not have what only answers have, and the other way round. */
  #withoutFields(schema: JsonSchemaObject, side: Side): JsonSchemaObject {
    const { properties, required } = schema;
    if (!isObject(properties) || required === undefined) return schema;
    const otherSide = (keyword: string) => (name: string) => {
      const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return isObject(field) && field[keyword] === true;
    };
    const names = namesIn(required);
    if (names.some(otherSide('readOnly')) || names.some(otherSide('writeOnly'))) this.#differs = true;
    const isOther = otherSide(side === 'request' ? 'readOnly' : 'writeOnly');
    return { ...schema, required: names.filter((name) => !isOther(name)) };
  }

  #inner(schema: JsonSchemaObject, place: string, side: Side, depth: number): JsonSchemaObject {
    const read = (value: unknown, ...steps: readonly (string | number)[]) =>
      this.#schema(value, placeIn(place, ...steps), side, depth + 1);
    const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
      if (innerSchemas({ [keyword]: value }).length === 0) return [];
      if (Array.isArray(value)) return [[keyword, value.map((each, at) => read(each, keyword, at))]];
      if (!named.has(keyword) || !isObject(value)) return [[keyword, read(value, keyword)]];
      return [
        [keyword, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, read(each, keyword, name)]))],
      ];
    });
    return Object.fromEntries(entries);
  }

  #reference(reference: unknown, from: string, side: Side): string {
    const { value, place } = this.#document.referred(reference, from);
    const key = `${side}:${place}`;
    if (!this.#keys.has(key)) {
      this.#keys.add(key);
      if (!isSchema(value))
        throw new Refused(from, `refers to ${JSON.stringify(place.slice(0, 200))}, which is no schema`);
      this.#waiting.push({ key, value, place, side });
    }
    return `#/$defs/${key}`;
  }
}

/** Our servers send no field that is not named, and our clients pass over what they do not know. */
function mayHaveMore({ additionalProperties, ...schema }: JsonSchemaObject): JsonSchemaObject {
  return additionalProperties === undefined || additionalProperties === false
    ? schema
    : { ...schema, additionalProperties };
}

const named: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/** The keys of the definitions that a value with schemas refers to. */
export function referredKeys(value: unknown): string[] {
  const keys: string[] = [];
  const waiting: unknown[] = [value];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (Array.isArray(at)) for (const each of at) waiting.push(each);
    if (!isObject(at)) continue;
    const key = definitionName(at.$ref);
    if (key !== undefined) keys.push(key);
    for (const each of Object.values(at)) waiting.push(each);
  }
  return keys;
}
