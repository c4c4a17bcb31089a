/** `@fwk/resilience` round the call: an attempt has 2 s, a failed one is tried again, and a price list that is down is not called for a while. */
import { currentContext, httpClassifier, policy } from '@fwk/resilience';
import axios from 'axios';

const prices = axios.create({ baseURL: process.env.PRICES_URL });

const priceOf = policy('prices', {
  timeoutMs: 2000,
  retry: {},
  breaker: { consecutiveFailures: 5 },
  classifier: httpClassifier, // knows what axios throws
}).wrap(async (sku: string): Promise<number> => {
  const { signal } = currentContext();
  const { data } = await prices.get<{ price: number }>(`/prices/${encodeURIComponent(sku)}`, { signal });
  return data.price;
});

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
