/** `@fwk/resilience`: a failed call is tried again as long as the platform leaves time; 0.1 s of it is kept to say what went wrong. */
import { background, currentContext, httpClassifier, policy, runInContext, systemClock } from '@fwk/resilience';
import type { AwsContext } from './aws-context.js';

interface Asked {
  readonly sku: string;
}

const prices = policy('prices', { timeoutMs: 2000, retry: {}, classifier: httpClassifier }).wrap((path: string) =>
  fetch(`${process.env.PRICES_URL}${path}`, { signal: currentContext().signal }),
);

export function handler({ sku }: Asked, context: AwsContext): Promise<{ price: number }> {
  const deadlineMs = systemClock.now() + context.getRemainingTimeInMillis() - 100;
  return runInContext(background.with({ deadlineMs }), async () => {
    const answer = await prices(`/prices/${encodeURIComponent(sku)}`);
    if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
    return (await answer.json()) as { price: number };
  });
}
