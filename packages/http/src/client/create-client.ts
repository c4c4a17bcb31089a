import { staticEndpoints } from '@fwk/discovery';
import {
  type BuiltService,
  type CallContext,
  currentContext,
  currentOf,
  fromSignal,
  type LayerDescription,
  makeEnv,
  type Service,
} from '@fwk/kernel';
import { policyRegistry } from '@fwk/resilience';
import type { AnyContract, CallOptions, Client } from '../contract/contract-types.js';
import { ClientClosedError, ClientUnboundError } from './client-errors.js';
import { constantHeaders } from './client-headers.js';
import { type ClientOptions, type ClientParts, checkClientOptions, type EndpointSource } from './client-options.js';
import { clientKind } from './client-policy.js';
import { type ClientStack, clientStack } from './client-stack.js';
import {
  type ClientOperation,
  clientOperation,
  type OperationRequest,
  type OperationResponse,
} from './operation-request.js';
import { type GivenRequest, prepareRequest } from './prepare-request.js';

/** A connection is not waited for longer than this, unless the options say so. */
const LONGEST_CONNECT_MS = 1000;

const stacks = new WeakMap<object, ClientStack>();

/**
 * Makes a client without a container. Dispose it when it is no longer needed: it owns connections.
 * @param options - of the client, and where it finds endpoints: `endpoints` or `memberships`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND`
 * @example const client = createClient(inventory, { endpoints: ['http://127.0.0.1:4001'] });
 */
export function createClient<C extends AnyContract>(
  contract: C,
  options: Partial<ClientOptions<C>> & ClientParts,
): Client<C> & AsyncDisposable {
  const { memberships, env: parts, caller, policies, ...given } = options;
  const { own, policy } = checkClientOptions(contract, given as Partial<ClientOptions<C>>);
  const constant = constantHeaders(`client of "${contract.name}"`, own.headers);
  const outer = makeEnv(parts);
  const service = own.service ?? contract.name;
  const source = sourceOf(service, own, memberships);
  const registry = policies ?? policyRegistry(outer);
  const use = registry.use(
    own.policy ?? service,
    clientKind(service, contract.plans, typeof own.headers === 'function'),
    policy,
    outer,
  );
  const stack = clientStack(service, contract.plans, own, source, use, {
    service,
    clock: outer.clock,
    maxAnswerBytes: own.maxAnswerBytes,
    maxConnections: own.maxConnections,
    connectTimeoutMs: () => own.connectTimeoutMs ?? connectLimitMs(currentOf(use.options().timeoutMs)),
  });
  const operations = new ClientOperations(stack, service, use);
  const client = Object.create(null, {
    [Symbol.asyncDispose]: { value: () => operations[Symbol.asyncDispose]() },
  }) as Record<string, unknown>;
  for (const plan of contract.plans) client[plan.name] = method(clientOperation(plan, caller, constant), operations);
  stacks.set(client, stack);
  return Object.freeze(client) as Client<C> & AsyncDisposable;
}

/** The layers of a client, outermost first, those of each endpoint inside the balancer's; undefined for what is no client. */
export function describeClient(client: object): readonly LayerDescription[] | undefined {
  return stacks.get(client)?.describe();
}

function sourceOf(
  service: string,
  { endpoints }: Pick<ClientOptions<never>, 'endpoints'>,
  memberships: ClientParts['memberships'],
): EndpointSource {
  if (endpoints) return { endpoints: staticEndpoints(service, endpoints), settled: undefined };
  if (!memberships) throw new ClientUnboundError(service);
  return {
    endpoints: memberships.of(service),
    settled: (name, context) => memberships.settled(name, context),
  };
}

type OperationService = Service<OperationRequest, OperationResponse>;

/** What the methods of a client call, until it is closed. */
class ClientOperations implements AsyncDisposable {
  readonly service: BuiltService<OperationRequest, OperationResponse>;
  closed = false;

  readonly #use: Disposable;

  /** @param use - its policy, which is no longer listed once it is closed. */
  constructor({ stack }: ClientStack, service: string, use: Disposable) {
    this.#use = use;
    // Each endpoint has its connection; what comes here is an attempt of a call that was under way when the client was closed.
    this.service = stack.into(() => Promise.reject(new ClientClosedError(service)));
  }

  /** Takes no more calls, and ends when those under way are over and all connections closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    return this.service[Symbol.asyncDispose]().finally(() => this.#use[Symbol.dispose]());
  }
}

function method(operation: ClientOperation, operations: ClientOperations) {
  const { service } = operations;
  return (given: GivenRequest = {}, options?: CallOptions): Promise<unknown> => {
    if (operations.closed) return Promise.reject(new ClientClosedError(operation.plan.id));
    try {
      const context = options?.context ?? currentContext();
      const request = prepareRequest(operation, given, options);
      if (options?.signal) return callWithSignal(service, request, context, options.signal);
      if (request instanceof Promise) return request.then((ready) => service.call(ready, context)).then(takeValue);
      return service.call(request, context).then(takeValue);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

async function callWithSignal(
  service: OperationService,
  request: OperationRequest | Promise<OperationRequest>,
  context: CallContext,
  signal: AbortSignal,
): Promise<unknown> {
  const derived = fromSignal(signal, context);
  try {
    return (await service.call(await request, derived.context)).value;
  } finally {
    derived[Symbol.dispose]();
  }
}

function takeValue({ value }: OperationResponse): unknown {
  return value;
}

/** Below the limit of an attempt, so that there is time left to try elsewhere. */
function connectLimitMs(attemptMs: number | false | undefined): number {
  if (!attemptMs) return LONGEST_CONNECT_MS;
  return Math.min(LONGEST_CONNECT_MS, Math.max(1, attemptMs / 2));
}
