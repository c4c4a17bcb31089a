/** Reading the parts of a JSON Schema, whatever stands there. */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonSchema, type JsonSchemaObject } from './json-schema.js';

/** Keywords that say nothing about values. */
export const annotations: ReadonlySet<string> = new Set(
  '$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly'.split(' '),
);
const allTypes = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;
/** Schemas inside schemas beyond this are not looked at, and references to references beyond this not followed. */
export const deepest = 100;

/** Follows references inside the document; undefined where one leads nowhere, out of the document or back to itself. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  let found: unknown = schema;
  for (let steps = 0; steps < deepest; steps++) {
    if (!isObject(found) || found.$ref === undefined) return isSchema(found) ? found : undefined;
    const { $ref, ...beside } = found;
    // Annotations may stand beside a reference; keywords would have to hold as well.
    if (Object.keys(beside).some((keyword) => !annotations.has(keyword))) return undefined;
    if (typeof $ref !== 'string' || !($ref === '#' || $ref.startsWith('#/'))) return undefined;
    found = $ref.split('/').slice(1).reduce<unknown>(stepInto, root);
  }
  return undefined;
}

function stepInto(place: unknown, step: string): unknown {
  const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(place)) return place[Number(name)];
  return isObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
}

/** Both together, where their keywords do not meet; otherwise the first with the second beside it. */
export function joined(beside: JsonSchemaObject, member: JsonSchema, root: JsonSchema = true): JsonSchema {
  if (typeof member === 'boolean') return member ? beside : false;
  const meaning = Object.keys(beside).filter((keyword) => !annotations.has(keyword));
  const inner = resolved(member, root);
  if (meaning.length === 0) return member;
  if (!isObject(inner)) return inner ?? member;
  if (
    meaning.every((keyword) => !Object.hasOwn(inner, keyword) || isDeepStrictEqual(inner[keyword], beside[keyword]))
  ) {
    return { ...inner, ...beside };
  }
  return { allOf: [beside, member] };
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isObject(value);
}

export function isAnything(schema: JsonSchema): boolean {
  return schema === true || (isObject(schema) && Object.keys(schema).every((keyword) => annotations.has(keyword)));
}

export function schemasIn(value: unknown): readonly JsonSchema[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(isSchema) ? value : undefined;
}

export function fieldsOf({ properties }: JsonSchemaObject): Readonly<Record<string, JsonSchema>> {
  return isObject(properties) ? (properties as Readonly<Record<string, JsonSchema>>) : {};
}

export function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

export function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

/** The values that a schema lists; undefined where it lists none. */
export function valuesOf(schema: JsonSchema | undefined): readonly unknown[] | undefined {
  if (!isObject(schema)) return undefined;
  if (Object.hasOwn(schema, 'const')) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

/** The types that a schema takes. */
export function typesOf(schema: JsonSchemaObject): readonly string[] {
  const values = valuesOf(schema);
  if (values) return [...new Set(values.map(typeOf))];
  const { type } = schema;
  if (type === undefined) return allTypes;
  return typeof type === 'string' ? [type] : namesIn(type);
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
