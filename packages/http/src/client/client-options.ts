import type { Balancer, EjectionOptions, Endpoint, Memberships } from '@fwk/discovery';
import {
  callable,
  checkOptions,
  type Env,
  integerIn,
  type Live,
  millisecondsIn,
  optional,
  type Rule,
  text,
} from '@fwk/kernel';
import type { BreakerOptions, FailedCall, FallbackValue, RetryOptions } from '@fwk/resilience';
import type { AnyContract, OperationName, Request, Response } from '../contract/contract-types.js';

/**
 * Answers instead of an operation that failed for good: a function, or `{ value }` for a plain value. Throwing the error it
 * was given says that it does not want to.
 */
export type OperationFallbacks<C> = {
  readonly [Op in OperationName<C>]?:
    | ((error: unknown, call: FailedCall<readonly [Request<C, Op>]>) => Promise<Response<C, Op>> | Response<C, Op>)
    | (FallbackValue & { readonly value: Response<C, Op> });
};

/** Options of a client. */
export interface ClientOptions<C = AnyContract> {
  /** Service that is called. @defaultValue the contract's name */
  readonly service: string | undefined;
  /** Base URLs such as `http://127.0.0.1:4001`, instead of discovery. */
  readonly endpoints: readonly string[] | undefined;
  /** Time for one attempt at operations whose contract does not say, 1 to 3 600 000 milliseconds. @defaultValue 1000 */
  readonly timeoutMs: number | Live<number>;
  /** Time for the whole call, retries included, 1 to 2^31 − 1 milliseconds. @defaultValue 10000 */
  readonly deadlineMs: number | Live<number>;
  /** Options of the retry layer, its budget included, or false for none. @defaultValue the layer's defaults */
  readonly retry: Partial<RetryOptions> | false;
  /**
   * Options of the breakers of each endpoint, one an operation and one for whether it can be reached; or false for none.
   * @defaultValue {@link endpointBreakerDefaults}
   */
  readonly breaker: Partial<BreakerOptions> | false;
  /** How an endpoint is chosen. @defaultValue power of two choices over peak EWMA */
  readonly balancer: (() => Balancer) | undefined;
  /** When endpoints are no longer picked, or false for never. @defaultValue the balancer's defaults */
  readonly ejection: Partial<EjectionOptions> | false | undefined;
  /** Answers instead of operations that failed. @defaultValue none */
  readonly fallback: OperationFallbacks<C> | undefined;
  /** Largest answer that is read, 1 to 1 073 741 824 bytes. @defaultValue 10485760 */
  readonly maxAnswerBytes: number;
  /** Connections to each endpoint, 1 to 10 000; further calls wait for a free one. @defaultValue 256 */
  readonly maxConnections: number;
  /**
   * How long making a connection may take, TLS included, 1 to 60 000 milliseconds. A call that waits for one was not sent, so
   * it is tried elsewhere whatever it does. @defaultValue half of `timeoutMs`, at most 1000
   */
  readonly connectTimeoutMs: number | undefined;
}

/** Defaults of {@link ClientOptions}. */
export const clientDefaults = Object.freeze({
  service: undefined,
  endpoints: undefined,
  timeoutMs: 1000,
  deadlineMs: 10_000,
  retry: Object.freeze({}),
  breaker: Object.freeze({}),
  balancer: undefined,
  ejection: undefined,
  fallback: undefined,
  maxAnswerBytes: 10_485_760,
  maxConnections: 256,
  connectTimeoutMs: undefined,
}) satisfies ClientOptions;

/**
 * What the breakers of one endpoint have instead of the layer's own defaults: trying one endpoint of several again is
 * cheap, and a client of only one endpoint should not stay away long after it is back.
 */
export const endpointBreakerDefaults = Object.freeze({ openMs: 1000, maxOpenMs: 5000 });

const object: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
const objectOrFalse: Rule = (value) => (value === false ? undefined : object(value) && 'an object, or false');
const urls: Rule = (value) => (Array.isArray(value) && value.length > 0 ? undefined : 'a list of base URLs');

/**
 * Checks a client's own options; those of its layers are checked when the layers are made.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkClientOptions<C>(
  contract: AnyContract,
  options: Partial<ClientOptions<C>> | undefined,
): ClientOptions<C> {
  return checkOptions<ClientOptions<C>>(`client of "${contract.name}"`, options, clientDefaults, {
    service: optional(text),
    endpoints: optional(urls),
    timeoutMs: millisecondsIn(1, 3_600_000),
    deadlineMs: millisecondsIn(1),
    retry: objectOrFalse,
    breaker: objectOrFalse,
    balancer: optional(callable),
    ejection: optional(objectOrFalse),
    fallback: optional(object),
    maxAnswerBytes: integerIn(1, 1_073_741_824),
    maxConnections: integerIn(1, 10_000),
    connectTimeoutMs: optional(millisecondsIn(1, 60_000)),
  });
}

/** What a client without a container is given beside its options. */
export interface ClientParts {
  /** Where instances are known from, when there are no `endpoints`. */
  readonly memberships?: Pick<Memberships, 'of' | 'settled'> | undefined;
  /** @defaultValue the process's own, nothing recorded */
  readonly env?: Partial<Env> | undefined;
  /** Name of the calling service, sent along. */
  readonly caller?: string | undefined;
}

/** Where a client's endpoints come from. */
export interface EndpointSource {
  readonly endpoints: Live<readonly Endpoint[]>;
  /** Settles when the first list is known; undefined where it always is. */
  readonly settled: Memberships['settled'] | undefined;
}
