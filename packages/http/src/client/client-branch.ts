/**
 * One way for the calls of a client to go: the policy as it is, or with the options of a variant over it. Each has layers,
 * a balancer and connections of its own, as if it were a client of its own, so that none spoils what is measured of another.
 */

import { readKey } from '@fwk/discovery';
import { type BuiltService, type CallContext, currentOf, disposeAll, type Env } from '@fwk/kernel';
import type { PolicyOptions, PolicyRegistry, PolicyVariant } from '@fwk/resilience';
import { ClientClosedError } from '../calling/client-errors.js';
import type { ConnectionTls } from '../calling/connection-parts.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { compressionDefaults } from '../coding/compression-options.js';
import type { ProxyChoice } from '../proxy/client-proxy.js';
import type { QuotaReader } from '../quota/quota-reader.js';
import type { ClientPurpose } from './client-core.js';
import type { ClientCredentials } from './client-credentials.js';
import { reachable } from './client-endpoints.js';
import { type CheckedClientOptions, type ClientParts, clientDefaults, type EndpointSource } from './client-options.js';
import { clientRouter } from './client-routing.js';
import { type ClientStack, clientStack } from './client-stack.js';

/** A connection is not waited for longer than this, unless the options say so. */
const LONGEST_CONNECT_MS = 1000;

/** What all branches of one client are made of. */
export interface BranchParts<C> {
  readonly purpose: ClientPurpose;
  readonly service: string;
  readonly own: CheckedClientOptions<C>['own'];
  readonly policy: PolicyOptions;
  readonly registry: PolicyRegistry;
  readonly source: EndpointSource;
  readonly env: Env;
  readonly self: ClientParts['self'];
  readonly tls: ConnectionTls;
  readonly quota: QuotaReader;
  readonly proxy: ProxyChoice | undefined;
  readonly credentials: ClientCredentials | undefined;
}

/** See the head of this file. Disposing of it closes its connections once the calls under way are over. */
export interface ClientBranch extends AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void>;
  readonly service: BuiltService<OperationRequest, OperationResponse>;
  readonly stack: ClientStack;
  /** Its policy's own. */
  readonly env: Env;
  /** Whom a call belongs to, as splits know it; undefined where that is not known. */
  keyOf(request: OperationRequest, context: CallContext): string | undefined;
}

/**
 * Makes one.
 * @param variant - of a feature flag. @defaultValue the policy as it is
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function clientBranch<C>(parts: BranchParts<C>, variant?: PolicyVariant): ClientBranch {
  const { purpose, service, own, policy, registry, source, env, self, tls, quota, proxy, credentials } = parts;
  const kind = purpose.kind(service, quota, typeof own.headers === 'function');
  const branch = variant ? { ...kind, label: `${service}/${variant.variant}`, variant } : kind;
  const owned: Disposable[] = [];
  try {
    const use = registry.use(own.policy ?? service, branch, policy, env);
    owned.push(use);
    const routed = clientRouter(use.live('routing'), self);
    owned.push(routed);
    const stack = clientStack(
      service,
      purpose,
      own,
      reachable(source, use.live('wire')),
      use,
      routed.router,
      {
        service,
        clock: env.clock,
        random: env.random,
        logger: env.logger,
        metrics: env.metrics,
        wire: () => currentOf(use.options().wire) ?? clientDefaults.wire,
        maxAnswerBytes: own.maxAnswerBytes,
        maxRatio: own.compression?.maxRatio ?? compressionDefaults.maxRatio,
        maxConnections: own.maxConnections,
        baggage: own.baggage ?? own.endpoints === undefined,
        tls,
        quota,
        proxy,
        connectTimeoutMs: () => own.connectTimeoutMs ?? connectLimitMs(currentOf(use.options().timeoutMs)),
      },
      credentials,
    );
    // Each endpoint has its connection; what comes here is an attempt of a call that was under way when the client was closed.
    const built = stack.stack.into(() => Promise.reject(new ClientClosedError(service)));
    return {
      service: built,
      stack,
      env: use.env,
      keyOf: (request, context) => readKey(routed.options.value.keyOf, request, context, nobodyAsked),
      [Symbol.asyncDispose]: () => disposeAll([built, ...owned]),
    };
  } catch (error) {
    // Otherwise the policy would stay listed as in use.
    for (const each of owned) each[Symbol.dispose]();
    throw error;
  }
}

const nobodyAsked = () => {};

/** Below the limit of an attempt, so that there is time left to try elsewhere. */
function connectLimitMs(attemptMs: number | false | undefined): number {
  if (!attemptMs) return LONGEST_CONNECT_MS;
  return Math.min(LONGEST_CONNECT_MS, Math.max(1, attemptMs / 2));
}
