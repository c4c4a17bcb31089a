/** `@fwk/discovery`: the worker finds the price list, and each call goes to the best of its instances; nobody calls a worker, so it is not registered. */
import { type Component, createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { BreakerOpenError, httpClassifier, policy } from '@fwk/resilience';
import { DelayedError, type Job, Worker } from 'bullmq';

interface Order {
  readonly sku: string;
}

const pricesKey = fetchOf('prices', { timeoutMs: 2000 }); // tried again at another instance
const prices = policy('prices', {
  breaker: { consecutiveFailures: 5, openMs: 1000 },
  classifier: httpClassifier,
}).wrap((path: string) => app.get(pricesKey)(path));

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
  // Each instance has a breaker too; what it refuses is the cause of what fetch throws.
  const refusal = error instanceof TypeError ? error.cause : error;
  if (!(refusal instanceof BreakerOpenError)) throw error;
  await job.moveToDelayed(Date.now() + (refusal.retryAfterMs ?? 100), token);
  throw new DelayedError();
}

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT ?? 6379) };
const worker = new Worker<Order, number>('orders', priced, { connection, concurrency: 5, autorun: false });
worker.on('error', (error) => app.env.logger.warn({ err: error }, 'queue'));

const jobs: Component = {
  name: 'jobs',
  start: async () => void (await worker.waitUntilReady()),
  ready: () => void worker.run(),
  drain: () => worker.pause(true),
  stop: () => worker.close(),
};

const app = createApp({
  name: 'order-worker',
  version: '1.0.0',
  owner: 'team-orders',
  checks: [{ name: 'queue', check: async () => (await worker.getBackend().client).status === 'ready' }],
  use: [discovery(), jobs],
});
await app.start(); // SIGTERM drains and stops it
