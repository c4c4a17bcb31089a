/**
 * A contract as an OpenAPI 3.1 document, for people and tools that know those. Schemas come from their library's own converter;
 * one that cannot say what it takes stands there as anything, with the reason in its description.
 */

import type { AnyContract } from '../contract/contract-types.js';
import { parsePath } from '../contract/path-template.js';
import { typeOfFormat } from '../stream/item-format.js';
import { headerNames } from '../wire/headers.js';
import { type ContractDescription, describeContract, type OperationDescription } from './contract-description.js';
import { errorResponses } from './error-responses.js';
import { isObject, type JsonSchema, type JsonSchemaObject, type SchemaDescription } from './json-schema.js';
import { contentOf, shown, successes } from './open-api-responses.js';
import { fieldsOf, isSchema, namesIn, resolved, typesOf } from './schema-parts.js';

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string };
  readonly jsonSchemaDialect: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** One operation of the document. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly parameters?: readonly JsonSchemaObject[];
  readonly requestBody?: JsonSchemaObject;
  readonly responses: Readonly<Record<string, JsonSchemaObject>>;
  /** What OpenAPI has no word for: `idempotent`, `priority`, `timeoutMs`. */
  readonly 'x-fwk': JsonSchemaObject;
}

/** Makes the document. */
export function openApi(contract: AnyContract | ContractDescription): OpenApiDocument {
  const { name, version, operations } = describeContract(contract);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const schemas: Record<string, JsonSchema> = { Problem: problem };
  for (const [operationName, operation] of Object.entries(operations)) {
    const template = parsePath(operation.path);
    const path = typeof template === 'string' ? operation.path : template.route;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(operationName, operation, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: { title: name, version },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths,
    components: { schemas },
  };
}

function operationOf(
  operationId: string,
  operation: OperationDescription,
  schemas: Record<string, JsonSchema>,
): OpenApiOperation {
  const { bodyStream, body, idempotent, idempotencyKey, priority, timeoutMs } = operation;
  const parameters = [
    ...parametersIn('path', operation.params),
    ...parametersIn('query', operation.query),
    ...parametersIn('header', operation.headers),
    ...(idempotencyKey ? [keyParameter] : []),
    ...(operation.stream?.resumable ? [lastEventParameter] : []),
  ];
  return {
    operationId,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: contentOf(body, placedIn(schemas, `${operationId}.body`, shown(body, 'input'))),
      },
    }),
    ...(bodyStream && {
      requestBody: {
        required: true,
        content:
          bodyStream.items.mediaType === undefined
            ? {
                [typeOfFormat('ndjson')]: {
                  schema: placedIn(schemas, `${operationId}.bodyStream`, shown(bodyStream.items, 'input')),
                },
              }
            : contentOf(bodyStream.items, true),
      },
    }),
    responses: {
      ...successes(operation, (name, description) =>
        placedIn(schemas, `${operationId}.${name}`, shown(description, 'output')),
      ),
      ...errorResponses(operation.errors ?? {}, (name, description) =>
        placedIn(schemas, `${operationId}.${name}`, shown(description, 'output')),
      ),
      default: {
        description: 'What went wrong, as RFC 9457 has it.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
    'x-fwk': { idempotent, ...(priority !== undefined && { priority }), ...(timeoutMs !== undefined && { timeoutMs }) },
  };
}

/** Each field is a parameter. A schema that names no fields stands there as one. */
function parametersIn(
  place: 'path' | 'query' | 'header',
  description: SchemaDescription | undefined,
): JsonSchemaObject[] {
  if (!description) return [];
  const schema = shown(description, 'input');
  if (!isObject(schema) || Object.keys(fieldsOf(schema)).length === 0) return [{ name: place, in: place, schema }];
  const required = namesIn(schema.required);
  return Object.entries(fieldsOf(schema)).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: field,
    ...(place === 'query' && holdsNested(field, schema) && nestedStyle),
  }));
}

/** How values stand in a query whose names are in brackets. */
const nestedStyle: JsonSchemaObject = Object.freeze({ style: 'deepObject', explode: true });

/** Whether a value is nested. Lists of text repeat their name, as OpenAPI has it by itself. */
function holdsNested(given: JsonSchema, root: JsonSchema): boolean {
  const field = resolved(given, root);
  if (!isObject(field)) return false;
  const types = typesOf(field);
  if (types.length === 1 && types[0] === 'object') return true;
  return (
    types.length === 1 &&
    types[0] === 'array' &&
    isSchema(field.items) &&
    field.items !== true &&
    holdsNested(field.items, root)
  );
}

const keyParameter: JsonSchemaObject = Object.freeze({
  name: headerNames.idempotencyKey,
  in: 'header',
  required: true,
  description: 'Calls with the same key are done once.',
  schema: { type: 'string', minLength: 1 },
});

const lastEventParameter: JsonSchemaObject = Object.freeze({
  name: headerNames.lastEventId,
  in: 'header',
  required: false,
  description: 'The last item that is here already: the stream goes on behind it.',
  schema: { type: 'string', minLength: 1 },
});

/** As our servers answer errors. */
const problem: JsonSchemaObject = Object.freeze({
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    traceId: { type: 'string' },
    retryAfterMs: { type: 'number', minimum: 0 },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        properties: { in: { type: 'string' }, path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
});

/** A schema that refers to itself gets a name in the document, since `#` means the document there. */
function placedIn(schemas: Record<string, JsonSchema>, name: string, schema: JsonSchema): JsonSchema {
  const base = `#/components/schemas/${name}`;
  let refers = false;
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string' || !inner.startsWith('#')) return [key, moved(inner)];
      refers = true;
      return [key, base + inner.slice(1)];
    });
    return Object.fromEntries(entries);
  };
  const placed = moved(schema) as JsonSchema;
  if (!refers) return schema;
  schemas[name] = placed;
  return { $ref: base };
}
