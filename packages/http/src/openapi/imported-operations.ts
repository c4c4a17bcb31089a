/** The operations of a document, each with all its parts. */
import type { Method } from '../contract/operation.js';
import { parsePath } from '../contract/path-template.js';
import { isObject } from '../evolution/json-schema.js';
import type { ImportParts } from './import-parts.js';
import type { ImportedOperation } from './imported-api.js';
import { importedAnswers, importedBody, importedItems } from './imported-bodies.js';
import { importedParameters } from './imported-parameters.js';
import { importedServers } from './imported-servers.js';
import { Refused } from './open-api-error.js';
import { objectIn, type Placed, placeIn, textIn } from './open-document.js';
import { operationNames } from './operation-names.js';
import { ownFacts } from './own-facts.js';

const methods: Readonly<Record<string, Method>> = {
  get: 'GET',
  post: 'POST',
  put: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};
const otherMethods = ['head', 'options', 'trace', 'query'];

/** An operation of the document, before it is read. */
export interface GivenOperation {
  readonly method: Method;
  /** As the document has it: `/pets/{petId}`. */
  readonly route: string;
  readonly operation: Placed;
  readonly pathItem: Placed;
}

/** Finds the operations, in the order of the document. */
export function givenOperations(parts: ImportParts): readonly GivenOperation[] {
  const paths = objectIn(parts.document.root, 'paths');
  return Object.keys(paths)
    .filter((route) => !route.startsWith('x-'))
    .flatMap((route): GivenOperation[] => {
      try {
        const pathItem = parts.document.follow(paths[route], placeIn('#', 'paths', route));
        for (const method of otherMethods) {
          if (pathItem.value[method] !== undefined)
            parts.leaveOut(placeIn(pathItem.place, method), 'has a method that contracts do not have');
        }
        for (const method of Object.keys(objectIn(pathItem.value, 'additionalOperations'))) {
          parts.leaveOut(
            placeIn(pathItem.place, 'additionalOperations', method),
            'has a method that contracts do not have',
          );
        }
        return Object.entries(methods).flatMap(([key, method]): GivenOperation[] => {
          const value = pathItem.value[key];
          if (!isObject(value)) return [];
          return [{ method, route, operation: { value, place: placeIn(pathItem.place, key) }, pathItem }];
        });
      } catch (error) {
        return refused(parts, placeIn('#', 'paths', route), error);
      }
    });
}

/**
 * Reads the operations. One that cannot be called is left out.
 * @param prefix - what stands before all paths, instead of what the document says.
 * @param leaveName - told of each name that is not the document's.
 */
export function importedOperations(
  parts: ImportParts,
  prefix: string | undefined,
  leaveName: (place: string, why: string) => void,
): readonly ImportedOperation[] {
  const given = givenOperations(parts);
  const names = operationNames(given, leaveName);
  const shapes = new Map<string, string>();
  return given.flatMap((each, index): ImportedOperation[] => {
    const { place } = each.operation;
    try {
      const operation = importedOperation(parts, each, names[index] ?? '', prefix);
      const template = parsePath(operation.path);
      const shape = `${operation.method} ${typeof template === 'string' ? operation.path : template.shape}`;
      const other = shapes.get(shape);
      if (other !== undefined) throw new Refused(place, `has the same method and path as ${other}`);
      shapes.set(shape, operation.name);
      return [operation];
    } catch (error) {
      return refused(parts, place, error);
    }
  });
}

/** What has no contract is noted with the place of what is lost by it. */
function refused(parts: ImportParts, place: string, error: unknown): [] {
  if (!(error instanceof Refused)) throw error;
  parts.leaveOut(place, error.place === place ? error.message : `is left out: ${error.place} ${error.message}`);
  return [];
}

