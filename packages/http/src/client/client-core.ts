/**
 * What all clients of a service stand on, typed ones and those of `fetch`: checked options, the policy that they follow, the
 * layers, the endpoints and their connections.
 */
import { monitorBy, staticEndpoints } from '@fwk/discovery';
import { type BuiltService, currentOf, type LayerDescription, makeEnv } from '@fwk/kernel';
import { type PolicyKind, policyRegistry } from '@fwk/resilience';
import { ClientClosedError, ClientUnboundError } from '../calling/client-errors.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { WireHeaders } from '../wire/wire-headers.js';
import { constantHeaders } from './client-headers.js';
import {
  type ClientOptions,
  type ClientParts,
  checkClientOptions,
  clientDefaults,
  type EndpointSource,
} from './client-options.js';
import { clientRouter } from './client-routing.js';
import { type ClientCalls, type ClientStack, clientStack } from './client-stack.js';
import { connectionTls, showTlsHealth } from './client-tls.js';

/** A connection is not waited for longer than this, unless the options say so. */
const LONGEST_CONNECT_MS = 1000;

/** What a client is for. */
export interface ClientPurpose extends ClientCalls {
  /** For messages: `client of "inventory"`. */
  readonly owner: string;
  /** Unless the options name another. */
  readonly service: string;
  /** What the policy means before it. @param variesByCaller - whether answers may differ by what requests do not show */
  kind(service: string, variesByCaller: boolean): PolicyKind;
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

/**
 * Puts a client together.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND`
 */
export function clientCore<C>(purpose: ClientPurpose, options: Partial<ClientOptions<C>> & ClientParts): ClientCore {
  const { memberships, env: parts, caller: _, policies, health, self, ...given } = options;
  const { owner } = purpose;
  const { own, policy } = checkClientOptions<C>(owner, given as Partial<ClientOptions<C>>);
  const constant = constantHeaders(owner, own.headers);
  const outer = makeEnv(parts);
  const service = own.service ?? purpose.service;
  const owned: Disposable[] = [];
  try {
    const tls = connectionTls(owner, service, own.tls, own.endpoints, outer);
    if (tls.followed) owned.push(tls.followed);
    const source = sourceOf(service, own, memberships);
    const registry = policies ?? policyRegistry(outer);
    const kind = purpose.kind(service, typeof own.headers === 'function');
    const use = registry.use(own.policy ?? service, kind, policy, outer);
    owned.unshift(use);
    const routed = clientRouter(use.live('routing'), self);
    owned.push(routed);
    const stack = clientStack(service, purpose, own, source, use, routed.router, {
      service,
      clock: outer.clock,
      random: outer.random,
      logger: outer.logger,
      metrics: outer.metrics,
      wire: () => currentOf(use.options().wire) ?? clientDefaults.wire,
      maxAnswerBytes: own.maxAnswerBytes,
      maxConnections: own.maxConnections,
      tls,
      connectTimeoutMs: () => own.connectTimeoutMs ?? connectLimitMs(currentOf(use.options().timeoutMs)),
    });
    if (tls.followed) owned.push(...showTlsHealth(health, owner, tls.followed));
    return {
      operations: new ClientOperations(stack, service, owned),
      constant,
      showIn: (surface) => void stacks.set(surface, stack),
    };
  } catch (error) {
    // Otherwise the policy would stay listed as in use, and the TLS files would be watched for ever.
    for (const each of owned) each[Symbol.dispose]();
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
  service: string,
  { endpoints }: Pick<ClientOptions<never>, 'endpoints'>,
  memberships: ClientParts['memberships'],
): EndpointSource {
  if (endpoints) {
    const fixed = staticEndpoints(service, endpoints);
    // Shown beside those that are found.
    if (memberships?.monitor) monitorBy(fixed, memberships.monitor);
    return { endpoints: fixed, settled: undefined };
  }
  if (!memberships) throw new ClientUnboundError(service);
  return {
    endpoints: memberships.of(service),
    settled: (name, context) => memberships.settled(name, context),
  };
}

/** What the surface of a client calls, until it is closed. */
export class ClientOperations implements AsyncDisposable {
  readonly service: BuiltService<OperationRequest, OperationResponse>;
  closed = false;

  readonly #owned: readonly Disposable[];

  /** @param owned - its policy, which is no longer listed once it is closed, and the files that it follows. */
  constructor({ stack }: ClientStack, service: string, owned: readonly Disposable[]) {
    this.#owned = owned;
    // Each endpoint has its connection; what comes here is an attempt of a call that was under way when the client was closed.
    this.service = stack.into(() => Promise.reject(new ClientClosedError(service)));
  }

  /** Takes no more calls, and ends when those under way are over and all connections closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    return this.service[Symbol.asyncDispose]().finally(() => {
      for (const each of this.#owned) each[Symbol.dispose]();
    });
  }
}

/** Below the limit of an attempt, so that there is time left to try elsewhere. */
function connectLimitMs(attemptMs: number | false | undefined): number {
  if (!attemptMs) return LONGEST_CONNECT_MS;
  return Math.min(LONGEST_CONNECT_MS, Math.max(1, attemptMs / 2));
}
