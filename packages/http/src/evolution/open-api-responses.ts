/** The answers of an operation that are no errors, as responses of OpenAPI. */
import { jsonContent } from '../contract/content.js';
import { typeOfFormat } from '../stream/item-format.js';
import type { OperationDescription, ResponseDescription } from './contract-description.js';
import { isObject, type JsonSchema, type JsonSchemaObject, type SchemaDescription } from './json-schema.js';
import { fieldsOf, namesIn } from './schema-parts.js';

/**
 * Makes the responses.
 * @param placed - the schema of a body, as it stands in the document
 */
export function successes(
  { response, responses, stream }: OperationDescription,
  placed: (name: string, body: SchemaDescription) => JsonSchema,
): Readonly<Record<string, JsonSchemaObject>> {
  if (stream) {
    return {
      200: { description: 'Items, one after another.', content: streamContent(placed('stream', stream.items)) },
    };
  }
  if (!responses) {
    if (!response) return { 204: { description: 'Done.' } };
    return { 200: { description: 'The answer.', content: contentOf(response, placed('response', response)) } };
  }
  const made = Object.entries(responses).map(([status, given]) => [status, responseOf(status, given, placed)] as const);
  return Object.fromEntries(made);
}

/** A body of a media type. Of bytes and text there is nothing more to say. */
export function contentOf({ mediaType }: SchemaDescription, schema: JsonSchema): JsonSchemaObject {
  return { [mediaType ?? jsonContent.type]: mediaType === undefined ? { schema } : {} };
}

/** A stream in both forms. OpenAPI 3.1 has no word for its items: the schema is that of each. */
export function streamContent(schema: JsonSchema): JsonSchemaObject {
  return { [typeOfFormat('ndjson')]: { schema }, [typeOfFormat('events')]: { schema } };
}

/** Without the dialect, which stands at the head of the document. */
export function shown(description: SchemaDescription, side: 'input' | 'output'): JsonSchema {
  const schema = description[side];
  if (schema === undefined) return { description: description.opaque ?? 'anything' };
  if (!isObject(schema)) return schema;
  const { $schema: _, ...rest } = schema;
  return rest;
}

function responseOf(
  status: string,
  { body, headers }: ResponseDescription,
  placed: (name: string, body: SchemaDescription) => JsonSchema,
): JsonSchemaObject {
  return {
    description: body ? `The answer of status ${status}.` : 'An answer without a body.',
    ...(headers && { headers: headersOf(shown(headers, 'input')) }),
    ...(body && { content: contentOf(body, placed(`response${status}`, body)) }),
  };
}

function headersOf(schema: JsonSchema): JsonSchemaObject {
  if (!isObject(schema)) return {};
  const required = namesIn(schema.required);
  const entries = Object.entries(fieldsOf(schema));
  return Object.fromEntries(
    entries.map(([name, field]) => [name, { required: required.includes(name), schema: field }]),
  );
}
