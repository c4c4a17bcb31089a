/** The program as it is: it prints what articles cost, asked with ConnectRPC at one address. */
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { PriceService } from './prices_pb.js';

const baseUrl = process.env.PRICES_URL ?? 'http://127.0.0.1:8080';
const transport = createConnectTransport({ baseUrl, httpVersion: '1.1' });
const prices = createClient(PriceService, transport);

async function priceOf(sku: string): Promise<number> {
  const { price } = await prices.getPrice({ sku });
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
