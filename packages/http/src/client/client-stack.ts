/**
 * The layers of a client: those of its policy in canonical order, and its own between them, each line with the reason why it
 * stands there.
 */
import { type Balancer, balance, type Endpoint, type Router, type TakeReport } from '@fwk/discovery';
import { type AnyLayer, type LayerDescription, type Live, OptionsError, type Stack, stack } from '@fwk/kernel';
import type { PolicyUse } from '@fwk/resilience';
import type { ConnectionParts } from '../calling/connection-parts.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { OperationPlan } from '../contract/contract.js';
import { LocalConnection } from '../local/local-connection.js';
import { LocalEndpoint } from '../local/local-endpoint.js';
import { shadow } from '../shadow/shadow.js';
import { attemptSeries, attemptTelemetry } from './attempt-telemetry.js';
import { balancerFrom, type ClientBalancer } from './client-balancer.js';
import type { ClientCredentials } from './client-credentials.js';
import { type CheckedClientOptions, type ClientParts, clientDefaults, type EndpointSource } from './client-options.js';
import { checkCosts, costLayer } from './cost-layer.js';
import { credentialsLayer } from './credentials-layer.js';
import { EndpointConnection } from './endpoint-connection.js';
import { type Alternative, failoverLayer } from './failover-layer.js';
import { headersLayer } from './headers-layer.js';
import { keyedAttempts } from './keyed-attempts.js';
import { operationTelemetry } from './operation-telemetry.js';
import { signingLayer } from './signing-layer.js';
import { streamsByLeastRequest } from './stream-balancer.js';

/** The layers of a client. */
export type OperationStack = Stack<OperationRequest, OperationResponse>;

/** The calls of a client. */
export interface ClientCalls {
  readonly plans: readonly OperationPlan<string>[];
  /** Whether some of them may be copied to another version; requests that are passed on never are. */
  readonly copies: boolean;
  /** Told of each call. */
  readonly topology?: ClientParts['topology'];
  /** Told of what they cost. */
  readonly usage?: ClientParts['usage'];
  /** The further providers. @defaultValue none */
  readonly alternatives?: readonly Alternative[];
}

/** A client's layers, ready to be built. */
export interface ClientStack {
  /** All of them as one layer. */
  readonly stack: OperationStack;
  /** The layers that stand there now, outermost first, those of each endpoint inside the balancer's. */
  describe(): readonly LayerDescription[];
}

/**
 * Puts a client's layers together, those of its endpoints and their connections included.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, StackError for a role that is not there
 */
export function clientStack<C>(
  service: string,
  { plans, copies, topology, usage, alternatives = [] }: ClientCalls,
  options: CheckedClientOptions<C>['own'],
  source: EndpointSource,
  use: PolicyUse,
  routing: Live<Router>,
  connections: ConnectionParts,
  credentials: ClientCredentials | undefined,
): ClientStack {
  const { endpoints, settled } = source;
  const series = attemptSeries();

  let inFront = use.places<OperationRequest, OperationResponse>('endpoint');
  // Its time is the attempt's, and what it signs is what is sent.
  if (options.credentials?.signs) inFront = inFront.use(signingLayer(service, options.credentials.kind));
  // Innermost, so that it says what this endpoint did, time-outs included, and the callee's span hangs below it.
  inFront = inFront.use(attemptTelemetry(service, series));
  const atEndpoint = edited('endpointLayers', options.endpointLayers, inFront);

  let calls = use
    .places<OperationRequest, OperationResponse>('call')
    // Outermost: it says what the caller saw, whatever happened below.
    .before('deadline', operationTelemetry(service, topology) as AnyLayer);
  // Each provider has its attempts before the next is asked; the answer is cached whoever gives it.
  if (alternatives.length > 0) {
    calls = calls.before('retry', failoverLayer(service, alternatives, use.live('failover')) as AnyLayer);
  }
  // Inside retry, whose attempts it keeps at one endpoint where that is needed; outside the balancer, which it tells so.
  if (plans.some(({ idempotencyKey }) => idempotencyKey)) calls = calls.use(keyedAttempts());
  // Each attempt has credentials of its own; no endpoint waits for them, or is judged by how they are made.
  const { headers, headersTimeoutMs } = options;
  if (typeof headers === 'function') calls = calls.use(headersLayer(service, headers, headersTimeoutMs));
  if (credentials) calls = calls.use(credentialsLayer(service, credentials.kind, credentials.bound));
  const connect = (endpoint: Endpoint, reported: TakeReport) =>
    endpoint instanceof LocalEndpoint
      ? new LocalConnection(endpoint, connections, reported)
      : new EndpointConnection(endpoint, connections, reported);
  // Right outside the balancer, so that a copy is what was sent; inside all that counts calls, so that nothing counts copies.
  if (copies) calls = calls.use(shadow(use.live('shadow'), { service, endpoints, connect }));
  // Each answer of the callee counts, and no copy, cache or fallback does.
  if (options.costs) {
    checkCosts(service, options.costs, plans);
    calls = calls.use(costLayer(service, options.costs, usage));
  }
  // Chooses the endpoint of this attempt; what follows belongs to that endpoint. A call made before the first list of
  // instances is known waits for it here, within the deadline.
  calls = calls.use(
    balance({
      service,
      endpoints,
      connect,
      endpoint: ({ id }: Endpoint) =>
        stack<OperationRequest, OperationResponse>(use.env).use(use.endpoint(id, atEndpoint)),
      inner: () => [...use.describe(atEndpoint), describeConnection(connections)],
      // Layers of a user's own need not end in time.
      endsInTime: options.endpointLayers === undefined,
      ...(settled && { settled: (context) => settled(service, context) }),
      balancer: use.live('balancer').map((given) => balancerFor(plans, given ?? clientDefaults.balancer)),
      ejection: use.live('ejection').map((given) => given ?? clientDefaults.ejection),
      routing,
    }),
  );
  const all = edited('layers', options.layers, calls);
  return {
    stack: stack<OperationRequest, OperationResponse>(use.env).use(use.calls(all)),
    describe: () => use.describe(all),
  };
}

/** A balancer by latency knows nothing of streams. */
function balancerFor(plans: ClientCalls['plans'], given: ClientBalancer): Balancer {
  const balancer = balancerFrom(given);
  const streams = plans.some(({ stream, bodyStream }) => stream || bodyStream);
  return streams && balancer.role === 'p2c' ? streamsByLeastRequest(balancer) : balancer;
}

/** Describes the connection inside each endpoint's layers. */
function describeConnection({ wire, maxConnections, connectTimeoutMs, tls }: ConnectionParts): LayerDescription {
  const settings = {
    wire: wire(),
    maxConnections,
    connectTimeoutMs: connectTimeoutMs(),
    ...(tls.demanded && { tls: true }),
  };
  return { role: 'connection', settings };
}

/** Runs the user's function and checks what it returns. */
function edited(
  option: string,
  edit: ((layers: OperationStack) => OperationStack) | undefined,
  layers: OperationStack,
): OperationStack {
  if (!edit) return layers;
  const answer: unknown = edit(layers);
  if (typeof answer === 'object' && answer !== null && 'layers' in answer && 'into' in answer) {
    return answer as OperationStack;
  }
  throw new OptionsError('client', [`${option} must answer the layers that it was given, with others added`]);
}
