/** `@fwk/discovery` and a `fetch` for the service: axios sends with it: each attempt goes to the best instance, with a breaker for each of them. */
import { localRegistry, memberships } from '@fwk/discovery';
import { serviceFetch } from '@fwk/http';
import axios from 'axios';

const registry = localRegistry({ serve: false });
const known = memberships(registry);
const call = serviceFetch('prices', { memberships: known, timeoutMs: 2000 });
const prices = axios.create({ baseURL: 'http://prices', adapter: 'fetch', env: { fetch: call } });

async function priceOf(sku: string): Promise<number> {
  const { data } = await prices.get<{ price: number }>(`/prices/${encodeURIComponent(sku)}`);
  return data.price;
}

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
await call[Symbol.asyncDispose]();
known[Symbol.dispose]();
await registry.close();
