/** A contract as plain data: what a later version is compared with, and what can be kept in a file beside a release. */
import type { AnyContract } from '../contract/contract-types.js';
import type { ErrorPlan } from '../contract/error-spec.js';
import type { StreamPlan } from '../contract/item-stream.js';
import type { AnswerPlans } from '../contract/response-spec.js';
import { describeSchema, type SchemaDescription } from './json-schema.js';

/** See the head of this file. */
export interface ContractDescription {
  readonly kind: 'fwk.contract-description';
  readonly name: string;
  readonly version: string;
  readonly operations: Readonly<Record<string, OperationDescription>>;
}

/** One operation. */
export interface OperationDescription {
  readonly method: string;
  /** As it is written in the contract: `/stock/:sku`. */
  readonly path: string;
  readonly params?: SchemaDescription;
  readonly query?: SchemaDescription;
  readonly headers?: SchemaDescription;
  readonly body?: SchemaDescription;
  readonly response?: SchemaDescription;
  /** Where the answer is a stream. */
  readonly stream?: StreamDescription;
  /** Where the body is a stream. */
  readonly bodyStream?: StreamDescription;
  /** Its answers by status, where it has several. */
  readonly responses?: Readonly<Record<string, ResponseDescription>>;
  /** The errors that it declares, by name. */
  readonly errors?: Readonly<Record<string, ErrorDescription>>;
  readonly idempotent: boolean;
  readonly idempotencyKey: boolean;
  readonly priority?: string;
  readonly timeoutMs?: number;
}

/** A stream. A time without a limit is not there. */
export interface StreamDescription {
  readonly items: SchemaDescription;
  readonly as: string;
  /** Whether it can be gone on with behind an item. */
  readonly resumable: boolean;
  readonly idleMs?: number;
  readonly totalMs?: number;
  readonly heartbeatMs?: number;
  readonly maxItemBytes: number;
}

/** One answer. */
export interface ResponseDescription {
  readonly body?: SchemaDescription;
  readonly headers?: SchemaDescription;
}

/** One error. */
export interface ErrorDescription {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly data?: SchemaDescription;
  /** Whether it counts against the callee. */
  readonly failure: boolean;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
}

/** The parts of a request that have schemas. */
export const requestParts = ['params', 'query', 'headers', 'body'] as const;

/** Describes a contract; a description is answered as it is. */
export function describeContract(contract: AnyContract | ContractDescription): ContractDescription {
  if (contract.kind === 'fwk.contract-description') return contract;
  const { name, version, plans } = contract;
  const operations = plans.map((plan) => {
    const described = ([...requestParts, 'response'] as const).flatMap((part) => {
      const schema = plan[part];
      return schema ? [[part, describeSchema(schema)] as const] : [];
    });
    const { stream, bodyStream } = plan;
    const { method, template, answers, errors, idempotent, idempotencyKey, priority, timeoutMs } = plan;
    const operation: OperationDescription = {
      method,
      path: template.path,
      ...Object.fromEntries(described),
      ...(stream && { stream: describeStream(stream) }),
      ...(bodyStream && { bodyStream: describeStream(bodyStream) }),
      ...(answers && !answers.bare && { responses: describeResponses(answers) }),
      ...(errors && { errors: Object.fromEntries(errors.map((error) => [error.name, describeError(error)])) }),
      idempotent,
      idempotencyKey,
      ...(priority !== undefined && { priority }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    return [plan.name, operation] as const;
  });
  return { kind: 'fwk.contract-description', name, version, operations: Object.fromEntries(operations) };
}

function describeStream({ schema, as, id, idleMs, totalMs, heartbeatMs, maxItemBytes }: StreamPlan): StreamDescription {
  return {
    items: describeSchema(schema),
    as,
    resumable: id !== undefined,
    ...(Number.isFinite(idleMs) && { idleMs }),
    ...(Number.isFinite(totalMs) && { totalMs }),
    ...(Number.isFinite(heartbeatMs) && { heartbeatMs }),
    maxItemBytes,
  };
}

function describeResponses({ byStatus }: AnswerPlans): Readonly<Record<string, ResponseDescription>> {
  const responses = [...byStatus].map(([status, { body, headers }]) => {
    const response: ResponseDescription = {
      ...(body && { body: describeSchema(body) }),
      ...(headers && { headers: describeSchema(headers) }),
    };
    return [status, response] as const;
  });
  return Object.fromEntries(responses);
}

function describeError({ status, type, title, data, traits }: ErrorPlan): ErrorDescription {
  const { outcome, retryable = false } = traits(undefined);
  return {
    status,
    type,
    title,
    ...(data && { data: describeSchema(data) }),
    failure: outcome !== 'ignored',
    retryable,
  };
}
