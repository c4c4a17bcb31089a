/** `@fwk/resilience` round the call, in place of got's own retries, which have no budget: a price list that is down is not called for a while. */
import { currentContext, httpClassifier, policy } from '@fwk/resilience';
import got from 'got';

const prices = got.extend({ prefixUrl: process.env.PRICES_URL, retry: { limit: 0 } });

const priceOf = policy('prices', {
  timeoutMs: 2000,
  retry: {},
  breaker: { consecutiveFailures: 5 },
  classifier: httpClassifier, // knows what got throws
}).wrap(async (sku: string): Promise<number> => {
  const { signal } = currentContext();
  const { price } = await prices(`prices/${encodeURIComponent(sku)}`, { signal }).json<{ price: number }>();
  return price;
});

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
