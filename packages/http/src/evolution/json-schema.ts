/**
 * What a schema says about values, as JSON Schema, by its library's own converter (Standard JSON Schema,
 * https://standardschema.dev/json-schema): zod and arktype have one, valibot with `toStandardJsonSchema`. What a schema does
 * by a function of its own, such as a refinement, is not in it.
 */
import { messageOf, type StandardSchema } from '@fwk/kernel';
import { contentOf } from '../contract/content.js';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = boolean | JsonSchemaObject;

/** Its keywords; those that {@link acceptsAll} understands, and any others. */
export interface JsonSchemaObject {
  readonly [keyword: string]: unknown;
}

/** What is known of a schema from outside. */
export interface SchemaDescription {
  /** What it takes; undefined where its library cannot say. */
  readonly input?: JsonSchema;
  /** What it answers. */
  readonly output?: JsonSchema;
  /** Why one of them is missing. */
  readonly opaque?: string;
  /** Media type of a body that is no JSON. */
  readonly mediaType?: string;
}

const target = 'draft-2020-12';

/** Describes a schema. */
export function describeSchema(schema: StandardSchema): SchemaDescription {
  const { kind, type } = contentOf(schema);
  const described = converted(schema);
  return kind === 'json' ? described : { ...described, mediaType: type };
}

function converted(schema: StandardSchema): SchemaDescription {
  const standard: Readonly<Record<string, unknown>> = schema['~standard'];
  const { jsonSchema, vendor } = standard;
  if (!isConverter(jsonSchema)) return { opaque: `${String(vendor)} does not say it as JSON Schema` };
  try {
    return { input: jsonSchema.input({ target }), output: jsonSchema.output({ target }) };
  } catch (error) {
    return { opaque: messageOf(error) };
  }
}

interface Converter {
  input(options: { readonly target: string }): JsonSchemaObject;
  output(options: { readonly target: string }): JsonSchemaObject;
}

function isConverter(value: unknown): value is Converter {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'input' in value && typeof value.input === 'function' && 'output' in value && typeof value.output === 'function'
  );
}

/** Whether a value is an object of JSON, not a list. */
export function isObject(value: unknown): value is JsonSchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
