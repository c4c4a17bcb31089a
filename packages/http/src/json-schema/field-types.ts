import { isObject, type JsonSchema } from '../evolution/json-schema.js';
import { isSchema, namesIn, schemasIn, typeOf, valuesOf } from '../evolution/schema-parts.js';
import { definitionName } from './compiled-schemas.js';

/**
 * The types that a schema speaks of, in itself and in those that it is put together of; and the schema of its items.
 * @param definitionOf - answers the schema of a name.
 */
export function typesIn(
  given: JsonSchema,
  definitionOf: (name: string) => JsonSchema | undefined,
): { readonly types: ReadonlySet<string>; readonly items: JsonSchema | undefined } {
  const types = new Set<string>();
  let items: JsonSchema | undefined;
  const seen = new Set<JsonSchema>();
  const waiting: (JsonSchema | undefined)[] = [given];
  while (waiting.length > 0) {
    const at = waiting.pop();
    if (!isObject(at) || seen.has(at)) continue;
    seen.add(at);
    for (const type of typeof at.type === 'string' ? [at.type] : namesIn(at.type)) types.add(type);
    if (at.type === undefined) for (const value of valuesOf(at) ?? []) types.add(typeOf(value));
    if (isSchema(at.items)) items ??= at.items;
    const name = definitionName(at.$ref);
    if (name !== undefined) waiting.push(definitionOf(name));
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) waiting.push(...(schemasIn(at[keyword]) ?? []));
  }
  return { types, items };
}
