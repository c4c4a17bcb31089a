/** `@fwk/core` and `@fwk/discovery` for the time of one call: the handler finds the price list, writes its log lines, and leaves nothing open. */
import { createApp } from '@fwk/core';
import { discovery, localRegistry } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { background, runInContext, systemClock } from '@fwk/resilience';
import type { AwsContext } from './aws-context.js';

interface Asked {
  readonly sku: string;
}

const prices = fetchOf('prices', { timeoutMs: 2000 }); // tried again at another instance

export async function handler({ sku }: Asked, context: AwsContext): Promise<{ price: number }> {
  const deadlineMs = systemClock.now() + context.getRemainingTimeInMillis() - 100;
  const app = createApp({
    name: 'price-function',
    version: '1.0.0',
    owner: 'team-orders',
    instanceId: context.awsRequestId,
    management: false, // nobody could call it
    signals: false, // the process is the platform's
    shutdown: { propagationDelayMs: 0 },
    use: [discovery({ registry: localRegistry({ serve: false }) })],
  });
  await app.start();
  try {
    return await runInContext(background.with({ deadlineMs }), async () => {
      const answer = await app.get(prices)(`/prices/${encodeURIComponent(sku)}`);
      if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
      return (await answer.json()) as { price: number };
    });
  } finally {
    await app.stop('the call is over'); // writes what is still to be told
  }
}
