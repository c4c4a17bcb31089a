/** The module of NestJS as its own tests see it: policies with a clock of the test, and errors as callers get them. */
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fakeClock } from '@fwk/kernel/testing';
import { liveValue, makeEnv, policyRegistry } from '@fwk/resilience';
import { Test } from '@nestjs/testing';
import { afterEach, expect, test } from 'vitest';
import { Orders, OrdersController, Prices } from './orders.js';
import { PoliciesModule, policiesToken, ReliablePrices } from './policies.js';
import { problems } from './problems.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A price list that answers with a status of the test's own. */
async function startPrices(): Promise<{ status: number; asked: number }> {
  const prices = { status: 200, asked: 0 };
  const server: Server = createServer((_request, response) => {
    prices.asked++;
    response.writeHead(prices.status, { 'content-type': 'application/json' }).end('{"price":3.2}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close().closeAllConnections());
  process.env.PRICES_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return prices;
}

async function startNest() {
  const clock = fakeClock();
  const policies = liveValue({ prices: { breaker: { consecutiveFailures: 1, openMs: 5000 } } });
  const testing = await Test.createTestingModule({
    imports: [PoliciesModule],
    providers: [Orders, { provide: Prices, useClass: ReliablePrices }, problems],
    controllers: [OrdersController],
  })
    .overrideProvider(policiesToken)
    .useValue(policyRegistry(makeEnv({ clock }), policies))
    .compile();
  const nest = testing.createNestApplication({ logger: false, forceCloseConnections: true });
  closing.push(() => nest.close());
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  const place = () =>
    fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"sku":"lamp"}',
    });
  return { clock, place, find: (id: string) => fetch(`${url}/orders/${id}`) };
}

test('an open breaker is a problem document that says when to come back, and closes again', async () => {
  const prices = await startPrices();
  const { clock, place } = await startNest();
  prices.status = 500;
  expect((await place()).status).toBe(500);
  const refused = await place();
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toMatchObject({ status: 503, code: 'FWK_RESILIENCE_BREAKER_OPEN' });
  expect(prices.asked).toBe(1);
  prices.status = 200;
  await clock.advance(5000);
  expect(await (await place()).json()).toEqual({ id: '1', sku: 'lamp', price: 3.2 });
});

test('errors of NestJS keep their status and what they say; all others say nothing', async () => {
  const prices = await startPrices();
  const { place, find } = await startNest();
  expect(await (await find('7')).json()).toMatchObject({ status: 404, detail: 'no such order' });
  prices.status = 404;
  const failed = await place();
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain('price list');
});
