/** A contract out of a document of OpenAPI, at run time. */
import { bytes, text } from '../contract/content.js';
import { type Contract, contract } from '../contract/contract.js';
import type { ErrorSpecs } from '../contract/error-spec.js';
import type { Operation, UntypedSpec } from '../contract/operation.js';
import type { ResponseSpecs } from '../contract/response-spec.js';
import { type JsonSchemas, jsonSchemas } from '../json-schema/json-schemas.js';
import { type ImportOptions, importApi } from './import-api.js';
import type {
  ImportedApi,
  ImportedBody,
  ImportedError,
  ImportedFields,
  ImportedOperation,
  ImportedResponse,
  ImportNotes,
} from './imported-api.js';

/** By their names. */
export type UntypedOperations = Readonly<Record<string, Operation<UntypedSpec>>>;

/** What {@link contractFromOpenApi} answers. */
export interface ImportedContract extends ImportNotes {
  /** Its values have no types here; `fwk-contract import` writes a module that has them. */
  readonly contract: Contract<UntypedOperations>;
}

/**
 * Makes a contract of a document of OpenAPI 3.0, 3.1 or 3.2. Values are validated by the schemas of the document. What a contract cannot
 * say is left out and listed, and the rest is usable. Nothing is fetched.
 * @param document - the document as data; {@link readOpenApi} reads its text.
 * @throws OpenApiError `FWK_HTTP_OPENAPI_INVALID` for a document that gives no contract.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID` for a name or version that a contract cannot have.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const { contract, leftOut } = contractFromOpenApi(await readOpenApi(await readFile('petstore.yaml', 'utf8')));
 */
export function contractFromOpenApi(document: unknown, options?: ImportOptions): ImportedContract {
  const api = importApi(document, options);
  return Object.freeze({ contract: contractOf(api), ...api.notes });
}

/** @throws ContractError `FWK_HTTP_CONTRACT_INVALID` */
export function contractOf({ name, version, operations, definitions }: ImportedApi): Contract<UntypedOperations> {
  const maker = new OperationMaker(jsonSchemas(definitions));
  const made = operations.map((operation) => [operation.name, maker.operation(operation)] as const);
  return contract(name, { version, operations: Object.fromEntries(made) });
}

class OperationMaker {
  readonly #schemas: JsonSchemas;
  /** One error has one schema, in whichever operation. */
  readonly #data = new Map<string, ReturnType<JsonSchemas['json']>>();

  constructor(schemas: JsonSchemas) {
    this.#schemas = schemas;
  }

  operation({ method, path, ...given }: ImportedOperation): Operation<UntypedSpec> {
    const { params, query, headers, body, bodyStream, response, responses, stream, errors } = given;
    const { idempotent, idempotencyKey, priority, timeoutMs } = given;
    const spec: UntypedSpec = {
      ...(params && { params: this.#fields(params) }),
      ...(query && { query: this.#fields(query) }),
      ...(headers && { headers: this.#fields(headers) }),
      ...(body && { body: this.#body(body) }),
      ...(response && { response: this.#body(response) }),
      ...(bodyStream !== undefined && { bodyStream: this.#schemas.json(bodyStream) }),
      ...(stream !== undefined && { stream: this.#schemas.json(stream) }),
      ...(responses && { responses: this.#responses(responses) }),
      ...(errors && { errors: this.#errors(errors) }),
      ...(idempotent !== undefined && { idempotent }),
      ...(idempotencyKey && { idempotencyKey }),
      ...(priority && { priority }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    return Object.freeze({ method, path, spec: Object.freeze(spec) });
  }

  #fields({ schema, separators }: ImportedFields) {
    return this.#schemas.fields<Readonly<Record<string, unknown>>>(schema, separators);
  }

  #body({ kind, type, schema }: ImportedBody) {
    if (kind === 'json') return this.#schemas.json(schema);
    return kind === 'text' ? text(type) : bytes(type);
  }

  #responses(responses: Readonly<Record<number, ImportedResponse>>): ResponseSpecs {
    const made = Object.entries(responses).map(([status, { body, headers }]) => {
      return [status, { ...(body && { body: this.#body(body) }), ...(headers && { headers: this.#fields(headers) }) }];
    });
    return Object.fromEntries(made);
  }

  #errors(errors: Readonly<Record<string, ImportedError>>): ErrorSpecs {
    const made = Object.entries(errors).map(([name, { data, ...error }]) => {
      return [name, { ...error, ...(data !== undefined && { data: this.#dataOf(name, data) }) }];
    });
    return Object.fromEntries(made);
  }

  #dataOf(name: string, schema: NonNullable<ImportedError['data']>) {
    const known = this.#data.get(name) ?? this.#schemas.json(schema);
    this.#data.set(name, known);
    return known;
  }
}
