import type { Endpoint, MountedContract } from '@fwk/discovery';
import {
  type CallContext,
  type ContextEntry,
  type Counter,
  idempotentKey,
  type Lasting,
  operationKey,
  type Priority,
  priorityKey,
  problemType,
  type TimeLimits,
} from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import { contentTypeOf, jsonContent } from '../contract/content.js';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { pathBuilder } from '../contract/path-template.js';
import type { AnswerPlans } from '../contract/response-spec.js';
import { typeOfFormat } from '../stream/item-format.js';
import { marked } from '../stream/item-writer.js';
import { headerNames } from '../wire/headers.js';
import type { WireHeaders } from '../wire/wire-headers.js';
import type { Attempt } from './attempt.js';
import type { RequestSigner } from './request-to-sign.js';

/** What travels through a client's stack: one logical call, validated and ready to be written. */
export interface OperationRequest {
  readonly operation: ClientOperation;
  /** With its query. */
  readonly path: string;
  readonly body: string | Uint8Array | undefined;
  /** The body where it is a stream. */
  readonly bodyItems?: StreamedItems | undefined;
  /** Names in lower case and values in turn: the operation's, the client's and the call's. */
  readonly headers: readonly string[];
  /** As the header says it; the same for all attempts. */
  readonly idempotencyKey: string | undefined;
  /** What the caller gave, for fallbacks. */
  readonly given: unknown;
  /** Signs it in front of the connection. */
  readonly sign?: RequestSigner | undefined;
  /** Set where the answer is not to be read here but passed on. */
  readonly forwarded?: Forwarded;
}

/** A body that is sent item by item. */
export interface StreamedItems {
  /** Whether some of it may have been sent: then it cannot be sent again. */
  readonly taken: boolean;
  /** The pieces to send. @param fail - ends the attempt with an error of the body's own, or with a limit of time */
  pieces(fail: (error: Error) => void, limits: TimeLimits, sent: Counter): AsyncIterable<Uint8Array>;
  /** The attempt is over. */
  end(): void;
}

/** A request that goes on the wire as it came, and whose answer goes to whoever sent it. */
export interface Forwarded {
  readonly method: string;
  readonly body: Dispatcher.DispatchOptions['body'];
  /** Longest time between two pieces of the answer's body, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** Makes the handler of one attempt. @param url - base URL of the endpoint */
  attempt(
    url: string,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ): PooledAttempt;
}

/** An attempt over HTTP, as a handler that undici can call. */
export interface PooledAttempt extends Attempt, Dispatcher.DispatchHandler {
  /** The connection that it uses, until its answer is complete or it has failed. */
  connection: ConnectionUse | undefined;
}

/** The use of a connection by one attempt. */
export interface ConnectionUse {
  /** The answer of the attempt is complete. */
  answered(): void;
  /** The attempt failed. @param lost - whether the connection was lost under it, and not closed because its caller gave up */
  failed(lost: boolean): void;
}

/** What comes back through it. */
export interface OperationResponse extends Partial<Lasting> {
  /** 0 for the answer of a fallback. */
  readonly status: number;
  readonly value: unknown;
}

/** An operation as a client works with it: everything that is the same for all its calls. */
export interface ClientOperation {
  readonly plan: OperationPlan<string>;
  /** Of which it is an operation; undefined where its path is the server's own, whatever is mounted there. */
  readonly contract: MountedContract | undefined;
  /** What the spans of its attempts are called: `GET /stock/{sku}`. */
  readonly attemptName: string;
  readonly buildPath: ReturnType<typeof pathBuilder>;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly idempotent: ContextEntry<boolean>;
  readonly name: ContextEntry<string>;
  readonly priority: ContextEntry<Priority> | undefined;
  /** Its encoding for Mux, filled in when it is first needed. */
  readonly forMux: { encoded: EncodedOperation | undefined };
}

/** What all calls of an operation have in common on Mux, encoded. */
export interface EncodedOperation {
  /** Such as `/inventory/stock`, preceded by its length. */
  readonly destination: Uint8Array;
  /** The headers that all its calls carry. */
  readonly headers: { readonly count: number; readonly bytes: Uint8Array };
  /** Its path, where that is the same for all calls. */
  readonly path: string | undefined;
}

/**
 * @param caller - name of the calling service, sent along.
 * @param own - headers of the client that are always the same.
 * @param contract - of which it is an operation.
 */
export function clientOperation(
  plan: OperationPlan<string>,
  caller: string | undefined,
  own: WireHeaders = {},
  contract?: MountedContract,
): ClientOperation {
  return {
    plan,
    contract,
    attemptName: plan.template.route === '' ? plan.method : `${plan.method} ${plan.template.route}`,
    buildPath: pathBuilder(plan.template),
    headers: [
      'accept',
      plan.stream ? `${typeOfFormat(plan.stream.as)}, ${problemType}` : acceptOf(plan.answers),
      ...(plan.stream ? [headerNames.stream, marked] : []),
      ...(plan.bodyStream ? ['content-type', typeOfBody(plan.bodyStream)] : []),
      ...(plan.body
        ? ['content-type', plan.content.kind === 'json' ? plan.content.type : contentTypeOf(plan.content)]
        : []),
      ...(caller === undefined ? [] : [headerNames.caller, caller]),
      ...Object.entries(own).flat(),
    ],
    idempotent: idempotentKey.of(plan.idempotent),
    name: operationKey.of(plan.id),
    priority: plan.priority && priorityKey.of(plan.priority),
    forMux: { encoded: undefined },
  };
}

/** The path of a request at an endpoint over HTTP, with its query: below the path where its contract is mounted there. */
export function pathAt({ mounts }: Pick<Endpoint, 'mounts'>, { operation, path }: OperationRequest): string {
  return mounts && operation.contract ? mounts.pathOf(operation.contract) + path : path;
}

/** How the body stands on the wire. */
function typeOfBody({ content }: StreamPlan): string {
  return content.kind === 'bytes' ? contentTypeOf(content) : typeOfFormat('ndjson');
}

/** Errors are problem documents, whatever an answer is. */
function acceptOf(answers: AnswerPlans | undefined): string {
  const types = answers ? [...answers.byStatus.values()].map(({ content }) => content.type) : [jsonContent.type];
  return [...new Set([...types, problemType])].join(', ');
}
