/** A document of OpenAPI, and the places in it. References are followed inside it only: nothing is ever fetched. */
import { refuseDangerousKeys } from '@fwk/kernel';
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import { OpenApiError, Refused } from './open-api-error.js';

/** A value, and the pointer to where it stands: `#/paths/~1pets/get`. */
export interface Placed {
  readonly value: JsonSchemaObject;
  readonly place: string;
}

/** Most values in a document; that of a large provider has half a million. */
const maxValues = 5_000_000;
/** Deepest nesting of a document. */
const maxDepth = 200;
/** Most references in a row. */
const maxReferences = 100;

/** See the head of this file. */
export class OpenDocument {
  readonly root: JsonSchemaObject;
  /** By which rules it is read: 3.2 adds to 3.1 and changes nothing that is read. */
  readonly rules: '3.0' | '3.1';
  /** Whether `fwk-contract openapi` wrote it. */
  readonly isOurs: boolean;

  /** @throws OpenApiError `FWK_HTTP_OPENAPI_INVALID` for what is no such document, or is too large or nested too deeply. */
  constructor(document: unknown) {
    if (!isObject(document)) throw new OpenApiError(['it is no object']);
    checkSize(document);
    try {
      refuseDangerousKeys(document);
    } catch (error) {
      throw new OpenApiError([error instanceof Error ? error.message : 'it has a key that is not allowed'], error);
    }
    this.root = document;
    this.rules = rulesOf(document);
    const operations = Object.values(objectIn(document, 'paths')).flatMap((item) =>
      isObject(item) ? Object.values(item) : [],
    );
    this.isOurs = operations.some((operation) => isObject(operation) && isObject(operation['x-fwk']));
  }

  /** Follows references from a value to what is no reference. @throws Refused where one leads nowhere, or out of the document */
  follow(value: unknown, place: string): Placed {
    let at = { value, place };
    for (let steps = 0; steps < maxReferences; steps++) {
      if (!isObject(at.value)) throw new Refused(at.place, 'is no object');
      if (at.value.$ref === undefined) return { value: at.value, place: at.place };
      at = this.referred(at.value.$ref, at.place);
    }
    throw new Refused(place, 'refers only to itself');
  }

  /** What one reference means. @param from - where the reference stands */
  referred(reference: unknown, from: string): { readonly value: unknown; readonly place: string } {
    if (typeof reference !== 'string') throw new Refused(from, 'has a $ref that is no text');
    const shown = JSON.stringify(reference.slice(0, 200));
    if (!reference.startsWith('#')) {
      const what = 'which is outside the document and never fetched; bundle it into one document first';
      throw new Refused(from, `refers to ${shown}, ${what}`);
    }
    if (reference !== '#' && !reference.startsWith('#/')) {
      throw new Refused(from, `refers to ${shown}; only pointers such as "#/components/schemas/Pet" are followed`);
    }
    let value: unknown = this.root;
    for (const step of reference.split('/').slice(1)) {
      const name = decoded(step);
      const isThere = typeof value === 'object' && value !== null && name !== undefined && Object.hasOwn(value, name);
      if (!isThere) throw new Refused(from, `refers to ${shown}, which leads nowhere`);
      value = Reflect.get(value as object, name);
    }
    return { value, place: reference };
  }
}

/** A pointer one step on. */
export function placeIn(place: string, ...steps: readonly (string | number)[]): string {
  return steps.reduce<string>((at, step) => `${at}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`, place);
}

/** A member of an object, as an object; an empty one where there is none. */
export function objectIn(holder: JsonSchemaObject, name: string): JsonSchemaObject {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return isObject(value) ? value : {};
}

/** A member of an object, as text; undefined where there is none. */
export function textIn(holder: JsonSchemaObject, name: string): string | undefined {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** A step of a pointer; undefined for one that is written wrongly. */
function decoded(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

function rulesOf({ openapi, swagger }: JsonSchemaObject): '3.0' | '3.1' {
  if (swagger !== undefined) {
    const what = `it is Swagger ${String(swagger).slice(0, 20)}, which is not read: convert it to OpenAPI 3 first`;
    throw new OpenApiError([`${what}, for example with \`npx swagger2openapi\``]);
  }
  const [, minor] = /^3\.([012])\.\d+(?:-.*)?$/.exec(typeof openapi === 'string' ? openapi : '') ?? [];
  if (minor !== undefined) return minor === '0' ? '3.0' : '3.1';
  const shown = JSON.stringify(openapi)?.slice(0, 50);
  throw new OpenApiError([`its "openapi" must be 3.0.x, 3.1.x or 3.2.x, not ${shown}`]);
}

/** Values are counted as often as they are reached, so that what is shared many times over is found too. */
function checkSize(document: unknown): void {
  let values = 0;
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value: document, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    const { depth } = next;
    if (depth > maxDepth) throw new OpenApiError([`it is nested deeper than ${maxDepth} levels`]);
    const members = Object.values(next.value);
    values += members.length;
    if (values > maxValues) throw new OpenApiError([`it has more than ${maxValues} values`]);
    for (const value of members) waiting.push({ value, depth: depth + 1 });
  }
}
