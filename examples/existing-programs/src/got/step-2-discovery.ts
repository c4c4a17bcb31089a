/** `@fwk/discovery` behind the policy: each attempt goes to the best instance, and to none that fails or has left. */
import { balance, endpointKey, localRegistry, memberships } from '@fwk/discovery';
import { background, httpClassifier, makeEnv, policy, stack } from '@fwk/resilience';
import got from 'got';

const registry = localRegistry({ serve: false });
const known = memberships(registry);
const prices = got.extend({ retry: { limit: 0 } });

// The classifier knows what got throws, for retries, the breaker and the choice of instances.
const service = stack<string, number>(makeEnv({ classifier: httpClassifier }))
  .use(policy('prices', { timeoutMs: 2000, retry: {}, breaker: { consecutiveFailures: 5 } }))
  .use(
    balance({
      service: 'prices',
      endpoints: known.of('prices'),
      settled: (context) => known.settled('prices', context),
    }),
  )
  .into(async (sku, context) => {
    const { signal } = context;
    const prefixUrl = context.get(endpointKey)?.url;
    const path = `prices/${encodeURIComponent(sku)}`;
    const { price } = await prices(path, { signal, prefixUrl }).json<{ price: number }>();
    return price;
  });
const priceOf = (sku: string) => service.call(sku, background);

for (const sku of process.argv.slice(2)) {
  const said = await priceOf(sku).catch((error: Error) => error.message);
  console.log(`${sku}: ${said}`);
}
await service[Symbol.asyncDispose]();
known[Symbol.dispose]();
await registry.close();
