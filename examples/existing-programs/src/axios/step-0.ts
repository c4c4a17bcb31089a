/** The program as it is: it prints what articles cost, asked of another service with axios. */
import axios from 'axios';

const prices = axios.create({ baseURL: process.env.PRICES_URL, timeout: 5000 });

async function priceOf(sku: string): Promise<number> {
  const { data } = await prices.get<{ price: number }>(`/prices/${encodeURIComponent(sku)}`);
  return data.price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
