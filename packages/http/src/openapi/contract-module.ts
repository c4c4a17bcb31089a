/** A contract out of a document of OpenAPI, as the source of a TypeScript module: its types are exact, and it stays the same for the same document. */
import { isObject, type JsonSchema } from '../evolution/json-schema.js';
import { contractOf } from './contract-from-open-api.js';
import { type ImportOptions, importApi } from './import-api.js';
import { camelCase, UniqueNames } from './import-names.js';
import type {
  ImportedApi,
  ImportedBody,
  ImportedFields,
  ImportedOperation,
  ImportedResponse,
  ImportNotes,
} from './imported-api.js';
import { keyText, typeText } from './type-text.js';

/** What {@link contractModule} answers. */
export interface ContractModule extends ImportNotes {
  /** The source, in TypeScript. It needs `@fwk/http` and nothing else. */
  readonly source: string;
}

const makers: Readonly<Record<ImportedOperation['method'], string>> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'del',
};
/** A list or object that takes more characters is written in several lines. */
const widest = 80;
/** Names that the module uses itself, or that TypeScript does not allow. */
const reserved = (
  'contract get post put patch del bytes text jsonSchemas json fields await break case catch class const continue debugger default delete ' +
  'do else enum export extends false finally for function if implements import in instanceof interface let new null package private ' +
  'protected public return static super switch this throw true try typeof undefined var void while with yield arguments eval'
).split(' ');

