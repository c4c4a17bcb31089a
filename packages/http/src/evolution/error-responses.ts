/** The errors of an operation as responses of OpenAPI: by status, each a problem document that its type tells from the others. */
import type { ErrorDescription } from './contract-description.js';
import type { JsonSchema, JsonSchemaObject, SchemaDescription } from './json-schema.js';

/**
 * Makes the responses.
 * @param placed - the schema of what an error carries, as it stands in the document
 */
export function errorResponses(
  errors: Readonly<Record<string, ErrorDescription>>,
  placed: (name: string, data: SchemaDescription) => JsonSchema,
): Readonly<Record<string, JsonSchemaObject>> {
  const byStatus = new Map<number, [string, ErrorDescription][]>();
  for (const entry of Object.entries(errors)) {
    const [, { status }] = entry;
    byStatus.set(status, [...(byStatus.get(status) ?? []), entry]);
  }
  const responses = [...byStatus].map(([status, of]) => {
    const schemas = of.map(([name, { data, ...error }]) => schemaOf(name, error, data && placed(name, data)));
    const response = {
      description: `${of.map(([, { title }]) => title).join('; ')}.`,
      content: { 'application/problem+json': { schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas } } },
    };
    return [status, response] as const;
  });
  return Object.fromEntries(responses);
}

function schemaOf(name: string, error: Omit<ErrorDescription, 'data'>, data: JsonSchema | undefined): JsonSchemaObject {
  const { type, title, failure, retryable } = error;
  return {
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      {
        type: 'object',
        properties: { type: { const: type }, ...(data !== undefined && { data }) },
        required: ['type', ...(data === undefined ? [] : ['data'])],
      },
    ],
    title,
    'x-fwk': { error: name, failure, retryable },
  };
}
