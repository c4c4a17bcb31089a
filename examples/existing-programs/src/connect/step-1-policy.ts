/** `@fwk/resilience` as an interceptor: an attempt has 2 s, a failed call that may run twice is tried again, and a price list that is down is not called for a while. */
import { createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { grpcClassifier } from '@fwk/discovery/grpc';
import { fromSignal, idempotentKey, makeEnv, policy, stack } from '@fwk/resilience';
import { PriceService } from './prices_pb.js';

type Next = ReturnType<Interceptor>;

// Made once: an interceptor is called anew for each call. The classifier knows the codes of Connect, which are those of gRPC.
const service = stack<[next: Next, request: Parameters<Next>[0]], Awaited<ReturnType<Next>>>(
  makeEnv({ classifier: grpcClassifier }),
)
  .use(policy('prices', { timeoutMs: 2000, retry: {}, breaker: { consecutiveFailures: 5 } }))
  .into(([next, request], { signal }) => next({ ...request, signal }));

const guard: Interceptor = (next) => async (request) => {
  using caller = fromSignal(request.signal);
  const mayRunTwice = request.method.idempotency > 0;
  return await service.call([next, request], caller.context.with({ values: [idempotentKey.of(mayRunTwice)] }));
};

const baseUrl = process.env.PRICES_URL ?? 'http://127.0.0.1:8080';
const transport = createConnectTransport({ baseUrl, httpVersion: '1.1', interceptors: [guard] });
const prices = createClient(PriceService, transport);

async function priceOf(sku: string): Promise<number> {
  const { price } = await prices.getPrice({ sku });
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
