import type { Health, Topology, Usage } from '@fwk/core';
import type { AppCaller, Endpoint, Memberships } from '@fwk/discovery';
import {
  anything,
  callable,
  checkOptions,
  type Env,
  flag,
  integerIn,
  type Live,
  millisecondsIn,
  optional,
  type PolicyFlags,
  type Rule,
  type Stack,
  text,
} from '@fwk/kernel';
import {
  type BreakerOptions,
  type ClientPolicyOptions,
  type FailedCall,
  type FallbackValue,
  type OperationPolicyOptions,
  type PolicyOptions,
  type PolicyRegistry,
  policyFields,
  type RetryOptions,
} from '@fwk/resilience';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { type CompressionOptions, checkCompression } from '../coding/compression-options.js';
import type { AnyContract, FallbackOf, OperationName, RequestOf, ResponseOf } from '../contract/contract-types.js';
import type { LocalEndpoint } from '../local/local-endpoint.js';
import type { LocalGroup } from '../local/local-group.js';
import type { ClientProxy } from '../proxy/client-proxy.js';
import type { AlternativeOptions } from './alternatives.js';
import type { Credentials } from './client-credentials.js';
import { type ClientFields, clientFields } from './client-fields.js';
import type { ClientHeaders } from './client-headers.js';
import type { ClientTls } from './client-tls.js';

/**
 * Answers instead of an operation that failed for good: a function, or `{ value }` for a plain value. Throwing the error it
 * was given says that it does not want to.
 */
export type OperationFallbacks<C> = {
  readonly [Op in OperationName<C>]?:
    | ((
        error: unknown,
        call: FailedCall<readonly [RequestOf<C, Op>]>,
      ) => Promise<FallbackOf<C, Op>> | FallbackOf<C, Op>)
    | (FallbackValue & { readonly value: FallbackOf<C, Op> });
};

/** What the answers of operations cost. */
export type OperationCostsOf<C> = {
  readonly [Op in OperationName<C>]?: number | ((answer: ResponseOf<C, Op>) => number);
};

/** The layers of a client, which may be added to by role. */
export type ClientLayers = Stack<OperationRequest, OperationResponse>;

/**
 * Options of a client. Those of its layers are the options of a policy: they lie over the named policy that it follows, which
 * lies over the policies' defaults and what is in force by itself.
 */
