/** Bodies and answers of an operation. */

import { jsonContent } from '../contract/content.js';
import type { JsonSchema, JsonSchemaObject } from '../evolution/json-schema.js';
import { typeOfFormat } from '../stream/item-format.js';
import type { ImportParts } from './import-parts.js';
import type { ImportedBody, ImportedError, ImportedResponse } from './imported-api.js';
import { importedErrors } from './imported-errors.js';
import { importedHeaders } from './imported-parameters.js';
import { Refused } from './open-api-error.js';
import { objectIn, placeIn } from './open-document.js';
import type { Side } from './schema-reader.js';

const jsonForm = /^application\/(?:[\w.-]+\+)?json$/;
const typeForm = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
/** They are text, though their names do not begin so. */
const textForms =
  /^(?:text\/.*|application\/(?:.*\+)?xml|application\/(?:x-www-form-urlencoded|x-ndjson|yaml|x-yaml|graphql))$/;

/**
 * Reads a body. Of several media types the first JSON is taken, else the first text, else the first that is bytes.
 * @returns undefined where there is no body
 * @throws Refused for a body that contracts do not have.
 */
export function importedBody(
  parts: ImportParts,
  content: JsonSchemaObject,
  place: string,
  side: Side,
): ImportedBody | undefined {
  const given = Object.keys(content);
  if (given.length === 0) return undefined;
  const types = given.map((key) => ({ key, type: (key.split(';')[0] ?? '').trim().toLowerCase() }));
  const json =
    types.find(({ type }) => type === jsonContent.type) ??
    types.find(({ type }) => jsonForm.test(type)) ??
    types.find(({ type }) => type === '*/*');
  if (json) {
    const media = parts.document.follow(content[json.key], placeIn(place, json.key));
    const schema = parts.schemas.read(media.value.schema ?? {}, placeIn(media.place, 'schema'), side);
    return { ...jsonContent, schema };
  }
  if (types.some(({ type }) => type === typeOfFormat('events'))) {
    throw new Refused(place, 'is a stream of events, whose end and errors other servers say in ways of their own');
  }
  const text = types.find(({ type }) => typeForm.test(type) && textForms.test(type));
  if (text) return { kind: 'text', type: text.type, schema: true };
  const bytes = types.find(({ type }) => typeForm.test(type) && !type.startsWith('multipart/'));
  if (bytes) return { kind: 'bytes', type: bytes.type, schema: true };
  const shown = given.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 100)));
  throw new Refused(place, `is ${shown.join(', ')}: contracts have JSON, text and bytes of one media type`);
}

/** What the items of a stream are like, as a contract of ours streams them; undefined for what is no stream, or one of other servers. */
export function importedItems(
  parts: ImportParts,
  content: JsonSchemaObject,
  place: string,
  side: Side,
): JsonSchema | undefined {
  const type = typeOfFormat('ndjson');
  const { schema } = objectIn(content, type);
  return schema === undefined || !parts.document.isOurs
    ? undefined
    : parts.schemas.read(schema, placeIn(place, type, 'schema'), side);
}

/** The answers of an operation. */
export interface ImportedAnswers {
  readonly response?: ImportedBody;
  readonly responses?: Readonly<Record<number, ImportedResponse>>;
  readonly errors?: Readonly<Record<string, ImportedError>>;
  readonly stream?: JsonSchema;
}

/**
 * Reads the answers. One answer of status 200 is answered as it is, others by their statuses; no body at all is no answer. What
 * statuses from 400 on look like is not read, but for errors that a contract of ours declared.
 */
export function importedAnswers(parts: ImportParts, given: JsonSchemaObject, place: string): ImportedAnswers {
  const statuses = Object.keys(given).filter((status) => !status.startsWith('x-'));
  const errors = importedErrors(parts, given, place);
  const some = Object.keys(errors).length > 0 ? { errors } : {};
  const stream = importedItems(
    parts,
    objectIn(objectIn(given, '200'), 'content'),
    placeIn(place, '200', 'content'),
    'response',
  );
  if (stream !== undefined) return { stream, ...some };
  const responses = new Map<number, ImportedResponse>();
  for (const key of statuses.filter((status) => /^[23](?:\d\d|XX)$/i.test(status))) {
    const status = /^\d+$/.test(key) ? Number(key) : Number(`${key[0]}00`);
    if (key !== String(status)) {
      if (given[status] !== undefined) continue;
      parts.leaveOut(placeIn(place, key), `is a range of statuses; ${status} is taken for it`);
    }
    responses.set(status, responseOf(parts, given[key], placeIn(place, key), status));
  }
  // Where nothing is said of success, the answer that stands for all statuses is that of success.
  if (responses.size === 0 && given.default !== undefined) {
    responses.set(200, responseOf(parts, given.default, placeIn(place, 'default'), 200));
  }
  const answers = [...responses.values()];
  const [only] = answers;
  if (answers.every(({ body, headers }) => !body && !headers)) return some;
  if (answers.length === 1 && responses.has(200) && only?.body && !only.headers)
    return { response: only.body, ...some };
  return { responses: Object.fromEntries(responses), ...some };
}

function responseOf(parts: ImportParts, given: unknown, at: string, status: number): ImportedResponse {
  const { value, place } = parts.document.follow(given, at);
  const isBodiless = status === 204 || status === 205 || status === 304;
  const body = isBodiless
    ? undefined
    : importedBody(parts, objectIn(value, 'content'), placeIn(place, 'content'), 'response');
  const headers = importedHeaders(parts, objectIn(value, 'headers'), placeIn(place, 'headers'));
  return { ...(body && { body }), ...(headers && { headers }) };
}
