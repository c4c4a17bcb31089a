/** Rate limits of a client that keep the quota which a real provider tells in its answers, on a clock of the test. */
import { createServer as createRawServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FwkError } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';
import { serviceFetch } from '../adapters/service-fetch.js';
import { shop } from '../fixtures/shop-contract.js';
import { createClient } from './create-client.js';

async function provider(answer: (response: ServerResponse, call: number) => void) {
  let calls = 0;
  const server = createRawServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    answer(response, ++calls);
    response.end(request.method === 'GET' ? '{"id":"a","size":1}' : '{"order":"made"}');
  }).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.on('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

const item = { params: { id: 'a' } };
const order = { body: { sku: 'lamp', quantity: 1 } };
const limits = {
  rateLimit: { algorithm: 'none', followQuota: true },
  retry: false,
  timeoutMs: false,
  deadlineMs: false,
} as const;
const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

test('a used-up quota holds back all operations until it begins anew', async () => {
  const clock = fakeClock();
  const { url, calls } = await provider((response, call) => {
    response.setHeader('RateLimit-Policy', '"day";q=2;w=60');
    response.setHeader('RateLimit', `"day";r=${2 - call};t=30`);
  });
  // An operation with options of its own has a limit of its own, and the same quota.
  const operations = { order: { rateLimit: { maxWaitMs: 0 } } };
  const client = createClient(shop, { endpoints: [url], env: { clock }, ...limits, operations });
  onTestFinished(() => client[Symbol.asyncDispose]());
  await client.item(item);
  await expect
    .poll(() =>
      client.order(order).then(
        () => calls(),
        () => 'refused',
      ),
    )
    .toBe('refused');
  expect(calls()).toBe(2);
  const refused = await failure(client.item(item));
  expect(refused).toMatchObject({
    code: 'FWK_RESILIENCE_RATE_LIMITED',
    details: { byQuota: true },
    traits: { notProcessed: true },
  });
  expect(refused.traits.retryAfterMs).toBe(30_000);
  await clock.advance(30_000);
  await client.item(item);
  expect(calls()).toBe(3);
});

test('Retry-After of one call holds back the others', async () => {
  const clock = fakeClock();
  const { url, calls } = await provider((response, call) => {
    if (call === 1) response.writeHead(429, { 'retry-after': '5' });
  });
  const client = createClient(shop, { endpoints: [url], env: { clock }, ...limits });
  onTestFinished(() => client[Symbol.asyncDispose]());
  expect(await failure(client.item(item))).toMatchObject({ status: 429 });
  expect(await failure(client.order(order))).toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
  await clock.advance(5000);
  await client.order(order);
  expect(calls()).toBe(2);
});

test('fetch for a service hears it too, in headers that come several times', async () => {
  const clock = fakeClock();
  const { url, calls } = await provider((response) => response.setHeader('RateLimit', ['"a";r=9;t=9', '"b";r=0;t=7']));
  const bank = serviceFetch('bank', { endpoints: [url], env: { clock }, ...limits });
  onTestFinished(() => bank[Symbol.asyncDispose]());
  await expect
    .poll(() =>
      bank('/a').then(
        (answer) => answer.status,
        (error: Error) => Object(error.cause).code,
      ),
    )
    .toBe('FWK_RESILIENCE_RATE_LIMITED');
  expect(calls()).toBeLessThan(5);
});

test('without followQuota nothing is heard', async () => {
  const { url, calls } = await provider((response) =>
    response.setHeader('X-RateLimit-Remaining', '0').setHeader('X-RateLimit-Reset', '60'),
  );
  const client = createClient(shop, { endpoints: [url], rateLimit: { burst: 100 } });
  onTestFinished(() => client[Symbol.asyncDispose]());
  await client.item(item);
  await client.item(item);
  expect(calls()).toBe(2);
});
