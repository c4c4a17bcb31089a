/** The parameters of an operation: fields of a path, a query and headers. */
import { headerNameFault } from '../contract/header-field.js';
import type { Separators } from '../contract/list-separators.js';
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { typesIn } from '../json-schema/field-types.js';
import { headerNames } from '../wire/headers.js';
import type { ImportParts } from './import-parts.js';
import type { ImportedFields } from './imported-api.js';
import { Refused } from './open-api-error.js';
import { type Placed, placeIn, textIn } from './open-document.js';

/** See the head of this file. */
export interface ImportedParameters {
  readonly params?: ImportedFields;
  readonly query?: ImportedFields;
  readonly headers?: ImportedFields;
  readonly idempotencyKey: boolean;
}

interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly separator: string | undefined;
}

/** OpenAPI gives them a meaning of their own as parameters, or none. */
const ignoredHeaders = ['accept', 'content-type', 'authorization'];
const separators: Readonly<Record<string, string>> = { form: ',', spaceDelimited: ' ', pipeDelimited: '|' };

/**
 * Reads them. One that cannot be sent is left out, unless the operation needs it.
 * @param inPath - the names in the path as the document has them, and as contracts do.
 * @throws Refused for an operation that cannot be called.
 */
export function importedParameters(
  parts: ImportParts,
  parameters: readonly Placed[],
  inPath: ReadonlyMap<string, string>,
  place: string,
): ImportedParameters {
  const fields: Record<'path' | 'query' | 'header', Map<string, Field>> = {
    path: new Map(),
    query: new Map(),
    header: new Map(),
  };
  let idempotencyKey = false;
  for (const parameter of parameters) {
    const name = textIn(parameter.value, 'name') ?? '';
    const where = textIn(parameter.value, 'in');
    const isNeeded = parameter.value.required === true && where !== 'cookie';
    if (where === 'header' && ignoredHeaders.includes(name.toLowerCase())) continue;
    if (where === 'header' && name.toLowerCase() === headerNames.idempotencyKey) {
      idempotencyKey = isNeeded;
      continue;
    }
    try {
      if (where === 'path') {
        const known = inPath.get(name);
        if (known === undefined)
          throw new Refused(parameter.place, `is a parameter ${JSON.stringify(name)} that its path does not have`);
        fields.path.set(known, fieldOf(parts, parameter, known, where));
      } else if (where === 'query') fields.query.set(name, fieldOf(parts, parameter, name, where));
      else if (where === 'header')
        fields.header.set(name.toLowerCase(), fieldOf(parts, parameter, name.toLowerCase(), where));
      else throw new Refused(parameter.place, `is a parameter in ${where ?? 'no place'}: ${unsent(where)}`);
    } catch (error) {
      if (!(error instanceof Refused) || isNeeded) throw error;
      parts.leaveOut(error.place, error.message);
    }
  }
  for (const [given, name] of inPath) {
    if (fields.path.has(name)) continue;
    parts.leaveOut(
      place,
      `does not say what the parameter ${JSON.stringify(given)} of its path is; it is taken as text`,
    );
    fields.path.set(name, { name, schema: { type: 'string' }, required: true, separator: undefined });
  }
  return {
    ...(inPath.size > 0 && { params: fieldsOf([...inPath.values()].flatMap((name) => fields.path.get(name) ?? [])) }),
    ...(fields.query.size > 0 && { query: fieldsOf([...fields.query.values()]) }),
    ...(fields.header.size > 0 && { headers: fieldsOf([...fields.header.values()]) }),
    idempotencyKey,
  };
}

function unsent(where: string | undefined): string {
  if (where === 'cookie') return 'cookies belong to no operation; a client sends them by its headers';
  return 'contracts have them in the path, the query and headers';
}

/** The fields as one schema of an object. */
function fieldsOf(fields: readonly Field[]): ImportedFields {
  const required = fields.flatMap(({ name, required: isRequired }) => (isRequired ? [name] : []));
  const separated = fields.flatMap(({ name, separator }) =>
    separator === undefined ? [] : [[name, separator] as const],
  );
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema: field }) => [name, field])),
    ...(required.length > 0 && { required }),
  };
  const found: Separators = Object.fromEntries(separated);
  return { schema, ...(separated.length > 0 && { separators: found }) };
}

function fieldOf(
  parts: ImportParts,
  { value, place }: Placed,
  name: string,
  where: 'path' | 'query' | 'header',
): Field {
  if (value.content !== undefined)
    throw new Refused(place, 'is a parameter with a media type, which contracts do not have');
  const fault = where === 'header' ? headerNameFault(name) : undefined;
  if (fault !== undefined) throw new Refused(place, `is the header ${JSON.stringify(name)}, which ${fault}`);
  const schema = parts.schemas.read(value.schema ?? {}, placeIn(place, 'schema'), 'request');
  const usual = where === 'query' ? 'form' : 'simple';
  const style = textIn(value, 'style') ?? usual;
  const { types } = typesIn(schema, (key) => parts.schemas.definitions.get(key)?.schema);
  const kind = types.has('object') && ![...types].some(isText) ? 'an object' : listKind(types);
  if (kind === undefined) {
    // One value looks the same in these styles.
    if (style !== usual && separators[style] === undefined)
      throw new Refused(place, `has the style ${JSON.stringify(style)}, which contracts do not have`);
    return { name, schema, required: where === 'path' || value.required === true, separator: undefined };
  }
  if (kind === 'an object' || where !== 'query' || separators[style] === undefined) {
    throw new Refused(
      place,
      `is ${kind} in ${where === 'query' ? 'a query' : `a ${where}`} (style ${JSON.stringify(style)}), which contracts do not have`,
    );
  }
  const explode = value.explode ?? style === 'form';
  return {
    name,
    schema,
    required: value.required === true,
    separator: explode === true ? undefined : separators[style],
  };
}

function isText(type: string): boolean {
  return type !== 'object' && type !== 'array' && type !== 'null';
}

function listKind(types: ReadonlySet<string>): 'a list' | undefined {
  return types.has('array') ? 'a list' : undefined;
}

/** The headers of an answer as fields. One that cannot be read is left out. */
export function importedHeaders(
  parts: ImportParts,
  headers: JsonSchemaObject,
  place: string,
): ImportedFields | undefined {
  const fields = Object.entries(headers).flatMap(([given, header]): Field[] => {
    const name = given.toLowerCase();
    if (name === 'content-type') return [];
    try {
      const { value, place: found } = parts.document.follow(header, placeIn(place, given));
      if (name === 'set-cookie' || name === 'date') throw new Refused(found, 'is a header that contracts do not have');
      return [fieldOf(parts, { value, place: found }, name, 'header')];
    } catch (error) {
      if (!(error instanceof Refused) || (isObject(header) && header.required === true)) throw error;
      parts.leaveOut(error.place, error.message);
      return [];
    }
  });
  return fields.length === 0 ? undefined : fieldsOf(fields);
}
