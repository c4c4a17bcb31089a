/** `@fwk/resilience` round the call: an attempt has 2 s, and a failed call that may run twice is tried again at another instance; while all fail, none is called. */
import { localRegistry, memberships } from '@fwk/discovery';
import { grpcClassifier, grpcTarget } from '@fwk/discovery/grpc';
import { policy } from '@fwk/resilience';
import * as grpc from '@grpc/grpc-js';
import { getPrice, PriceClient } from './price-service.js';

const registry = localRegistry({ serve: false });
const known = memberships(registry);
const { target, options } = grpcTarget(grpc, 'prices', known, { ejection: { consecutiveFailures: 3 } });
const client = new PriceClient(target, grpc.credentials.createInsecure(), options);

const priceOf = policy('prices', {
  retry: { maxAttempts: 4 },
  breaker: { consecutiveFailures: 20 },
  classifier: grpcClassifier,
}).wrap(async (sku: string): Promise<number> => {
  const { price } = await getPrice(client, sku, Date.now() + 2000);
  return price;
});

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
client.close();
known[Symbol.dispose]();
await registry.close();
