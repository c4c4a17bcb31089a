/** Reads a document of OpenAPI: what a contract can say of it, and what it cannot. */
import { checkOptions, optional, type Rule } from '@fwk/kernel';
import { parsePath } from '../contract/path-template.js';
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import { DefinitionNames } from './definition-names.js';
import { kebabCase, semanticVersion } from './import-names.js';
import type { ImportedApi, ImportNote, SecurityScheme } from './imported-api.js';
import { importedOperations } from './imported-operations.js';
import { importedServers } from './imported-servers.js';
import { OpenApiError } from './open-api-error.js';
import { OpenDocument, objectIn, placeIn, textIn } from './open-document.js';
import { SchemaReader } from './schema-reader.js';

/** Options of {@link contractFromOpenApi}. */
export interface ImportOptions {
  /** Name of the contract. @defaultValue the title of the document, in lower case with dashes */
  readonly name?: string;
  /** Version of the contract, such as `1.4.0`. @defaultValue that of the document, as far as it is a semantic version */
  readonly version?: string;
  /** What stands before the paths of all operations, such as `/v1`; empty for nothing. @defaultValue the path of the first server */
  readonly prefix?: string;
}

const isText: Rule = (value) => (typeof value === 'string' ? undefined : 'text');
const isPrefix: Rule = (value) =>
  typeof value === 'string' && (value === '' || typeof parsePath(value) !== 'string')
    ? undefined
    : 'a path such as "/v1", or empty';
/** Most notes of one kind. */
const maxNotes = 10_000;

/**
 * Reads a document.
 * @throws OpenApiError `FWK_HTTP_OPENAPI_INVALID` for a document that gives no contract.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function importApi(given: unknown, options?: ImportOptions): ImportedApi {
  const {
    name: wanted,
    version: asked,
    prefix,
  } = checkOptions<ImportOptions>(
    'contractFromOpenApi',
    options,
    {},
    {
      name: optional(isText),
      version: optional(isText),
      prefix: optional(isPrefix),
    },
  );
  const document = new OpenDocument(given);
  const [leftOut, named] = [new Notes(), new Notes()];
  const info = objectIn(document.root, 'info');
  const title = textIn(info, 'title') ?? '';
  const titleVersion = textIn(info, 'version') ?? '';
  const name = wanted ?? nameOf(title, named);
  const version = asked ?? versionOf(titleVersion, named);
  const schemas = new SchemaReader(document, ({ place, why }) => leftOut.add(place, why));
  const parts = { document, schemas, contract: name, leaveOut: leftOut.add };
  const read = importedOperations(parts, prefix, named.add);
  const finished = new DefinitionNames(schemas.definitions).finish(read, leftOut.add);
  for (const hook of Object.keys(objectIn(document.root, 'webhooks'))) {
    leftOut.add(placeIn('#', 'webhooks', hook), 'is a webhook: a contract of its own, that the caller serves');
  }
  if (finished.operations.length === 0) {
    const reasons = leftOut.list.slice(0, 10).map(({ place, why }) => `${place} ${why}`);
    throw new OpenApiError(['it has no operation that a contract can have', ...reasons]);
  }
  const servers = importedServers(document.root.servers) ?? [];
  const security = securityOf(document.root);
  return {
    name,
    version,
    title,
    titleVersion,
    ...finished,
    notes: { servers, security, leftOut: leftOut.list, named: named.list },
  };
}

/** Notes about places, each once. */
class Notes {
  readonly #notes = new Map<string, ImportNote>();
  readonly add = (place: string, why: string): void => {
    if (this.#notes.size < maxNotes) this.#notes.set(`${place} ${why}`, Object.freeze({ place, why }));
  };

  get list(): readonly ImportNote[] {
    return Object.freeze([...this.#notes.values()]);
  }
}

function nameOf(title: string, named: Notes): string {
  const made = kebabCase(title);
  const name = /^[a-z]/.test(made) ? made : kebabCase(`api ${made}`);
  if (name !== title)
    named.add('#/info/title', `${JSON.stringify(title.slice(0, 100))} is no name of a contract; it is called ${name}`);
  return name;
}

function versionOf(given: string, named: Notes): string {
  const version = semanticVersion(given) ?? '0.0.0';
  if (version !== given) {
    named.add(
      '#/info/version',
      `${JSON.stringify(given.slice(0, 100))} is no semantic version; it is taken as ${version}`,
    );
  }
  return version;
}

function securityOf(root: JsonSchemaObject): readonly SecurityScheme[] {
  const schemes = Object.entries(objectIn(objectIn(root, 'components'), 'securitySchemes'));
  return schemes.flatMap(([name, given]): SecurityScheme[] => {
    if (!isObject(given)) return [];
    const [type, scheme, where, parameter] = ['type', 'scheme', 'in', 'name'].map((field) => textIn(given, field));
    if (type === undefined) return [];
    return [
      {
        name,
        type,
        ...(scheme !== undefined && { scheme }),
        ...(where !== undefined && { in: where }),
        ...(parameter !== undefined && { parameter }),
      },
    ];
  });
}
