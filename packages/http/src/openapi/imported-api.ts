/** What is read out of a document: a contract as data, with its schemas as JSON Schema. */
import type { Priority } from '@fwk/kernel';
import type { Content } from '../contract/content.js';
import type { Separators } from '../contract/list-separators.js';
import type { Method } from '../contract/operation.js';
import type { JsonSchema, JsonSchemaObject } from '../evolution/json-schema.js';
import type { Definitions } from '../json-schema/compiled-schemas.js';

/** See the head of this file. */
export interface ImportedApi {
  readonly name: string;
  readonly version: string;
  /** As the document says them. */
  readonly title: string;
  readonly titleVersion: string;
  readonly operations: readonly ImportedOperation[];
  /** What schemas refer to, as `#/$defs/Name`. */
  readonly definitions: Definitions;
  readonly notes: ImportNotes;
}

/** What is to be known about an imported contract. */
export interface ImportNotes {
  /** Where the provider is reached. The path of an address is part of the paths of the operations. */
  readonly servers: readonly ImportedServer[];
  /** How callers show who they are; it is for the client to do, by its `headers`. */
  readonly security: readonly SecurityScheme[];
  /** Parts of the document that have no contract, each with its place and the reason. */
  readonly leftOut: readonly ImportNote[];
  /** Names and versions that the document does not give in a form that contracts have, each with its place and what stands for it. */
  readonly named: readonly ImportNote[];
}

/** Something about one place of a document. */
export interface ImportNote {
  /** A pointer into the document: `#/paths/~1pets/get`. */
  readonly place: string;
  /** In words that follow the place. */
  readonly why: string;
}

/** An address of the provider. */
export interface ImportedServer {
  /** For `endpoints` of a client: `https://api.example.com`. */
  readonly url: string;
  /** The path that stands before those of the operations: `/v1`, or nothing. */
  readonly prefix: string;
  readonly description?: string;
}

/** One of the document's security schemes. */
export interface SecurityScheme {
  readonly name: string;
  /** `apiKey`, `http`, `mutualTLS`, `oauth2`, `openIdConnect`. */
  readonly type: string;
  /** Of `http`: `bearer`, `basic`, … */
  readonly scheme?: string;
  /** Of `apiKey`: where the key stands (`header`, `query`, `cookie`), and its name there. */
  readonly in?: string;
  readonly parameter?: string;
}

/** One operation. */
export interface ImportedOperation {
  readonly name: string;
  /** Where it stands in the document. */
  readonly place: string;
  readonly method: Method;
  /** As contracts write it: `/pets/:petId`. */
  readonly path: string;
  readonly summary?: string;
  readonly params?: ImportedFields;
  readonly query?: ImportedFields;
  readonly headers?: ImportedFields;
  readonly body?: ImportedBody;
  readonly response?: ImportedBody;
  readonly responses?: Readonly<Record<number, ImportedResponse>>;
  /** What the items of an answer are like, and those of a body, where a contract of ours streams them. */
  readonly stream?: JsonSchema;
  readonly bodyStream?: JsonSchema;
  readonly errors?: Readonly<Record<string, ImportedError>>;
  readonly idempotent?: boolean;
  readonly idempotencyKey?: true;
  readonly priority?: Priority;
  readonly timeoutMs?: number;
}

/** Params, a query or headers. */
export interface ImportedFields {
  readonly schema: JsonSchemaObject;
  readonly separators?: Separators;
}

/** A body. */
export interface ImportedBody extends Content {
  /** What JSON is like; of text and bytes nothing is said. */
  readonly schema: JsonSchema;
}

/** An answer. */
export interface ImportedResponse {
  readonly body?: ImportedBody;
  readonly headers?: ImportedFields;
}

/** An error that a contract of ours declared. */
export interface ImportedError {
  readonly status: number;
  readonly title: string;
  readonly type?: string;
  readonly data?: JsonSchema;
  readonly failure: boolean;
  readonly retryable: boolean;
}
