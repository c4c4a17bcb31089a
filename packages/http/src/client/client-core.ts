/**
 * What all clients of a service stand on, typed ones and those of `fetch`: checked options, the policy that they follow, the
 * layers, the endpoints and their connections.
 */
import { monitorBy, staticEndpoints } from '@fwk/discovery';
import {
  type Disposing,
  disposeAll,
  type Env,
  type LayerDescription,
  liveValue,
  makeEnv,
  namedEnv,
  OptionsError,
  type Service,
  showValue,
} from '@fwk/kernel';
import { type PolicyKind, policyRegistry } from '@fwk/resilience';
import { ClientUnboundError } from '../calling/client-errors.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { membersOf } from '../local/local-group.js';
import { proxyChoice } from '../proxy/client-proxy.js';
import { QuotaReader } from '../quota/quota-reader.js';
import type { WireHeaders } from '../wire/wire-headers.js';
import { ByVariant } from './by-variant.js';
import { clientBranch } from './client-branch.js';
import { boundCredentials } from './client-credentials.js';
import { constantHeaders } from './client-headers.js';
import { type ClientOptions, type ClientParts, checkClientOptions, type EndpointSource } from './client-options.js';
import type { ClientCalls, ClientStack } from './client-stack.js';
import { ClientStreams } from './client-streams.js';
import { connectionTls, showTlsHealth } from './client-tls.js';

/** What a client is for. */
export interface ClientPurpose extends ClientCalls {
  /** Whether it passes on requests without a contract, which go over HTTP. @defaultValue false */
  readonly passesOn?: boolean;
  /** For messages: `client of "inventory"`. */
  readonly owner: string;
  /** Unless the options name another. */
  readonly service: string;
  /** What the policy means before it. @param quota - of the callee @param variesByCaller - whether answers may differ by what requests do not show */
  kind(service: string, quota: QuotaReader, variesByCaller: boolean): PolicyKind;
}

/** A client without its surface. */
export interface ClientCore {
  /** Takes calls until it is closed; closing it ends the client. */
  readonly operations: ClientOperations;
  /** Headers that all requests carry. */
  readonly constant: WireHeaders;
  /** Lets its layers be described by what users hold of it. */
  showIn(surface: object): void;
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for options such as a bare address. */
export function checkIsObject(owner: string, options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new OptionsError(owner, [
    `options must be an object such as { endpoints: ['http://127.0.0.1:4001'] }, not ${showValue(options)}`,
  ]);
}

/**
 * Puts a client together.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND`
 */
export function clientCore<C>(purpose: ClientPurpose, options: Partial<ClientOptions<C>> & ClientParts): ClientCore {
  checkIsObject(purpose.owner, options);
  const {
    memberships,
    env: ownEnv,
    caller: _,
    policies,
    health,
    self,
    flags,
    topology,
    usage,
    group,
    ...given
  } = options;
  const { owner } = purpose;
  const { own, policy } = checkClientOptions<C>(owner, given as Partial<ClientOptions<C>>);
  if (own.proxy !== false && !own.endpoints) {
    throw new OptionsError(owner, ['proxy is for endpoints: instances that are discovered are called directly']);
  }
  const constant = constantHeaders(owner, own.headers);
  const env = namedEnv(makeEnv(ownEnv), 'http.client');
  const service = own.service ?? purpose.service;
  const owned: Disposing[] = [...(purpose.alternatives ?? [])];
  try {
    const tls = connectionTls(owner, service, own.tls, own.endpoints, env);
    if (tls.followed) owned.push(tls.followed);
    const source = sourceOf(purpose, service, own, memberships, group);
    const registry = policies ?? policyRegistry(env);
    const proxy = proxyChoice(owner, own.proxy);
    const parts = { service, env, tls: own.tls, proxy: own.proxy };
    const credentials = boundCredentials(owner, own.credentials, own.endpoints, parts);
    if (credentials) owned.push(credentials.bound);
    const quota = new QuotaReader(env.clock);
    const ways = { quota, registry, source, tls, proxy, credentials };
    const branch = { ...ways, purpose: { ...purpose, topology, usage }, service, own, policy, env, self };
    const usual = clientBranch(branch);
    owned.unshift(usual);
    const flag = flags?.ofPolicy(own.policy ?? service);
    const byVariant = flag && new ByVariant(usual, flag, (variant) => clientBranch(branch, variant), env);
    if (byVariant) owned.unshift(byVariant);
    if (tls.followed) owned.push(...showTlsHealth(health, owner, tls.followed));
    return {
      operations: new ClientOperations(byVariant ?? usual.service, owned, env),
      constant,
      showIn: (surface) => void stacks.set(surface, usual.stack),
    };
  } catch (error) {
    // Otherwise the policy would stay listed as in use, and the TLS files would be watched for ever.
    disposeAll(owned).catch(() => {});
    throw error;
  }
}

const stacks = new WeakMap<object, ClientStack>();

/**
 * The layers of a client, or of a service's `fetch`, outermost first, those of each endpoint inside the balancer's; undefined
 * for what is neither.
 */
export function describeClient(client: object): readonly LayerDescription[] | undefined {
  return stacks.get(client)?.describe();
}

function sourceOf(
  { owner, passesOn }: ClientPurpose,
  service: string,
  { endpoints }: Pick<ClientOptions<never>, 'endpoints'>,
  memberships: ClientParts['memberships'],
  group: ClientParts['group'],
): EndpointSource {
  if (endpoints) {
    const fixed = staticEndpoints(service, endpoints);
    if (passesOn && fixed.value.some(({ mounts }) => mounts)) {
      throw new OptionsError(owner, [
        'endpoints must have no path: only contracts are below one, and the path of a request begins at the root',
      ]);
    }
    // Shown beside those that are found.
    if (memberships?.monitor) monitorBy(fixed, memberships.monitor);
    return { endpoints: fixed, settled: undefined, local: undefined };
  }
  const local = group && !passesOn ? membersOf(group, service) : undefined;
  if (!memberships) {
    if (!local) throw new ClientUnboundError(service);
    return { endpoints: liveValue([], { name: `endpoints of ${service}` }), settled: undefined, local };
  }
  return {
    local,
    endpoints: memberships.of(service),
    settled: (name, context) => memberships.settled(name, context),
  };
}

/** What the surface of a client calls, until it is closed. */
export class ClientOperations implements AsyncDisposable {
  readonly service: Service<OperationRequest, OperationResponse>;
  closed = false;
  readonly streams: ClientStreams;
  #disposed: Promise<void> | undefined;
  readonly #owned: readonly Disposing[];

  /** @param owned - its layers and connections, its policy, which is no longer listed once it is closed, and the files that it follows. */
  constructor(service: Service<OperationRequest, OperationResponse>, owned: readonly Disposing[], env: Env) {
    this.service = service;
    this.streams = new ClientStreams(env);
    // First: its connections wait for what is under way.
    this.#owned = [this.streams, ...owned];
  }

  /** Takes no more calls, and ends when those under way are over and all connections closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    this.#disposed ??= disposeAll(this.#owned);
    return this.#disposed;
  }
}
