/** Each step of the worker, as a process beside a real Redis. */
import { Queue, QueueEvents } from 'bullmq';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redisProgram, startRedis } from '../../../packages/http/src/fixtures/redis-server.js';
import { startPriceList } from './fixtures/price-list.js';
import { registryWith } from './fixtures/prices-registry.js';
import { startWorker } from './fixtures/run-program.js';

const steps = ['bullmq/step-0', 'bullmq/step-1-policy', 'bullmq/step-2-application', 'bullmq/step-3-discovery'];

/** A worker, the queue that it works on, and the price list that it asks. */
async function startWith(step: string) {
  const prices = await startPriceList();
  const redis = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const connection = { host: '127.0.0.1', port: redis.port };
  const queue = new Queue<{ sku: string }, number>('orders', { connection, skipVersionCheck: true });
  const events = new QueueEvents('orders', { connection, skipVersionCheck: true });
  onTestFinished(async () => {
    await events.close();
    await queue.close();
  });
  await events.waitUntilReady();
  const environment = { PRICES_URL: prices.url, REDIS_PORT: String(redis.port), ...(await registryWith([prices])) };
  const worker = startWorker(step, environment);
  return { prices, queue, events, worker };
}

const orders = 12;

async function countsWhenAllEnded(queue: Queue) {
  const counts = () => queue.getJobCounts('completed', 'failed');
  const ended = async () => Object.values(await counts()).reduce((sum, count) => sum + count, 0);
  await expect.poll(ended, { timeout: 15_000 }).toBe(orders);
  return counts();
}

describe.runIf(redisProgram)('bullmq', () => {
  test.each(steps)('%s puts prices on orders', async (step) => {
    const { queue, events } = await startWith(step);
    const job = await queue.add('order', { sku: 'lamp' });
    expect(await job.waitUntilFinished(events)).toBe(3.2);
  });

  test.each(steps)('%s ends the jobs that have begun before it stops, and begins no others', async (step) => {
    const { queue, events, prices, worker } = await startWith(step);
    // An attempt that takes too long is given up and made again.
    prices.state = 'hanging';
    const begun = await queue.add('order', { sku: 'lamp' });
    await expect.poll(() => prices.asked, { timeout: 15_000 }).toBeGreaterThan(0);
    const stopped = worker.stop();
    prices.answerAll();
    expect(await begun.waitUntilFinished(events)).toBe(3.2);
    expect(await stopped).toBe(0);
    const later = await queue.add('order', { sku: 'bulb' });
    expect(await later.getState()).toBe('waiting');
  });

  test.each(steps.slice(1))('%s keeps jobs back while the price list is down, at no cost of attempts', async (step) => {
    const { queue, prices } = await startWith(step);
    prices.state = 'failing';
    // Each has one attempt, so those that are asked for while the breaker is closed fail, and the others wait.
    await queue.addBulk(Array.from({ length: orders }, (_, at) => ({ name: 'order', data: { sku: `a${at}` } })));
    await expect.poll(() => queue.getDelayedCount(), { timeout: 15_000 }).toBeGreaterThan(0);
    prices.state = 'working';
    const { completed = 0 } = await countsWhenAllEnded(queue);
    expect(completed).toBeGreaterThan(0);
    const failed = await queue.getFailed();
    expect(new Set(failed.map(({ failedReason }) => failedReason))).toEqual(new Set(['the price list answered 500']));
  });

  test.each(steps.slice(2))('%s says how it is without a server of its own', async (step) => {
    const { queue, events, worker } = await startWith(step);
    const job = await queue.add('order', { sku: 'lamp' });
    await job.waitUntilFinished(events);
    const ready = worker
      .output()
      .split('\n')
      .find((line) => line.includes('"message":"ready"'));
    const { management } = JSON.parse(ready ?? '{}');
    const health = await fetch(`${management}/manage/health`);
    expect(await health.json()).toMatchObject({ components: { queue: { status: 'UP' } } });
  });
});
