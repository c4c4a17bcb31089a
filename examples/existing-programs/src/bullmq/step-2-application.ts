/** `@fwk/core`: health, metrics and log lines without a server of its own; a stop takes no new jobs and waits for those that have begun. */
import { type Component, createApp } from '@fwk/core';
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
  use: [jobs],
});
await app.start(); // SIGTERM drains and stops it
