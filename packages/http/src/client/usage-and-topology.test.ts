/** What an application counts of those who call it, and of whom it calls, over both wires, as its management shows it. */
import { readFile } from 'node:fs/promises';
import { type App, type Component, createApp, type TopologyReport, type UsagePage, usageToken } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { systemClock } from '@fwk/kernel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { http } from '../server/http.js';
import { served } from '../serving/served.js';
import { clientOf } from './client-of.js';

const stock = contract('stock', {
  version: '1.0.0',
  operations: {
    take: post('/takes', { body: z.object({ sku: z.string() }), response: z.object({ left: z.number() }) }),
  },
});
const shop = contract('shop', {
  version: '1.0.0',
  operations: {
    buy: get('/buy/:sku', { params: z.object({ sku: z.string() }), response: z.object({ left: z.number() }) }),
  },
});

interface Shop {
  readonly shopApp: App;
  readonly stockApp: App;
  readonly buy: (sku: string) => Promise<unknown>;
}

/** A caller, a shop and a stock, found through one registry. The stock has not what is called `none`. */
async function shops(wire: 'http' | 'mux'): Promise<Shop> {
  const registry = memoryRegistry();
  const start = async (name: string, use: readonly Component[]) => {
    const app = createApp({
      name,
      version: '1.0.0',
      owner: 'tests',
      signals: false,
      logging: { level: 'silent' },
      shutdown: { propagationDelayMs: 0 },
      use: [discovery({ registry }), ...use],
    });
    await app.start();
    onTestFinished(() => app.stop());
    return app;
  };
  const shelf: Component = {
    name: 'shelf',
    datastores: () => [{ kind: 'postgresql', name: 'postgres://u:pw@db/stock' }],
  };
  const take = async ({ body }: { body: { sku: string } }) => {
    if (body.sku === 'none') throw new Error('the shelf is broken');
    return { left: 5 };
  };
  const stockApp = await start('stock', [shelf, http({ serve: [served(stock, { take })] })]);
  const toStock = clientOf(stock, { wire, retry: false, timeoutMs: 15_000 });
  let client: { take(request: { body: { sku: string } }): Promise<{ left: number }> };
  const buyHandler = ({ params }: { params: { sku: string } }) => client.take({ body: { sku: params.sku } });
  const shopApp = await start('shop', [http({ serve: [served(shop, { buy: buyHandler })] })]);
  client = shopApp.get(toStock);
  const callerApp = await start('caller', []);
  const shopClient = callerApp.get(clientOf(shop, { wire, retry: false, timeoutMs: 15_000 }));
  return { shopApp, stockApp, buy: (sku) => shopClient.buy({ params: { sku } }) };
}

async function managed<T>(app: App, path: string, init?: RequestInit): Promise<T> {
  return (await (await fetch(`${app.managementUrl}/manage/${path}`, init)).json()) as T;
}

describe.each(['http', 'mux'] as const)('over %s', (wire) => {
  test('edges say who called whom, how often, and what failed; data stores are shown without credentials', async () => {
    const { shopApp, stockApp, buy } = await shops(wire);
    for (let at = 0; at < 4; at++) await buy('lamp');
    await expect(buy('none')).rejects.toThrow();
    const { edges } = await managed<TopologyReport>(shopApp, 'topology');
    expect(edges).toMatchObject([
      {
        caller: 'shop.buy',
        callee: { service: 'stock', operation: 'stock.take' },
        calls: 5,
        errors: 1,
        errorRatio: 0.2,
        latency: { count: 5 },
      },
    ]);
    const { datastores } = await managed<TopologyReport>(stockApp, 'topology');
    expect(datastores).toEqual([{ component: 'shelf', kind: 'postgresql', name: 'postgres://db/stock' }]);
    const map = await managed<{ services: { name: string }[]; edges: { caller: object }[]; missing: object[] }>(
      stockApp,
      'topology/services',
    );
    expect(map.services.map(({ name }) => name)).toEqual(['shop', 'stock']);
    expect(map.edges).toMatchObject([{ caller: { service: 'shop', operation: 'shop.buy' }, latency: { count: 5 } }]);
    expect(map.missing).toEqual([]);
  });

  test('usage says what each caller used of each operation, in calls, failures, time and bytes', async () => {
    const { stockApp, buy } = await shops(wire);
    for (let at = 0; at < 3; at++) await buy('läuft');
    await expect(buy('none')).rejects.toThrow();
    const [unread] = stockApp.get(usageToken).drain();
    const [row, ...others] = unread?.rows ?? [];
    expect(others).toEqual([]);
    expect(row).toMatchObject({ caller: 'shop', callerFrom: 'claim', operation: 'stock.take', calls: 4, failed: 1 });
    expect(row?.requestBytes).toBe(3 * Buffer.byteLength('{"sku":"läuft"}') + '{"sku":"none"}'.length);
    expect(row?.responseBytes).toBeGreaterThan(3 * '{"left":5}'.length + 50);
    expect(row?.timeMs).toBeGreaterThan(0);
  });
});

test('a billing job reads and acknowledges by management, and a wrong word of it changes nothing', async () => {
  let offsetMs = 0;
  const clock = {
    ...systemClock,
    now: () => systemClock.now() + offsetMs,
    wallTime: () => systemClock.wallTime() + offsetMs,
  };
  const app = createApp({
    name: 'shop',
    version: '1.0.0',
    owner: 'tests',
    signals: false,
    logging: { level: 'silent' },
    env: { clock },
    shutdown: { propagationDelayMs: 0 },
  });
  await app.start();
  onTestFinished(() => app.stop());
  const account = app.get(usageToken).account('shop.buy');
  const call = { caller: 'web', proven: true, timeMs: 1, failed: false, requestBytes: 1, responseBytes: 1 };
  for (let at = 0; at < 3; at++) {
    account.add(call, clock.now());
    offsetMs += 60_000;
  }
  const token = (await readFile(app.managementTokenFile as string, 'utf8')).trim();
  const tell = (body: object, headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
    fetch(`${app.managementUrl}/manage/usage/acknowledged`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const read = async (query = '') => {
    const page = await managed<UsagePage>(app, `usage${query}`);
    return { ...page, sequences: page.periods.map(({ sequence }) => sequence) };
  };
  const { boot, instance, sequences } = await read();
  expect([instance, sequences]).toEqual([app.info.instanceId, [1, 2, 3]]);
  expect((await read('?after=1')).sequences).toEqual([2, 3]);
  expect((await read(`?after=2&boot=${boot}`)).sequences).toEqual([3]);
  expect((await read('?after=2&boot=another')).sequences).toEqual([1, 2, 3]);
  expect((await fetch(`${app.managementUrl}/manage/usage?after=-1`)).status).toBe(400);
  const refused = await Promise.all([
    tell({ boot, through: 1 }, {}),
    tell({ boot: 'another', through: 1 }),
    tell({ boot, through: 4 }),
    tell({ boot, through: '1' }),
    tell({}),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([401, 409, 400, 400, 400]);
  expect((await read()).sequences).toEqual([1, 2, 3]);
  expect(await (await tell({ boot, through: 2 })).json()).toEqual({ boot, acknowledged: 2 });
  expect(await (await tell({ boot, through: 2 })).json()).toEqual({ boot, acknowledged: 2 });
  expect(await read()).toMatchObject({ acknowledged: 2, sequences: [3] });
});
