/** Addresses of a provider, and the path that stands before those of its operations. */
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import type { ImportedServer } from './imported-api.js';
import { objectIn, textIn } from './open-document.js';

/** Addresses that are not absolute are relative to where the document is from, which nobody knows here. */
const unknownOrigin = 'http://localhost';

/** Reads a list of servers; variables stand at their defaults. Undefined for none. */
export function importedServers(given: unknown): readonly ImportedServer[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  return given.flatMap((server) => (isObject(server) ? serverOf(server) : []));
}

function serverOf(server: JsonSchemaObject): ImportedServer[] {
  const variables = objectIn(server, 'variables');
  const filled = (textIn(server, 'url') ?? '').replace(
    /\{([^{}]*)\}/g,
    (whole, name: string) => textIn(objectIn(variables, name), 'default') ?? whole,
  );
  if (!URL.canParse(filled, unknownOrigin)) return [];
  const url = new URL(filled, unknownOrigin);
  const description = textIn(server, 'description');
  return [
    {
      url: URL.canParse(filled) ? url.origin : '',
      prefix: withoutSlashes(url.pathname),
      ...(description !== undefined && { description: description.slice(0, 500) }),
    },
  ];
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
