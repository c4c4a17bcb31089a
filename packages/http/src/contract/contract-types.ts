/**
 * What a contract means to the two who stand at its ends. Callers give what schemas take in; handlers get what schemas
 * give out, and the other way round for answers.
 */
import type { CallRoute } from '@fwk/discovery';
import type { CallContext, InputOf, OutputOf, StandardSchema } from '@fwk/kernel';
import type { Contract, Operations } from './contract.js';
import type { ErrorOfSpecs, SpecsOf } from './error-types.js';
import type { StreamOf } from './item-stream.js';
import type { Operation, OperationSpec, UntypedSpec } from './operation.js';
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

type StreamPart = 'stream' | 'bodyStream';
/** The schema of the items of a stream; never where there is none. */
type ItemSchema<Spec, Part extends StreamPart> = Part extends keyof Spec
  ? undefined extends Spec[Part]
    ? never
    : Spec[Part] extends StreamOf<infer Items>
      ? Items
      : Extract<Spec[Part], StandardSchema>
  : never;
type Streams<Spec, Part extends StreamPart> = [ItemSchema<Spec, Part>] extends [never] ? false : true;

/** Items that come one after another. */
export type Items<Item> = AsyncIterable<Item> | Iterable<Item>;

/**
 * A stream as its caller reads it, once. The call is made when the first item is asked for. Leaving the loop ends the stream, at
 * the server too.
 */
export interface ItemStream<Item> extends AsyncIterableIterator<Item>, AsyncDisposable {
  /** The id of the last item, from which a later call can go on (`{ lastEventId }`); undefined while there is none. */
  readonly lastEventId: string | undefined;
  /** Ends the stream. */
  return(): Promise<IteratorResult<Item, undefined>>;
  [Symbol.asyncIterator](): ItemStream<Item>;
}

/** The names of a contract's operations. */
export type OperationName<C> = keyof OperationsOf<C> & string;

/** What the handler of an operation is given; parts without a schema are undefined. */
export interface Call<C, Op extends OperationName<C>> {
  readonly params: PartOutput<SpecOf<C, Op>, 'params'>;
  readonly query: PartOutput<SpecOf<C, Op>, 'query'>;
  /** What the headers schema gives out; without one all headers of the request. */
  readonly headers: Has<SpecOf<C, Op>, 'headers'> extends true ? PartOutput<SpecOf<C, Op>, 'headers'> : RequestHeaders;
  /** Validated; of a `bodyStream` the items, each of which is validated when it is asked for. */
  readonly body: Streams<SpecOf<C, Op>, 'bodyStream'> extends true
    ? AsyncIterable<OutputOf<ItemSchema<SpecOf<C, Op>, 'bodyStream'>>>
    : PartOutput<SpecOf<C, Op>, 'body'>;
  /** Deadline, cancellation (the caller went away), trace, priority. Also `currentContext()`. */
  readonly context: CallContext;
  /** The caller's `Idempotency-Key`, where the operation has one. */
  readonly idempotencyKey: string | undefined;
  /** Of a stream: the id of the last item that the caller has, behind which it wants to go on. */
  readonly lastEventId: string | undefined;
}

/** Headers of a request by their names in lower case; what was sent several times is joined by commas. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

type PartOutput<Spec, Part extends keyof OperationSpec> =
  Has<Spec, Part> extends true ? OutputOf<Schema<Spec, Part>> : undefined;

/**
 * What a handler answers: whatever the response schema takes, or items that fit the stream's; nothing where there is neither;
 * `{ status, body, headers }` where answers stand by their statuses.
 */
export type AnswerOf<C, Op extends OperationName<C>> =
  Streams<SpecOf<C, Op>, 'stream'> extends true
    ? Items<InputOf<ItemSchema<SpecOf<C, Op>, 'stream'>>>
    : ResponsesOf<SpecOf<C, Op>> extends infer Responses extends ResponseSpecs
      ? AnswerGiven<Responses>
      : Has<SpecOf<C, Op>, 'response'> extends true
        ? InputOf<Schema<SpecOf<C, Op>, 'response'>>
        : // biome-ignore lint/suspicious/noConfusingVoidType: the return type of a handler, at one remove
          void;

/** What a class that serves the contract implements. */
export type Handlers<C> = {
  readonly [Op in OperationName<C>]: HandlerOf<C, Op>;
};

/**
 * A condition that always holds: it lets the compiler look at the contract before it looks at what the function returns, so that it
 * takes the status of an answer as it is written.
 */
type HandlerOf<C, Op extends OperationName<C>> = C extends unknown
  ? (call: Call<C, Op>) => Promise<AnswerOf<C, Op>> | AnswerOf<C, Op>
  : never;

/** What a caller gives: the parts that the operation has; a query or headers of optional fields may be left out. */
export type RequestOf<C, Op extends OperationName<C>> =
  IsUntyped<SpecOf<C, Op>> extends true
    ? { readonly [N in 'params' | 'query' | 'headers' | 'body']?: unknown }
    : Part<SpecOf<C, Op>, 'params'> &
        Part<SpecOf<C, Op>, 'query'> &
        Part<SpecOf<C, Op>, 'headers'> &
        (Streams<SpecOf<C, Op>, 'bodyStream'> extends true
          ? { readonly body: Items<InputOf<ItemSchema<SpecOf<C, Op>, 'bodyStream'>>> }
          : Part<SpecOf<C, Op>, 'body'>);

type IsUntyped<Spec> = keyof UntypedSpec extends keyof Spec ? true : false;

type Part<Spec, Name extends 'params' | 'query' | 'headers' | 'body'> =
  Has<Spec, Name> extends false
    ? { readonly [N in Name]?: undefined }
    : Name extends 'query' | 'headers'
      ? Record<never, never> extends InputOf<Schema<Spec, Name>>
        ? { readonly [N in Name]?: InputOf<Schema<Spec, Name>> }
        : { readonly [N in Name]: InputOf<Schema<Spec, Name>> }
      : { readonly [N in Name]: InputOf<Schema<Spec, Name>> };

/**
 * What a caller gets: what the response schema gives out, or the items of a stream; undefined where there is neither;
 * `{ status, body, headers }` where answers stand by their statuses.
 */
export type ResponseOf<C, Op extends OperationName<C>> =
  IsUntyped<SpecOf<C, Op>> extends true
    ? unknown
    : Streams<SpecOf<C, Op>, 'stream'> extends true
      ? ItemStream<OutputOf<ItemSchema<SpecOf<C, Op>, 'stream'>>>
      : ResponsesOf<SpecOf<C, Op>> extends infer Responses extends ResponseSpecs
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
  /** Of a stream with ids: the last item that is here already, behind which it is to go on. @defaultValue from its beginning */
  readonly lastEventId?: string;
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
  ) => Streams<SpecOf<C, Op>, 'stream'> extends true ? ResponseOf<C, Op> : Promise<ResponseOf<C, Op>>;
};

/** What a fallback answers instead of an operation: for a stream any items. */
export type FallbackOf<C, Op extends OperationName<C>> =
  Streams<SpecOf<C, Op>, 'stream'> extends true
    ? Items<OutputOf<ItemSchema<SpecOf<C, Op>, 'stream'>>>
    : ResponseOf<C, Op>;

/** Any contract, for signatures that do not care which. */
export type AnyContract = Contract<Operations>;