export interface ClientOptions<C = AnyContract> extends Omit<ClientPolicyOptions, 'fallback'>, ClientFields {
  /** Service that is called. @defaultValue the contract's name */
  readonly service: string | undefined;
  /** Named policy that it follows, also while there is none of that name yet. @defaultValue the service's name */
  readonly policy: string | undefined;
  /**
   * Base URLs such as `http://127.0.0.1:4001`, or Unix sockets as `unix:/run/inventory.sock`, instead of discovery;
   * `mux://127.0.0.1:4001` for a server that speaks only Mux. Where a URL has a path (`http://127.0.0.1:4001/api`) all operations are
   * below it.
   */
  readonly endpoints: readonly string[] | undefined;
  /**
   * Time for one attempt at operations whose contract does not say, 1 to 2^31 − 1 milliseconds; false for no limit.
   * @defaultValue 1000
   */
  readonly timeoutMs: number | Live<number> | false;
  /**
   * Time for the whole call, retries included, 1 to 2^31 − 1 milliseconds; false for no limit. @defaultValue 10000
   */
  readonly deadlineMs: number | Live<number> | false;
  /** Options of the retry layer, its budget included, or false for none. @defaultValue the layer's defaults */
  readonly retry: Partial<RetryOptions> | false;
  /**
   * Options of the breakers of each endpoint, one an operation and one for whether it can be reached; or false for none.
   * @defaultValue {@link endpointBreakerDefaults}
   */
  readonly breaker: Partial<BreakerOptions> | false;
  /**
   * Adds layers of your own round each call, by the roles of those that are there: telemetry, the policy's (also where no
   * option asks for them), `keyed-attempts` and `balance`. @defaultValue none
   * @example (layers) => layers.before('retry', audit)
   */
  readonly layers: ((layers: ClientLayers) => ClientLayers) | undefined;
  /** The same in front of each endpoint. @defaultValue none */
  readonly endpointLayers: ((layers: ClientLayers) => ClientLayers) | undefined;
  /**
   * Calls over TLS and never in clear, with whom it trusts and what it shows of itself. @defaultValue https for instances that
   * announce it and for `https:` endpoints, with the authorities that Node trusts
   */
  readonly tls: ClientTls | undefined;
  /**
   * Further providers of the same contract, asked in this order when the one before cannot answer. Each has a name and the options of a
   * client; limits of time, fallback and cache of this client hold for all. @defaultValue none
   */
  readonly alternatives: readonly AlternativeOptions[] | undefined;
  /**
   * What an answer costs, by operation: a number from 0 on, or a function of the answer (of a stream a number); in
   * one unit of yours for all. Shown in usage and
   * as the metric `http.client.cost`. @defaultValue nothing
   * @example { pay: 0.25, complete: ({ tokens }) => tokens * 0.00002 }
   */
  readonly costs: OperationCostsOf<C> | undefined;
  /** Answers instead of operations that failed. @defaultValue none */
  readonly fallback: OperationFallbacks<C> | undefined;
  /**
   * Headers of all requests, or a function that answers those of each attempt, such as a credential. With a function, cache
   * and coalesce need a `keyOf` of their own. What a call itself gives, and what the framework writes, stays as it is.
   * @defaultValue none
   */
  readonly headers: ClientHeaders | undefined;
  /** How long the headers function may take, 1 to 60 000 milliseconds; the call's own end may come first. @defaultValue 2000 */
  readonly headersTimeoutMs: number;
  /**
   * What proves to the callee who calls: `bearer`, `basic`, `apiKey`, `clientCredentials` or `signing` of `@fwk/http/credentials`. Each
   * attempt carries it; a 401 is answered by one refresh and one more attempt. Only over TLS or on this machine. @defaultValue none
   */
  readonly credentials: Credentials | undefined;
  /**
   * The proxy to `endpoints`: `'environment'` for what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say when the client is made, the URL of
   * one, or false. @defaultValue false
   */
  readonly proxy: ClientProxy;
  /**
   * Whether the baggage of the call that a call is made in goes along; see `@fwk/core`. @defaultValue to instances that are found by
   * discovery, and not to `endpoints`, which may be somebody else's
   */
  readonly baggage: boolean | undefined;
  /** Largest answer that is read, 1 to 1 073 741 824 bytes. @defaultValue 10485760 */
  readonly maxAnswerBytes: number;
  /**
   * Asks for compressed answers, over HTTP. Answers that come compressed are read in any case, within `maxAnswerBytes` and
   * `maxRatio`. @defaultValue not asked for
   */
  readonly compression: Partial<CompressionOptions> | undefined;
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
  policy: undefined,
  endpoints: undefined,
  wire: 'auto',
  timeoutMs: 1000,
  deadlineMs: 10_000,
  retry: Object.freeze({}),
  breaker: Object.freeze({}),
  layers: undefined,
  endpointLayers: undefined,
  tls: undefined,
  balancer: 'p2c',
  ejection: Object.freeze({}),
  routing: Object.freeze({}),
  alternatives: undefined,
  costs: undefined,
  fallback: undefined,
  headers: undefined,
  headersTimeoutMs: 2000,
  credentials: undefined,
  proxy: false,
  baggage: undefined,
  maxAnswerBytes: 10_485_760,
  compression: undefined,
  maxConnections: 256,
  connectTimeoutMs: undefined,
}) satisfies ClientOptions;

/**
 * What the breakers of one endpoint have instead of the layer's own defaults: trying one endpoint of several again is
 * cheap, and a client of only one endpoint should not stay away long after it is back.
 */
export const endpointBreakerDefaults = Object.freeze({ openMs: 1000, maxOpenMs: 5000 });

const object: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
const prices: Rule = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every(
    (each) => each === undefined || typeof each === 'function' || (Number.isFinite(each) && each >= 0),
  )
    ? undefined
    : 'an object of operations, each with a number from 0 on or a function of the answer';
const urls: Rule = (value) => (Array.isArray(value) && value.length > 0 ? undefined : 'a list of base URLs');

type ClientPolicyField = Exclude<keyof ClientPolicyOptions, 'fallback'> | keyof ClientFields;

/** Options of a client that are those of a policy. The policy checks them; fallbacks are given by operation. */
const clientPolicyFields: readonly ClientPolicyField[] = [
  ...policyFields('call', 'endpoint').filter((field) => field !== 'fallback'),
  ...clientFields.map(({ name }) => name as keyof ClientFields),
];

