/** What makes a schema unusable: patterns that cannot be matched, references that lead nowhere or only to themselves. */
import { isObject, type JsonSchema } from '../evolution/json-schema.js';
import { isSchema, schemasIn } from '../evolution/schema-parts.js';
import { type Definitions, definitionName } from './compiled-schemas.js';
import { patternFault } from './pattern.js';

/** Keywords whose schemas stand inside, and how: by itself, in a list, by names. */
const inner: Readonly<Record<string, 'schema' | 'list' | 'named'>> = {
  ...Object.fromEntries(
    'items contains additionalProperties propertyNames not if then else unevaluatedItems unevaluatedProperties'
      .split(' ')
      .map((keyword) => [keyword, 'schema'] as const),
  ),
  ...{ allOf: 'list', anyOf: 'list', oneOf: 'list', prefixItems: 'list' },
  ...{ properties: 'named', patternProperties: 'named', dependentSchemas: 'named' },
};
/** Those that look at the value itself, not at what stands in it. */
const inPlace = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas'];

/** The schemas inside a schema, with their places in it. */
export function innerSchemas(schema: JsonSchema, only = Object.keys(inner)): [place: string, schema: JsonSchema][] {
  if (!isObject(schema)) return [];
  return only.flatMap((keyword): [string, JsonSchema][] => {
    const value = schema[keyword];
    if (inner[keyword] === 'schema') return isSchema(value) ? [[`/${keyword}`, value]] : [];
    if (inner[keyword] === 'list') return (schemasIn(value) ?? []).map((each, at) => [`/${keyword}/${at}`, each]);
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, each]) =>
      isSchema(each) ? [[`/${keyword}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, each]] : [],
    );
  });
}

/** Everything that is wrong with a schema, each with its place. @param place - where the schema itself stands */
export function schemaFaults(schema: JsonSchema, definitions: Definitions, place: string): string[] {
  const faults: string[] = [];
  const waiting: [string, JsonSchema][] = [[place, schema]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [at, each] = next;
    if (!isObject(each)) continue;
    for (const pattern of patternsIn(each)) {
      const fault = patternFault(pattern);
      if (fault) faults.push(`the pattern ${JSON.stringify(pattern.slice(0, 100))} of ${at} ${fault}`);
    }
    if (each.$ref !== undefined) {
      const name = definitionName(each.$ref);
      const isKnown = name !== undefined && Object.hasOwn(definitions, name);
      const shown = JSON.stringify(each.$ref)?.slice(0, 200);
      if (!isKnown) faults.push(`${at} refers to ${shown}, which is none of the definitions`);
    }
    for (const [step, found] of innerSchemas(each)) waiting.push([at + step, found]);
  }
  return faults;
}

/** The regular expressions in a schema itself. */
export function patternsIn(schema: JsonSchema): string[] {
  if (!isObject(schema)) return [];
  const named = isObject(schema.patternProperties) ? Object.keys(schema.patternProperties) : [];
  return typeof schema.pattern === 'string' ? [schema.pattern, ...named] : named;
}

/**
 * The definitions that would be looked at for ever: those that lead back to a definition before they come to anything inside the
 * value. Those that lead nowhere else are taken away until no more can be.
 */
export function endlessNames(definitions: Definitions): ReadonlySet<string> {
  const open = new Map<string, number>();
  const users = new Map<string, string[]>();
  for (const [name, schema] of Object.entries(definitions)) {
    const targets = targetsOf(schema, definitions);
    open.set(name, targets.size);
    for (const target of targets) listAt(users, target).push(name);
  }
  const free = [...open].flatMap(([name, count]) => (count === 0 ? [name] : []));
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    open.delete(name);
    for (const user of users.get(name) ?? []) {
      const left = (open.get(user) ?? 0) - 1;
      open.set(user, left);
      if (left === 0) free.push(user);
    }
  }
  return new Set(open.keys());
}

function listAt(lists: Map<string, string[]>, key: string): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** The definitions that look at the same value as this schema. */
function targetsOf(schema: JsonSchema, definitions: Definitions): ReadonlySet<string> {
  const targets = new Set<string>();
  const waiting: JsonSchema[] = [schema];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (!isObject(at)) continue;
    const name = definitionName(at.$ref);
    if (name !== undefined && Object.hasOwn(definitions, name)) targets.add(name);
    for (const [, found] of innerSchemas(at, inPlace)) waiting.push(found);
  }
  return targets;
}
