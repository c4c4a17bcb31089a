/** `@fwk/resilience` round the outgoing call; while its breaker is open, jobs wait in the queue and use up none of their attempts. */
import { BreakerOpenError, currentContext, httpClassifier, policy } from '@fwk/resilience';
import { DelayedError, type Job, Worker } from 'bullmq';

interface Order {
  readonly sku: string;
}

const prices = policy('prices', {
  timeoutMs: 2000,
  retry: {},
  breaker: { consecutiveFailures: 5, openMs: 1000 },
  classifier: httpClassifier,
}).wrap((path: string) => fetch(`${process.env.PRICES_URL}${path}`, { signal: currentContext().signal }));

async function priced(job: Job<Order>, token?: string): Promise<number> {
  const answer = await prices(`/prices/${encodeURIComponent(job.data.sku)}`).catch((error) =>
    putOff(job, token, error),
  );
  if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
  const { price } = (await answer.json()) as { price: number };
  return price;
}

/** Nobody was asked, so this is no attempt of the job. */
async function putOff(job: Job<Order>, token: string | undefined, error: unknown): Promise<never> {
  if (!(error instanceof BreakerOpenError)) throw error;
  await job.moveToDelayed(Date.now() + (error.retryAfterMs ?? 100), token);
  throw new DelayedError();
}

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT ?? 6379) };
const worker = new Worker<Order, number>('orders', priced, { connection, concurrency: 5, autorun: false });
worker.on('error', (error) => console.error(error.message));

await worker.waitUntilReady();
void worker.run();
process.once('SIGTERM', () => void worker.close());
