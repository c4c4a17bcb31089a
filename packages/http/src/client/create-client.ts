import { checkCallRoute, routeKey } from '@fwk/discovery';
import { type CallContext, currentContext, disposeAll, fromSignal, type Service } from '@fwk/kernel';
import { ClientClosedError } from '../calling/client-errors.js';
import {
  type ClientOperation,
  clientOperation,
  type OperationRequest,
  type OperationResponse,
} from '../calling/operation-request.js';
import { checkContract } from '../contract/contract-error.js';
import type { AnyContract, CallOptions, Client } from '../contract/contract-types.js';
import { makeAlternatives } from './alternatives.js';
import { askedCodings } from './asked-codings.js';
import type { CallStream } from './call-stream.js';
import { type ClientCore, type ClientOperations, checkIsObject, clientCore } from './client-core.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { clientKind } from './client-policy.js';
import type { Alternative } from './failover-layer.js';
import { type GivenRequest, prepareRequest } from './prepare-request.js';

/**
 * Makes a client without a container. Dispose it when it is no longer needed: it owns connections.
 * @param options - of the client, and where it finds endpoints: `endpoints` or `memberships`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ContractError `FWK_HTTP_CONTRACT_INVALID`, ClientUnboundError
 *   `FWK_HTTP_CLIENT_UNBOUND`
 * @example const client = createClient(inventory, { endpoints: ['http://127.0.0.1:4001'] });
 */
export function createClient<C extends AnyContract>(
  contract: C,
  options: Partial<ClientOptions<C>> & ClientParts = {},
): Client<C> & AsyncDisposable {
  checkContract('createClient()', contract);
  checkIsObject(ownerOf(contract), options);
  const { plans } = contract;
  const { alternatives = [], ...own } = options;
  const first = own.service ?? contract.name;
  const further = makeAlternatives(contract, first, alternatives, partsOf(own), clientCore);
  const core = coreWith<C>(contract, further, own as Partial<ClientOptions<C>> & ClientParts);
  const { operations, constant, showIn } = core;
  const client = Object.create(null, {
    [Symbol.asyncDispose]: { value: () => operations[Symbol.asyncDispose]() },
  }) as Record<string, unknown>;
  const sent = { ...constant, ...askedCodings(options.compression) };
  for (const plan of plans) {
    const operation = clientOperation(plan, options.caller, sent, contract);
    client[plan.name] = plan.stream ? streamMethod(operation, operations) : method(operation, operations);
  }
  showIn(client);
  return Object.freeze(client) as Client<C> & AsyncDisposable;
}

function ownerOf({ name }: Pick<AnyContract, 'name'>): string {
  return `client of "${name}"`;
}

function coreWith<C>(
  { name, plans }: AnyContract,
  alternatives: readonly Alternative[],
  options: Partial<ClientOptions<C>> & ClientParts,
): ClientCore {
  try {
    return clientCore<C>(
      {
        owner: ownerOf({ name }),
        service: name,
        plans,
        alternatives,
        copies: plans.some(({ idempotent, idempotencyKey }) => idempotent && !idempotencyKey),
        kind: (service, quota, variesByCaller) => clientKind(service, plans, quota, variesByCaller),
      },
      options,
    );
  } catch (error) {
    // Otherwise their policies would stay listed as in use.
    disposeAll(alternatives).catch(() => {});
    throw error;
  }
}

/** What a client is given beside its options, for the clients of further providers. */
function partsOf({ memberships, env, caller, policies, health, topology, usage }: ClientParts): ClientParts {
  return { memberships, env, caller, policies, health, topology, usage };
}

type OperationService = Service<OperationRequest, OperationResponse>;

function method(operation: ClientOperation, operations: ClientOperations) {
  const { service } = operations;
  return (given: GivenRequest = {}, options?: CallOptions): Promise<unknown> => {
    if (operations.closed) return Promise.reject(new ClientClosedError(operation.plan.id));
    try {
      const context = contextOf(operation, options);
      const request = prepareRequest(operation, given, options);
      if (options?.signal) return callWithSignal(service, request, context, options.signal);
      if (request instanceof Promise) return request.then((ready) => service.call(ready, context)).then(takeValue);
      return service.call(request, context).then(takeValue);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** The call is made when its first item is asked for. */
function streamMethod(operation: ClientOperation, operations: ClientOperations) {
  return (given: GivenRequest = {}, options?: CallOptions): CallStream =>
    operations.streams.stream(operation, operations, contextOf(operation, options), given, options);
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a route that is none */
function contextOf({ plan }: ClientOperation, options: CallOptions | undefined): CallContext {
  const context = options?.context ?? currentContext();
  if (options?.route === undefined) return context;
  return context.with({ values: [routeKey.of(checkCallRoute(`call of "${plan.id}"`, options.route))] });
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
