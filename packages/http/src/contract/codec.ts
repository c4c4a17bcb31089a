/**
 * Values that JSON cannot hold, such as dates and big integers, in bodies. A codec says how a value is written: the sender encodes
 * it, the receiver decodes it by the schema, and both have the same value in their hands.
 */
import { type InputOf, isSchema, OptionsError, type OutputOf, type StandardSchema } from '@fwk/kernel';
import { contentOf } from './content.js';

/** A schema with a way back: what it answers can be written as what it takes. */
export interface Codec<Value> extends StandardSchema<Value, Value> {
  readonly kind: 'fwk.codec';
}

/** Makes of a value what stands on the wire. */
export type Encode<Schema extends StandardSchema> = (value: OutputOf<Schema>) => InputOf<Schema>;

/** A schema that can encode by itself, as those of zod can from version 4.1 on. */
interface Encoding {
  encode(value: unknown): unknown;
}

/** Marks a codec; registered, so that copies of this package know each other's. */
const brand = Symbol.for('@fwk/http/codec');

/**
 * Makes a codec of a schema that takes what stands on the wire and answers the value.
 * @param encode - the way back, at once. @defaultValue the schema's own `encode`, which zod has
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a schema without a way back, or of what is no JSON
 * @example response: codec(z.object({ at: z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: (at) => at.toISOString() }) }))
 */
export function codec<Schema extends StandardSchema>(schema: Schema, encode?: Encode<Schema>): Codec<OutputOf<Schema>> {
  if (!isSchema(schema) || contentOf(schema).kind !== 'json') {
    throw new OptionsError('codec', ['schema must be a Standard Schema validator of what JSON can hold']);
  }
  const back = encode ?? ownEncode(schema);
  if (typeof back !== 'function') {
    throw new OptionsError('codec', [
      'encode must be a function that writes a value, since the schema has no encode of its own',
    ]);
  }
  const standard = schema['~standard'];
  const jsonSchema: unknown = Reflect.get(standard, 'jsonSchema');
  // What stands on the wire is the same in both directions.
  const wire = isConverter(jsonSchema) ? jsonSchema.input.bind(jsonSchema) : undefined;
  const made = {
    kind: 'fwk.codec',
    '~standard': {
      version: 1,
      vendor: standard.vendor,
      validate: (value: unknown) => standard.validate(value),
      ...(wire && { jsonSchema: { input: wire, output: wire } }),
    },
    [brand]: back,
  } as const;
  return Object.freeze(made) as Codec<OutputOf<Schema>>;
}

/** How values of a schema are written; undefined for one that writes them as they are. */
export function encodeOf(schema: StandardSchema): ((value: unknown) => unknown) | undefined {
  const encode: unknown = Reflect.get(schema, brand);
  return typeof encode === 'function' ? (value) => encode(value) : undefined;
}

function ownEncode(schema: StandardSchema): Encoding['encode'] | undefined {
  return hasEncode(schema) ? (value) => schema.encode(value) : undefined;
}

function hasEncode(schema: object): schema is Encoding {
  return 'encode' in schema && typeof schema.encode === 'function';
}

function isConverter(value: unknown): value is { input(options: { readonly target: string }): object } {
  return typeof value === 'object' && value !== null && 'input' in value && typeof value.input === 'function';
}
