import { staticEndpoints } from '@fwk/discovery';
import {
  type CallContext,
  currentContext,
  currentOf,
  fromSignal,
  type LayerDescription,
  makeEnv,
  type Service,
} from '@fwk/kernel';
import type { AnyContract, CallOptions, Client } from '../contract/contract-types.js';
import { ClientClosedError, ClientUnboundError } from './client-errors.js';
import { type ClientOptions, type ClientParts, checkClientOptions, type EndpointSource } from './client-options.js';
import { type ClientStack, clientStack } from './client-stack.js';
import {
  type ClientOperation,
  clientOperation,
  type OperationRequest,
  type OperationResponse,
} from './operation-request.js';
import { type GivenRequest, prepareRequest } from './prepare-request.js';
import { Transport } from './transport.js';

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
  const { memberships, env: parts, caller, ...own } = options;
  const settings = checkClientOptions(contract, own as Partial<ClientOptions<C>>);
  const outer = makeEnv(parts);
  const service = settings.service ?? contract.name;
  const env = makeEnv({ ...outer, path: outer.path === '' ? service : `${outer.path}/${service}` });
  const source = sourceOf(service, settings, memberships);
  const transport = new Transport({
    service,
    endpoints: source.endpoints,
    clock: env.clock,
    maxAnswerBytes: settings.maxAnswerBytes,
    maxConnections: settings.maxConnections,
    connectTimeoutMs: () => settings.connectTimeoutMs ?? connectLimitMs(currentOf(settings.timeoutMs)),
  });
  const built = clientStack(service, contract.plans, settings, source, env, transport);
  const client = Object.create(null, {
    [Symbol.asyncDispose]: { value: () => close(built, transport) },
  }) as Record<string, unknown>;
  for (const plan of contract.plans)
    client[plan.name] = method(clientOperation(plan, caller), built.service, transport);
  stacks.set(client, built);
  return Object.freeze(client) as Client<C> & AsyncDisposable;
}

/** The layers of a client, outermost first; undefined for what is no client. */
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

function method(operation: ClientOperation, service: OperationService, transport: Transport) {
  return (given: GivenRequest = {}, options?: CallOptions): Promise<unknown> => {
    if (transport.status() === 'closed') return Promise.reject(new ClientClosedError(operation.plan.id));
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
function connectLimitMs(attemptMs: number): number {
  return Math.min(LONGEST_CONNECT_MS, Math.max(1, attemptMs / 2));
}

/** First the connections, which lets calls under way end; then what the balancer keeps. */
async function close(stack: ClientStack, transport: Transport): Promise<void> {
  await transport[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
}