/** Options of a client, parted by who reads them. */
export interface CheckedClientOptions<C> {
  readonly own: Omit<ClientOptions<C>, keyof PolicyOptions>;
  /** As given, with the fallbacks of operations among the options of operations. */
  readonly policy: PolicyOptions;
}

/**
 * Checks a client's own options; those of its layers are checked with the policy that they lie over.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkClientOptions<C>(owner: string, options: Partial<ClientOptions<C>> = {}): CheckedClientOptions<C> {
  const ofPolicy = Object.fromEntries(clientPolicyFields.map((field) => [field, anything])) as Record<
    ClientPolicyField,
    Rule
  >;
  const checked = checkOptions<ClientOptions<C>>(owner, options, clientDefaults, {
    ...ofPolicy,
    service: optional(text),
    policy: optional(text),
    endpoints: optional(urls),
    layers: optional(callable),
    endpointLayers: optional(callable),
    tls: anything,
    // Checked by `makeAlternatives`, since their options may hold secrets.
    alternatives: anything,
    costs: optional(prices),
    fallback: optional(object),
    // Checked by `constantHeaders`, whose messages never show a value.
    headers: anything,
    headersTimeoutMs: millisecondsIn(1, 60_000),
    // Checked by `boundCredentials` and `proxyChoice`, whose messages show no secret.
    credentials: anything,
    proxy: anything,
    baggage: optional(flag),
    maxAnswerBytes: integerIn(1, 1_073_741_824),
    compression: optional(anything),
    maxConnections: integerIn(1, 10_000),
    connectTimeoutMs: optional(millisecondsIn(1, 60_000)),
  });
  const given = Object.fromEntries(
    clientPolicyFields.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
  ) as PolicyOptions;
  if (checked.compression) checkCompression(owner, checked.compression);
  return { own: checked, policy: withFallbacks(given, checked.fallback) };
}

function withFallbacks(policy: PolicyOptions, fallbacks: object | undefined): PolicyOptions {
  const entries = Object.entries(fallbacks ?? {}).filter(([, fallback]) => fallback !== undefined);
  if (entries.length === 0) return policy;
  const operations: Record<string, OperationPolicyOptions> = { ...policy.operations };
  for (const [name, fallback] of entries) operations[name] = { fallback, ...operations[name] };
  return { ...policy, operations };
}

/** What a client without a container is given beside its options. */
export interface ClientParts {
  /** Where instances are known from, when there are no `endpoints`; and where what clients measure is shown. */
  readonly memberships?: (Pick<Memberships, 'of' | 'settled'> & Partial<Pick<Memberships, 'monitor'>>) | undefined;
  /** @defaultValue the process's own, nothing recorded */
  readonly env?: Partial<Env> | undefined;
  /** The services of this process that are called without a connection, where `wire` allows it. @defaultValue none */
  readonly group?: LocalGroup | undefined;
  /** Name of the calling service, sent along. */
  readonly caller?: string | undefined;
  /** Where its named policy is defined, and where it is listed. @defaultValue a registry of its own, without definitions */
  readonly policies?: PolicyRegistry | undefined;
  /** The feature flags of which one may choose options of its policy. @defaultValue none */
  readonly flags?: PolicyFlags | undefined;
  /** What routing knows of the application that calls: its zone, its instance, its peers. @defaultValue nothing */
  readonly self?: AppCaller | undefined;
  /** What it tells of the files of its TLS. @defaultValue nothing */
  readonly health?: Pick<Health, 'add'> | undefined;
  /** What it tells of the calls that it makes, for the topology. @defaultValue nothing */
  readonly topology?: Pick<Topology, 'callee'> | undefined;
  /** What it tells of the costs of its calls. @defaultValue nothing */
  readonly usage?: Pick<Usage, 'costs'> | undefined;
}

/** Where a client's endpoints come from. */
export interface EndpointSource {
  readonly endpoints: Live<readonly Endpoint[]>;
  /** Settles when the first list is known; undefined where it always is. */
  readonly settled: Memberships['settled'] | undefined;
  /** Those in the same process; undefined where it belongs to no group. */
  readonly local: Live<readonly LocalEndpoint[]> | undefined;
}
