/** Translates keywords that only OpenAPI 3.0 has into those of JSON Schema 2020-12. */
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';

/**
 * Says it in other words: `nullable`, and limits that a flag makes exclusive.
 *
 * By the letter `nullable` means nothing beside an `enum` without `null`, or without a `type`. Documents mean `null` all the same,
 * and providers answer it, so it is taken.
 */
export function fromOpenApi30(given: JsonSchemaObject): JsonSchemaObject {
  const { nullable, minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...others } = given;
  const limited = {
    ...others,
    ...limit('minimum', 'exclusiveMinimum', minimum, exclusiveMinimum),
    ...limit('maximum', 'exclusiveMaximum', maximum, exclusiveMaximum),
  };
  return nullable === true ? orNull(limited) : limited;
}

function limit(keyword: string, exclusiveKeyword: string, value: unknown, exclusive: unknown): JsonSchemaObject {
  if (exclusive === true) return value === undefined ? {} : { [exclusiveKeyword]: value };
  return {
    ...(value !== undefined && { [keyword]: value }),
    ...(typeof exclusive === 'number' && { [exclusiveKeyword]: exclusive }),
  };
}

function orNull(schema: JsonSchemaObject): JsonSchemaObject {
  const { type, enum: values } = schema;
  const combined = ['allOf', 'anyOf', 'oneOf', 'not', 'const'].some((keyword) => schema[keyword] !== undefined);
  if (combined) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    ...(typeof type === 'string' && { type: [type, 'null'] }),
    ...(Array.isArray(values) && { enum: values.includes(null) ? values : [...values, null] }),
  };
}

/** Keywords whose alternatives stand beside what follows from them. */
const combining = ['allOf', 'anyOf', 'oneOf', 'enum', 'const', '$ref', 'if', 'not'];

/**
 * What a schema means without saying it. One that only names fields, or items, means an object or a list. And where a field tells which
 * of several is meant (`discriminator`), more than one may fit by chance.
 */
export function withMeaning(schema: JsonSchemaObject): JsonSchemaObject {
  const { oneOf, discriminator, ...others } = schema;
  if (Array.isArray(oneOf) && isObject(discriminator) && schema.anyOf === undefined) return { ...others, anyOf: oneOf };
  if (schema.type !== undefined || combining.some((keyword) => schema[keyword] !== undefined)) return schema;
  if (isObject(schema.properties)) return { type: 'object', ...schema };
  return schema.items === undefined ? schema : { type: 'array', ...schema };
}
