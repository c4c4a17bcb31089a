/** Usage is counted with every call of every server, so it may cost a hundredth of the smallest call and no more. */
import { createMeter, createUsage } from '@fwk/core';
import { expect, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import { served } from './served.js';
import { usedCall } from './used-call.js';

/** CPU time, in nanoseconds, since other programs of the machine come between. */
async function nsOf(times: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < times; count++) {
    const done = work();
    if (done instanceof Promise) await done;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
}

test('to count what a call used takes at most a hundredth of a call over the cheapest wire', async () => {
  const handlers = { item: () => ({ id: '', size: 0 }), order: () => ({ order: '' }), tick: () => 1, forget: () => {} };
  const server = createServer({ serve: [served(shop, handlers)], port: 0 });
  await server.start();
  const client = createClient(shop, { endpoints: [server.url], wire: 'mux' });
  const account = createUsage({ service: 'shop', instance: 'shop-1', boot: '1' }, createMeter()).account('shop.tick');
  const request = { peer: undefined, caller: 'web', body: '{"sku":"lamp-7"}' };
  const count = () => account.add(usedCall(request, 1.5, 200, '{"ok":true}'), 1000);
  const call = () => client.tick();
  const counts: number[] = [];
  const calls: number[] = [];
  for (let round = 0; round < 5; round++) {
    counts.push(await nsOf(50_000, count));
    calls.push(await nsOf(1000, call));
  }
  expect(Math.min(...counts) / Math.min(...calls)).toBeLessThan(0.01);
  await client[Symbol.asyncDispose]();
  await server.close();
});