function importedOperation(
  parts: ImportParts,
  given: GivenOperation,
  name: string,
  prefix: string | undefined,
): ImportedOperation {
  const {
    method,
    operation: { value, place },
  } = given;
  const { path, inPath } = pathOf(given, prefix ?? prefixOf(parts, given));
  const template = parsePath(path);
  if (typeof template === 'string')
    throw new Refused(place, `has the path ${JSON.stringify(path.slice(0, 200))}, which ${template}`);
  const { idempotencyKey, ...parameters } = importedParameters(parts, parametersOf(parts, given), inPath, place);
  const requestBody = objectIn(objectIn(value, 'requestBody'), 'content');
  const bodyStream = importedItems(parts, requestBody, placeIn(place, 'requestBody', 'content'), 'request');
  const body = bodyStream === undefined ? bodyOf(parts, given) : undefined;
  const answers = importedAnswers(parts, objectIn(value, 'responses'), placeIn(place, 'responses'));
  for (const route of Object.keys(objectIn(value, 'callbacks'))) {
    parts.leaveOut(placeIn(place, 'callbacks', route), 'is a callback: a contract of its own, that the caller serves');
  }
  const summary = textIn(value, 'summary') ?? textIn(value, 'description');
  const hasKey = idempotencyKey && method !== 'GET' && method !== 'DELETE';
  const imported: ImportedOperation = {
    name,
    place,
    method,
    path,
    ...(summary !== undefined && { summary }),
    ...parameters,
    ...(body && { body }),
    ...(bodyStream !== undefined && { bodyStream }),
    ...answers,
    ...ownFacts(objectIn(value, 'x-fwk')),
    ...(hasKey && { idempotent: true, idempotencyKey: true as const }),
  };
  refuseKeptBytes(imported);
  return imported;
}

/** What contracts themselves refuse. */
function refuseKeptBytes({ place, idempotencyKey, response, responses }: ImportedOperation): void {
  const bodies = [response, ...Object.values(responses ?? {}).map(({ body }) => body)];
  if (idempotencyKey && bodies.some((body) => body?.kind === 'bytes')) {
    throw new Refused(place, 'needs an idempotency key and answers bytes, which are not kept');
  }
}

/** The parameters of the path and of the operation, which may say one anew. */
function parametersOf(parts: ImportParts, { operation, pathItem }: GivenOperation): readonly Placed[] {
  const found = new Map<string, Placed>();
  for (const { value, place } of [pathItem, operation]) {
    const list = Array.isArray(value.parameters) ? value.parameters : [];
    for (const [index, given] of list.entries()) {
      const parameter = parts.document.follow(given, placeIn(place, 'parameters', index));
      found.set(JSON.stringify([parameter.value.in, parameter.value.name]), parameter);
    }
  }
  return [...found.values()];
}

function bodyOf(parts: ImportParts, { method, operation: { value, place } }: GivenOperation) {
  if (value.requestBody === undefined) return undefined;
  const at = placeIn(place, 'requestBody');
  const { value: given, place: found } = parts.document.follow(value.requestBody, at);
  try {
    if (method === 'GET' || method === 'DELETE')
      throw new Refused(at, `is a body, which ${method} does not have in contracts`);
    return importedBody(parts, objectIn(given, 'content'), placeIn(found, 'content'), 'request');
  } catch (error) {
    if (!(error instanceof Refused) || given.required === true) throw error;
    parts.leaveOut(error.place, error.message);
    return undefined;
  }
}

function prefixOf({ document }: ImportParts, { operation, pathItem }: GivenOperation): string {
  const [server] =
    importedServers(operation.value.servers) ??
    importedServers(pathItem.value.servers) ??
    importedServers(document.root.servers) ??
    [];
  return server?.prefix ?? '';
}

/** The path as contracts write it, and how its parameters are called there. */
function pathOf(
  { route }: GivenOperation,
  prefix: string,
): { readonly path: string; readonly inPath: ReadonlyMap<string, string> } {
  const inPath = new Map<string, string>();
  const segments = route.split('/').map((segment) => {
    const [, given] = /^\{([^{}]+)\}$/.exec(segment) ?? [];
    if (given === undefined) return segment;
    // Of a name that stands there twice the contract says so itself.
    if (inPath.has(given)) return `:${inPath.get(given)}`;
    const plain = given.replace(/[^A-Za-z0-9_]/g, '_');
    const wanted = /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
    inPath.set(given, [...inPath.values()].includes(wanted) ? `${wanted}_${inPath.size}` : wanted);
    return `:${inPath.get(given)}`;
  });
  return { path: prefix + segments.join('/') || '/', inPath };
}