/**
 * Writes the module of a contract.
 * @param document - the document as data; {@link readOpenApi} reads its text.
 * @throws OpenApiError `FWK_HTTP_OPENAPI_INVALID` for a document that gives no contract.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID` for a name or version that a contract cannot have.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function contractModule(document: unknown, options?: ImportOptions): ContractModule {
  const api = importApi(document, options);
  // What the module would be refused for is said now.
  contractOf(api);
  return Object.freeze({ source: new ModuleWriter(api).write(), ...api.notes });
}

class ModuleWriter {
  readonly #api: ImportedApi;
  /** What the module uses of `@fwk/http`. */
  readonly #used = new Set(['contract']);
  readonly #usedSchemas = new Set<string>();
  /** Errors by name, each written once, since one name means one error. */
  readonly #errors = new Map<string, string>();

  constructor(api: ImportedApi) {
    this.#api = api;
  }

  write(): string {
    const { name, version, title, titleVersion, operations, definitions } = this.#api;
    const names = new UniqueNames(reserved);
    const exported = names.give(camelCase(name));
    const written = operations.map((operation) => this.#operation(operation));
    const errors =
      this.#errors.size === 0 ? '' : `const errors = {\n${[...this.#errors.values()].join('')}} as const;\n\n`;
    return [
      `// Made by \`fwk-contract import\` from ${plain(`"${title}" ${titleVersion}`)}. Do not edit it: import the document again.\n`,
      `import { ${[...this.#used].sort().join(', ')} } from '@fwk/http';\n`,
      this.#usedSchemas.size > 0 ? `import { jsonSchemas } from '@fwk/http/json-schema';\n` : '',
      '\n',
      ...Object.entries(definitions).map(([type, schema]) => declaration(type, schema)),
      this.#usedSchemas.size > 0
        ? `const { ${[...this.#usedSchemas].sort().join(', ')} } = jsonSchemas(${literal(definitions, '')});\n\n`
        : '',
      errors,
      `export const ${exported} = contract(${quoted(name)}, {\n  version: ${quoted(version)},\n  operations: {\n`,
      ...written,
      '  },\n});\n',
    ].join('');
  }

  #operation(operation: ImportedOperation): string {
    const { name, method, path, summary, params, query, headers, body, response, responses, errors } = operation;
    const { bodyStream, stream } = operation;
    const { idempotent, idempotencyKey, priority, timeoutMs } = operation;
    const maker = makers[method];
    this.#used.add(maker);
    const fields = [
      ...(params ? [['params', this.#fields(params)]] : []),
      ...(query ? [['query', this.#fields(query)]] : []),
      ...(headers ? [['headers', this.#fields(headers)]] : []),
      ...(body ? [['body', this.#body(body, '      ')]] : []),
      ...(bodyStream === undefined ? [] : [['bodyStream', this.#json(bodyStream, '      ')]]),
      ...(stream === undefined ? [] : [['stream', this.#json(stream, '      ')]]),
      ...(response ? [['response', this.#body(response, '      ')]] : []),
      ...(responses ? [['responses', this.#responses(responses)]] : []),
      ...(errors ? [['errors', this.#errorsOf(errors)]] : []),
      ...(idempotencyKey
        ? [['idempotencyKey', 'true']]
        : idempotent === undefined
          ? []
          : [['idempotent', String(idempotent)]]),
      ...(priority ? [['priority', quoted(priority)]] : []),
      ...(timeoutMs === undefined ? [] : [['timeoutMs', String(timeoutMs)]]),
    ];
    const spec =
      fields.length === 0 ? '' : `, {\n${fields.map(([key, value]) => `      ${key}: ${value},\n`).join('')}    }`;
    const comment = summary === undefined ? '' : `    /** ${plain(summary)} */\n`;
    return `${comment}    ${name}: ${maker}(${quoted(path)}${spec}),\n`;
  }

  #fields({ schema, separators }: ImportedFields, indent = '      '): string {
    this.#usedSchemas.add('fields');
    const more = separators ? `, ${literal(separators, indent)}` : '';
    return `fields<${typeText(schema, indent)}>(${literal(schema, indent)}${more})`;
  }

  #body({ kind, type, schema }: ImportedBody, indent: string): string {
    if (kind === 'json') return this.#json(schema, indent);
    this.#used.add(kind);
    return `${kind}(${quoted(type)})`;
  }

  #json(schema: JsonSchema, indent: string): string {
    this.#usedSchemas.add('json');
    return `json<${typeText(schema, indent)}>(${literal(schema, indent)})`;
  }

  #responses(responses: Readonly<Record<number, ImportedResponse>>): string {
    const indent = '        ';
    const lines = Object.entries(responses).map(([status, { body, headers }]) => {
      if (!headers) return `${indent}${status}: ${body ? this.#body(body, indent) : '{}'},\n`;
      const inner = `${indent}  `;
      const parts = [
        ...(body ? [`${inner}body: ${this.#body(body, inner)},\n`] : []),
        `${inner}headers: ${this.#fields(headers, inner)},\n`,
      ];
      return `${indent}${status}: {\n${parts.join('')}${indent}},\n`;
    });
    return `{\n${lines.join('')}      }`;
  }

  #errorsOf(errors: NonNullable<ImportedOperation['errors']>): string {
    for (const [name, { status, title, type, data, failure, retryable }] of Object.entries(errors)) {
      if (this.#errors.has(name)) continue;
      const fields = [
        `status: ${status}`,
        ...(data === undefined ? [] : [`data: ${this.#json(data, '    ')}`]),
        `title: ${quoted(title)}`,
        ...(type === undefined ? [] : [`type: ${quoted(type)}`]),
        `failure: ${failure}`,
        `retryable: ${retryable}`,
      ];
      this.#errors.set(name, `  ${name}: {\n${fields.map((field) => `    ${field},\n`).join('')}  },\n`);
    }
    return `{ ${Object.keys(errors)
      .map((name) => `${name}: errors.${name}`)
      .join(', ')} }`;
  }
}

function declaration(name: string, schema: JsonSchema): string {
  const type = typeText(schema);
  const isPlain =
    type.startsWith('{') &&
    isObject(schema) &&
    schema.type === 'object' &&
    !combining.some((keyword) => schema[keyword] !== undefined);
  return isPlain ? `export interface ${name} ${type}\n\n` : `export type ${name} = ${type};\n\n`;
}

const combining = ['allOf', 'anyOf', 'oneOf', 'enum', 'const'];

/** JSON as an object of TypeScript. */
function literal(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => literal(item, inner));
    const line = `[${items.join(', ')}]`;
    return fits(line) ? line : `[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`;
  }
  if (!isObject(value)) return typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'undefined');
  const fields = Object.entries(value).map(([key, field]) => `${keyText(key)}: ${literal(field, inner)}`);
  if (fields.length === 0) return '{}';
  const line = `{ ${fields.join(', ')} }`;
  return fits(line) ? line : `{\n${fields.map((field) => `${inner}${field},\n`).join('')}${indent}}`;
}

function fits(line: string): boolean {
  return line.length <= widest && !line.includes('\n');
}

/** A text as a literal. JSON's form may hold nothing that ends it, nor a line. */
function quoted(text: string): string {
  const json = JSON.stringify(text);
  return /^"[^"'\\]*"$/.test(json) ? `'${json.slice(1, -1)}'` : json;
}

/** A text in a comment: one line that cannot end it. */
function plain(text: string): string {
  const line = text
    .slice(0, 400)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\s]+/gu, ' ')
    .replaceAll('*/', '* /')
    .trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
