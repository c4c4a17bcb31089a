/**
 * What a contract means to the two who stand at its ends. Callers give what schemas take in; handlers get what schemas
 * give out, and the other way round for answers.
 */
import type { CallRoute } from '@fwk/discovery';
import type { CallContext, InputOf, OutputOf, StandardSchema } from '@fwk/kernel';
import type { Contract, Operations } from './contract.js';
import type { ErrorOfSpecs, SpecsOf } from './error-types.js';
import type { Operation, OperationSpec } from './operation.js';
import type { ResponseSpecs } from './response-spec.js';
import type { AnswerGiven, AnswerReceived, ResponsesOf } from './response-types.js';

type OperationsOf<C> = C extends Contract<infer Ops> ? Ops : never;
type SpecOf<C, Op extends keyof OperationsOf<C>> = OperationsOf<C>[Op] extends Operation<infer Spec> ? Spec : never;
/** The schema of a part; never where there is none, also when all that is known of a spec is that it may have some. */
type Schema<Spec, Part extends keyof OperationSpec> = Part extends keyof Spec
  ? undefined extends Spec[Part]
    ? never
    : Extract<Spec[Part], StandardSchema>
  : never;
type Has<Spec, Part extends keyof OperationSpec> = [Schema<Spec, Part>] extends [never] ? false : true;

/** The names of a contract's operations. */
export type OperationName<C> = keyof OperationsOf<C> & string;

/** What the handler of an operation is given; parts without a schema are undefined. */
export interface Call<C, Op extends OperationName<C>> {
  readonly params: PartOutput<SpecOf<C, Op>, 'params'>;
  readonly query: PartOutput<SpecOf<C, Op>, 'query'>;
  /** What the headers schema gives out; without one all headers of the request. */
  readonly headers: Has<SpecOf<C, Op>, 'headers'> extends true ? PartOutput<SpecOf<C, Op>, 'headers'> : RequestHeaders;
  readonly body: PartOutput<SpecOf<C, Op>, 'body'>;
  /** Deadline, cancellation (the caller went away), trace, priority. Also `currentContext()`. */
  readonly context: CallContext;
  /** The caller's `Idempotency-Key`, where the operation has one. */
  readonly idempotencyKey: string | undefined;
}

/** Headers of a request by their names in lower case; what was sent several times is joined by commas. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

type PartOutput<Spec, Part extends keyof OperationSpec> =
  Has<Spec, Part> extends true ? OutputOf<Schema<Spec, Part>> : undefined;

/**
 * What a handler answers: whatever the response schema takes, nothing where there is none; `{ status, body, headers }` where
 * answers stand by their statuses.
 */
export type AnswerOf<C, Op extends OperationName<C>> =
  ResponsesOf<SpecOf<C, Op>> extends infer Responses extends ResponseSpecs
    ? AnswerGiven<Responses>
    : Has<SpecOf<C, Op>, 'response'> extends true
      ? InputOf<Schema<SpecOf<C, Op>, 'response'>>
      : // biome-ignore lint/suspicious/noConfusingVoidType: the return type of a handler, at one remove
        void;

/** What a class that serves the contract implements. */
export type Handlers<C> = {
  readonly [Op in OperationName<C>]: (call: Call<C, Op>) => Promise<AnswerOf<C, Op>> | AnswerOf<C, Op>;
};

/** What a caller gives: the parts that the operation has; a query or headers of optional fields may be left out. */
export type RequestOf<C, Op extends OperationName<C>> = Part<SpecOf<C, Op>, 'params'> &
  Part<SpecOf<C, Op>, 'query'> &
  Part<SpecOf<C, Op>, 'headers'> &
  Part<SpecOf<C, Op>, 'body'>;

type Part<Spec, Name extends 'params' | 'query' | 'headers' | 'body'> =
  Has<Spec, Name> extends false
    ? { readonly [N in Name]?: undefined }
    : Name extends 'query' | 'headers'
      ? Record<never, never> extends InputOf<Schema<Spec, Name>>
        ? { readonly [N in Name]?: InputOf<Schema<Spec, Name>> }
        : { readonly [N in Name]: InputOf<Schema<Spec, Name>> }
      : { readonly [N in Name]: InputOf<Schema<Spec, Name>> };

/**
 * What a caller gets: what the response schema gives out, undefined where there is none; `{ status, body, headers }` where answers
 * stand by their statuses.
 */
export type ResponseOf<C, Op extends OperationName<C>> =
  ResponsesOf<SpecOf<C, Op>> extends infer Responses extends ResponseSpecs
    ? AnswerReceived<Responses>
    : Has<SpecOf<C, Op>, 'response'> extends true
      ? OutputOf<Schema<SpecOf<C, Op>, 'response'>>
      : undefined;

/** The errors that an operation declares, as a union that `name` tells apart; see {@link isErrorOf}. */
export type ErrorOf<C, Op extends OperationName<C>> = ErrorOfSpecs<SpecsOf<SpecOf<C, Op>>>;

/** Options of one call. */
export interface CallOptions {
  /** Deadline, cancellation, trace and priority of the call. @defaultValue `currentContext()` */
  readonly context?: CallContext;
  /** Cancels the call too; costs some microseconds, so prefer the context where there is one. */
  readonly signal?: AbortSignal;
  /**
   * Names the logical action, for operations with `idempotencyKey`, so that a later call with the same key is not done
   * twice; 1 to 255 characters. @defaultValue a random UUID, the same for all attempts of this call
   */
  readonly idempotencyKey?: string;
  /**
   * Where this call wants to go: the key that hashes and sticky splits choose by, versions and tags, an instance to go to, and
   * those not to go to. @defaultValue wherever the client's policy sends it
   * @example client.stock({ params: { sku } }, { route: { key: userId } })
   */
  readonly route?: CallRoute;
}

/** A client of a contract: one method an operation. */
export type Client<C> = {
  readonly [Op in OperationName<C>]: (
    ...args: Record<never, never> extends RequestOf<C, Op>
      ? [request?: RequestOf<C, Op>, options?: CallOptions]
      : [request: RequestOf<C, Op>, options?: CallOptions]
  ) => Promise<ResponseOf<C, Op>>;
};

/** Any contract, for signatures that do not care which. */
export type AnyContract = Contract<Operations>;
