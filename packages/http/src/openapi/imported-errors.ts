/** Errors that a contract of ours declared, as `fwk-contract openapi` wrote them. */
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import { schemasIn } from '../evolution/schema-parts.js';
import type { ImportParts } from './import-parts.js';
import type { ImportedError } from './imported-api.js';
import { objectIn, placeIn, textIn } from './open-document.js';

const nameForm = /^[A-Z][A-Za-z0-9]{0,63}$/;

/** Reads them, by their names. Answers of other servers with such a status are for callers a `RemoteError`. */
export function importedErrors(
  parts: ImportParts,
  responses: JsonSchemaObject,
  place: string,
): Readonly<Record<string, ImportedError>> {
  const found = Object.keys(responses)
    .filter((status) => /^[45]\d\d$/.test(status))
    .flatMap((status) => {
      const content = objectIn(objectIn(responses, status), 'content');
      const schema = objectIn(objectIn(content, 'application/problem+json'), 'schema');
      const at = placeIn(place, status, 'content', 'application/problem+json', 'schema');
      const several = schemasIn(schema.oneOf);
      const schemas = several
        ? several.map((each, index) => [each, placeIn(at, 'oneOf', index)] as const)
        : [[schema, at] as const];
      return schemas.flatMap(([each, stands]) => errorOf(parts, Number(status), each, stands));
    });
  return Object.fromEntries(found);
}

function errorOf(parts: ImportParts, status: number, schema: unknown, place: string): [string, ImportedError][] {
  if (!isObject(schema)) return [];
  const facts = objectIn(schema, 'x-fwk');
  const name = textIn(facts, 'error');
  const [, own] = schemasIn(schema.allOf) ?? [];
  if (name === undefined || !nameForm.test(name) || !isObject(own)) return [];
  const fields = objectIn(own, 'properties');
  const type = textIn(objectIn(fields, 'type'), 'const');
  const data =
    fields.data === undefined
      ? undefined
      : parts.schemas.read(fields.data, placeIn(place, 'allOf', 1, 'properties', 'data'), 'response');
  return [
    [
      name,
      {
        status,
        title: textIn(schema, 'title') ?? name,
        ...(type !== undefined && type !== `urn:fwk:problem:${parts.contract}:${name}` && { type }),
        ...(data !== undefined && { data }),
        failure: facts.failure === true,
        retryable: facts.retryable === true,
      },
    ],
  ];
}
