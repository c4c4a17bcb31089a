/**
 * One operation of a contract: method, path, schemas, and what is known about it. The functions only describe; what they
 * are given is checked when the contract is built, all at once.
 */
import type { Priority, StandardSchema } from '@fwk/kernel';
import type { ErrorSpecs } from './error-spec.js';
import type { StreamOf } from './item-stream.js';
import type { PathParameters } from './path-template.js';
import type { ResponseSpecs } from './response-spec.js';

/** Methods that an operation may have. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What is known about an operation. */
export interface OperationSpec {
  /** Validates the path's parameters, as an object of strings; required when the path has any. */
  readonly params?: StandardSchema;
  /** Validates the query, an object of strings and, where a name is repeated, lists of strings. */
  readonly query?: StandardSchema;
  /**
   * Validates headers, an object of strings by names in lower case. Of a schema that names its fields the others stay
   * away; any other is shown all headers.
   */
  readonly headers?: StandardSchema;
  /** Validates the body, which is JSON unless the schema is made by `bytes` or `text`. */
  readonly body?: StandardSchema;
  /**
   * Validates the answer, which becomes JSON. What the schema answers is sent, so unknown fields never leave the server,
   * and it must accept its own output again, since the client validates too. Without it the operation answers 204.
   */
  readonly response?: StandardSchema;
  /** The answer is a stream: validates each of its items, instead of `response`. {@link streamOf} says more than a schema. */
  readonly stream?: StandardSchema | StreamOf;
  /** The body is a stream: validates each of its items, instead of `body`. {@link upload} makes one of the bytes of a file. */
  readonly bodyStream?: StandardSchema | StreamOf;
  /**
   * Answers by status, 200 to 399, instead of `response`. Handlers answer `{ status, body, headers }`, and callers get the same,
   * told apart by `status`.
   * @example responses: { 200: Order, 202: { body: Ticket, headers: z.object({ location: z.string() }) }, 304: {} }
   */
  readonly responses?: ResponseSpecs;
  /**
   * Errors by name that handlers throw and callers catch as classes of the contract: `inventory.errors.OutOfStock`. An error
   * of one name is the same in all operations of a contract.
   * @example errors: { OutOfStock: { status: 409, data: z.object({ left: z.number() }) } }
   */
  readonly errors?: ErrorSpecs;
  /**
   * Whether doing it twice does no more than doing it once; clients then may try again.
   * @defaultValue true for GET, PUT, DELETE and with `idempotencyKey`; false for POST and PATCH
   */
  readonly idempotent?: boolean;
  /** The server does the operation once for each `Idempotency-Key` and requires one. @defaultValue false */
  readonly idempotencyKey?: boolean;
  /** How important calls are whose caller did not say. @defaultValue the caller's own, else 'default' */
  readonly priority?: Priority;
  /** How long one attempt may take, in milliseconds, for client and server. @defaultValue the client's `timeoutMs` */
  readonly timeoutMs?: number;
}

/** What only a running program knows of an operation, such as one out of a document: callers give and get values without types. */
export interface UntypedSpec extends OperationSpec {
  /** Only there for the compiler: it tells such a spec from one that says nothing. */
  readonly untyped?: never;
}

/** An operation with its types, as `get` and the others make it. */
export interface Operation<Spec extends OperationSpec = OperationSpec> {
  readonly method: Method;
  readonly path: string;
  readonly spec: Spec;
}

/** A path with parameters needs a schema that takes an object with exactly these. */
type ParamsFor<Path extends string> = [PathParameters<Path>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: StandardSchema & ShapedLike<PathParameters<Path>> };

interface ShapedLike<Names extends string> {
  readonly '~standard': { readonly types?: { readonly input: { readonly [Name in Names]: unknown } } | undefined };
}

type WithoutBody = Omit<OperationSpec, 'body' | 'bodyStream'> & { readonly body?: never; readonly bodyStream?: never };

/** Specs are optional only where the path needs none. */
type SpecArguments<Path extends string, Spec> = [PathParameters<Path>] extends [never]
  ? [spec?: Spec & ParamsFor<Path>]
  : [spec: Spec & ParamsFor<Path>];

function operation<Spec extends OperationSpec>(method: Method, path: string, spec: Spec | undefined): Operation<Spec> {
  return Object.freeze({ method, path, spec: Object.freeze({ ...spec }) as Spec });
}

/**
 * Reads; idempotent, without a body.
 * @example get('/stock/:sku', { params: Sku, response: Stock })
 */
export function get<const Path extends string, Spec extends WithoutBody = Record<never, never>>(
  path: Path,
  ...[spec]: SpecArguments<Path, Spec>
): Operation<Spec> {
  return operation<Spec>('GET', path, spec);
}

/**
 * Does something; not idempotent unless the spec says so or asks for an idempotency key.
 * @example post('/reservations', { body: Reservation, response: Receipt, idempotencyKey: true })
 */
export function post<const Path extends string, Spec extends OperationSpec = Record<never, never>>(
  path: Path,
  ...[spec]: SpecArguments<Path, Spec>
): Operation<Spec> {
  return operation<Spec>('POST', path, spec);
}

/** Replaces; idempotent. */
export function put<const Path extends string, Spec extends OperationSpec = Record<never, never>>(
  path: Path,
  ...[spec]: SpecArguments<Path, Spec>
): Operation<Spec> {
  return operation<Spec>('PUT', path, spec);
}

/** Changes a part; not idempotent unless the spec says so or asks for an idempotency key. */
export function patch<const Path extends string, Spec extends OperationSpec = Record<never, never>>(
  path: Path,
  ...[spec]: SpecArguments<Path, Spec>
): Operation<Spec> {
  return operation<Spec>('PATCH', path, spec);
}

/** Deletes; idempotent, without a body. */
export function del<const Path extends string, Spec extends WithoutBody = Record<never, never>>(
  path: Path,
  ...[spec]: SpecArguments<Path, Spec>
): Operation<Spec> {
  return operation<Spec>('DELETE', path, spec);
}
