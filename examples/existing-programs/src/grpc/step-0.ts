/** The program as it is: it prints what articles cost, asked over gRPC at one address. */
import * as grpc from '@grpc/grpc-js';
import { getPrice, PriceClient } from './price-service.js';

const target = process.env.PRICES_ADDRESS ?? '127.0.0.1:50051';
const client = new PriceClient(target, grpc.credentials.createInsecure());

async function priceOf(sku: string): Promise<number> {
  const { price } = await getPrice(client, sku, Date.now() + 5000);
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
client.close();
