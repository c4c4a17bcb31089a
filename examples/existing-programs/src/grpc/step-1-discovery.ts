/** `@fwk/discovery`: the channel follows the list of instances, and each call goes to the best of them that it is connected to. */
import { localRegistry, memberships } from '@fwk/discovery';
import { grpcTarget } from '@fwk/discovery/grpc';
import * as grpc from '@grpc/grpc-js';
import { getPrice, PriceClient } from './price-service.js';

const registry = localRegistry({ serve: false });
const known = memberships(registry);
const { target, options } = grpcTarget(grpc, 'prices', known, { ejection: { consecutiveFailures: 3 } });
const client = new PriceClient(target, grpc.credentials.createInsecure(), options);

async function priceOf(sku: string): Promise<number> {
  const { price } = await getPrice(client, sku, Date.now() + 5000);
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
client.close();
known[Symbol.dispose]();
await registry.close();
