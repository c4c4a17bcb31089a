/** The program as it is: it prints what articles cost, asked of another service with got. */
import got from 'got';

const prices = got.extend({ prefixUrl: process.env.PRICES_URL, timeout: { request: 5000 } });

async function priceOf(sku: string): Promise<number> {
  const { price } = await prices(`prices/${encodeURIComponent(sku)}`).json<{ price: number }>();
  return price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
