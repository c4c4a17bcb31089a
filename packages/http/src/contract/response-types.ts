/** The types of answers by status. */
import type { InputOf, OutputOf, StandardSchema } from '@fwk/kernel';
import type { ResponseSpecs } from './response-spec.js';

/** The answers of an operation by status; undefined where it has one at most. */
export type ResponsesOf<Spec> = Spec extends { readonly responses: infer Responses extends ResponseSpecs }
  ? Responses
  : undefined;

/** What a handler answers: one of these. */
export type AnswerGiven<Responses> = {
  readonly [Status in keyof Responses & number]: Answer<
    Status,
    Given<BodyIn<Responses[Status]>>,
    Given<HeadersIn<Responses[Status]>>
  >;
}[keyof Responses & number];

/** What a caller gets: one of these. */
export type AnswerReceived<Responses> = {
  readonly [Status in keyof Responses & number]: {
    readonly status: Status;
    readonly body: Received<BodyIn<Responses[Status]>>;
    readonly headers: Received<HeadersIn<Responses[Status]>>;
  };
}[keyof Responses & number];

/** Parts without a schema, and headers that may all be absent, need not be given. */
type Answer<Status, Body, Headers> = { readonly status: Status } & (undefined extends Body
  ? { readonly body?: Body }
  : { readonly body: Body }) &
  (undefined extends Headers
    ? { readonly headers?: undefined }
    : Record<never, never> extends Headers
      ? { readonly headers?: Headers }
      : { readonly headers: Headers });

type BodyIn<Response> =
  Response extends StandardSchema<unknown, unknown>
    ? Response
    : Response extends { readonly body: infer Body }
      ? Body
      : undefined;
type HeadersIn<Response> =
  Response extends StandardSchema<unknown, unknown>
    ? undefined
    : Response extends { readonly headers: infer Headers }
      ? Headers
      : undefined;
type Given<Schema> = [Schema] extends [undefined] ? undefined : InputOf<Schema>;
type Received<Schema> = [Schema] extends [undefined] ? undefined : OutputOf<Schema>;
