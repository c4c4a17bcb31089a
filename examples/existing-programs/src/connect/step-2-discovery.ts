/** `@fwk/discovery` behind the policy: the interceptor sends each attempt to the best instance, whatever the transport's base URL. */
import { createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { balance, endpointKey, localRegistry, memberships } from '@fwk/discovery';
import { grpcClassifier } from '@fwk/discovery/grpc';
import { fromSignal, idempotentKey, makeEnv, policy, stack } from '@fwk/resilience';
import { PriceService } from './prices_pb.js';

type Next = ReturnType<Interceptor>;

const registry = localRegistry({ serve: false });
const known = memberships(registry);
const endpoints = known.of('prices');

// Made once: an interceptor is called anew for each call. The classifier knows the codes of Connect, which are those of gRPC.
const service = stack<[next: Next, request: Parameters<Next>[0]], Awaited<ReturnType<Next>>>(
  makeEnv({ classifier: grpcClassifier }),
)
  .use(policy('prices', { timeoutMs: 2000, retry: {}, breaker: { consecutiveFailures: 5 } }))
  .use(balance({ service: 'prices', endpoints, settled: (context) => known.settled('prices', context) }))
  .into(([next, request], context) => {
    const url = new URL(new URL(request.url).pathname, context.get(endpointKey)?.url).href;
    return next({ ...request, url, signal: context.signal });
  });

const guard: Interceptor = (next) => async (request) => {
  using caller = fromSignal(request.signal);
  const mayRunTwice = request.method.idempotency > 0;
  return await service.call([next, request], caller.context.with({ values: [idempotentKey.of(mayRunTwice)] }));
};

const transport = createConnectTransport({ baseUrl: 'http://prices', httpVersion: '1.1', interceptors: [guard] });
const prices = createClient(PriceService, transport);

async function priceOf(sku: string): Promise<number> {
  const { price } = await prices.getPrice({ sku });
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
await service[Symbol.asyncDispose]();
known[Symbol.dispose]();
await registry.close();
