import { createApp } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { type Component, liveValue } from '@fwk/kernel';
import { resilience } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../client/client-of.js';
import type { ClientOptions } from '../client/client-options.js';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { http } from '../server/http.js';
import { createServer } from '../server/server.js';
import type { ServerSettings } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { inProcess, type LocalGroup, localGroup } from './local-group.js';

const answer = z.object({ by: z.string(), over: z.string() });
const inventory = contract('inventory', {
  version: '1.0.0',
  operations: { stock: get('/stock', { response: answer }) },
});
const pricing = contract('pricing', { version: '1.0.0', operations: { price: get('/price', { response: answer }) } });

/** What is loaded for a first connection takes long on a busy machine. */
const patient = { timeoutMs: 20_000, deadlineMs: 30_000 } as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An application as it would be in a process of its own, unless a group is given. */
async function app(
  name: string,
  use: readonly Component[],
  group?: LocalGroup,
  version = '1.0.0',
  instanceId?: string,
) {
  const made = createApp({
    ...{ name, version, owner: 'tests', signals: false, management: false, tracing: false },
    ...(instanceId !== undefined && { instanceId }),
    logging: { level: 'silent' },
    shutdown: { propagationDelayMs: 0 },
    use: [...(group ? [inProcess(group)] : []), ...use],
  });
  closing.push(() => made.stop());
  await made.start();
  return made;
}

/** The wire is not shown to handlers; an address tells which it was. */
const over = (headers: Readonly<Record<string, string | undefined>>) => (headers.host ? 'http' : 'by name');

const serving = (by: string, settings: Partial<ServerSettings> = {}) =>
  http({ serve: [served(inventory, { stock: ({ headers }) => ({ by, over: over(headers) }) })], ...settings });

describe('applications of one group', () => {
  test('call each other without a connection, as soon as the called one is ready', async () => {
    const group = localGroup();
    const caller = await app('caller', [http({ listen: false })], group);
    const client = caller.get(clientOf(inventory, { retry: false }));
    await expect(client.stock({})).rejects.toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
    const callee = await app('inventory', [serving('one', { listen: false })], group);
    expect(group.services).toEqual(['caller', 'inventory']);
    expect(await client.stock({})).toEqual({ by: 'one', over: 'by name' });
    await callee.stop();
    await expect(client.stock({})).rejects.toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
  });

  test('do not meet those of another group, nor those of none', async () => {
    const [ours, theirs] = [localGroup(), localGroup()];
    const caller = await app('caller', [http({ listen: false })], ours);
    await app('inventory', [serving('theirs', { listen: false })], theirs);
    await app('inventory', [serving('nobody', { listen: false })]);
    const client = caller.get(clientOf(inventory, { retry: false }));
    await expect(client.stock({})).rejects.toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
  });

  test('take instances in turn, with the versions and tags that routing knows', async () => {
    const group = localGroup();
    const registry = memoryRegistry();
    const inventoryApp = (version: string, tag: string) =>
      app('inventory', [discovery({ registry, tags: [tag] }), serving(version, { listen: false })], group, version);
    await inventoryApp('1.0.0', 'old');
    await inventoryApp('2.0.0', 'new');
    const settings = liveValue<unknown>({});
    const caller = await app('caller', [resilience({ policies: settings }), http({ listen: false })], group);
    const client = caller.get(clientOf(inventory, { ...patient, balancer: 'round-robin' }));
    const seen = async () => {
      const by = new Set<string>();
      for (let call = 0; call < 40; call++) by.add((await client.stock({})).by);
      return [...by].sort();
    };
    expect(await seen()).toEqual(['1.0.0', '2.0.0']);
    settings.set({ inventory: { routing: { version: '>=2.0.0' } } });
    expect(await seen()).toEqual(['2.0.0']);
    settings.set({ inventory: { routing: { tags: ['old'] } } });
    expect(await seen()).toEqual(['1.0.0']);
  });

  test('refuse a second instance with the same id', async () => {
    const group = localGroup();
    await app('inventory', [serving('one', { listen: false })], group, '1.0.0', 'same');
    await expect(app('inventory', [serving('two', { listen: false })], group, '1.0.0', 'same')).rejects.toThrow(
      /an instance "same" of inventory is in the group already/,
    );
    expect(group.services).toEqual(['inventory']);
  });
});

describe('a service is split off by configuration only', () => {
  /** The program of the shop: the same code, whatever runs where. */
  async function shop(here: readonly string[], registry = memoryRegistry(), group = localGroup()) {
    const programs: Readonly<Record<string, () => Promise<unknown>>> = {
      inventory: () => app('inventory', [discovery({ registry }), serving('inventory')], group),
      storefront: () => app('storefront', [discovery({ registry }), http()], group),
    };
    const started = new Map<string, unknown>();
    for (const name of here) started.set(name, await programs[name]?.());
    return { started: started as ReadonlyMap<string, Awaited<ReturnType<typeof app>>>, registry, group };
  }

  test('and is called over the network from then on', async () => {
    const whole = await shop(['inventory', 'storefront']);
    const storefront = whole.started.get('storefront');
    if (!storefront) throw new Error('not started');
    expect(await storefront.get(clientOf(inventory, patient)).stock({})).toEqual({ by: 'inventory', over: 'by name' });

    const one = await shop(['storefront']);
    const other = await shop(['inventory'], one.registry);
    expect(other.group.services).toEqual(['inventory']);
    const alone = one.started.get('storefront');
    if (!alone) throw new Error('not started');
    const client = alone.get(clientOf(inventory, patient));
    expect(await client.stock({})).toEqual({ by: 'inventory', over: 'by name' });
    expect(one.group.services).toEqual(['storefront']);
    const overHttp = alone.get(clientOf(inventory, { ...patient, wire: 'http' }));
    expect(await overHttp.stock({})).toEqual({ by: 'inventory', over: 'http' });
  });

  test('or while everything runs, and comes back', async () => {
    const registry = memoryRegistry();
    const group = localGroup();
    const caller = await app('caller', [discovery({ registry }), http()], group);
    const here = await app('inventory', [discovery({ registry }), serving('here')], group);
    await app('inventory', [discovery({ registry }), serving('there')]);
    const client = caller.get(clientOf(inventory, patient));
    const by = () => client.stock({}).then((answered) => answered.by);
    expect(await by()).toBe('here');
    await here.stop();
    await expect.poll(by).toBe('there');
    await app('inventory', [discovery({ registry }), serving('here again')], group);
    expect(await by()).toBe('here again');
  });

  test('or for some callers, by the wire of their policy, which may change', async () => {
    const registry = memoryRegistry();
    const group = localGroup();
    const settings = liveValue<unknown>({});
    const caller = await app('caller', [resilience({ policies: settings }), discovery({ registry }), http()], group);
    await app('inventory', [discovery({ registry }), serving('here', { mux: false })], group);
    const client = caller.get(clientOf(inventory, patient));
    for (const [wire, seen] of [
      ['auto', 'by name'],
      ['http', 'http'],
      ['local', 'by name'],
      ['auto', 'by name'],
    ]) {
      settings.set({ inventory: { wire } });
      expect(await client.stock({})).toEqual({ by: 'here', over: seen });
    }
  });
});

describe('without an application', () => {
  const start = async (options: Parameters<typeof createServer>[0] = {}) => {
    const both = [
      served(inventory, { stock: () => ({ by: 'server', over: 'none' }) }),
      served(pricing, { price: () => ({ by: 'server', over: 'none' }) }),
    ];
    const server = createServer({ serve: both, ...options });
    closing.push(() => server.close());
    await server.start();
    return server;
  };
  const clientIn = (group: LocalGroup, options: Partial<ClientOptions<typeof inventory>> = {}) => {
    const client = createClient(inventory, { group, retry: false, ...options });
    closing.push(async () => client[Symbol.asyncDispose]());
    return client;
  };

  test('a server is a service for each of its contracts, until it is taken out', async () => {
    const group = localGroup();
    const added = group.add(await start());
    expect(group.services).toEqual(['inventory', 'pricing']);
    const client = clientIn(group);
    expect(await client.stock({})).toMatchObject({ by: 'server' });
    added[Symbol.dispose]();
    added[Symbol.dispose]();
    expect(group.services).toEqual([]);
    await expect(client.stock({})).rejects.toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
  });

  test('a server that serves something else under the name of a service says so', async () => {
    const group = localGroup();
    const other = createServer({ serve: [served(pricing, { price: () => ({ by: 'x', over: 'x' }) })], listen: false });
    closing.push(() => other.close());
    await other.start();
    group.add(other, { service: 'inventory' });
    await expect(clientIn(group).stock({})).rejects.toMatchObject({
      status: 404,
      problem: { code: 'FWK_HTTP_ROUTE_UNKNOWN' },
    });
  });

  test('what cannot be a member is refused, and why', async () => {
    const group = localGroup();
    const unstarted = createServer({ serve: [] });
    expect(() => group.add(unstarted)).toThrow(/must have been started/);
    expect(() => group.add({})).toThrow(/must be made by createServer/);
    const stopped = await start({ listen: false });
    await stopped.close();
    expect(() => group.add(stopped)).toThrow(/must not have been stopped/);
    expect(() => group.add(stopped, { service: 'a b' })).toThrow();
    const running = await start({ listen: false });
    expect(() => group.add(running, { service: 'a b' })).toThrow(/service must be/);
    expect(() => inProcess({} as LocalGroup)).toThrow(/localGroup\(\) of the same copy/);
    expect(group.services).toEqual([]);
  });

  test('a server that does not listen has no port, and is closed like any other', async () => {
    const server = await start({ listen: false });
    expect(server).toMatchObject({ port: 0, url: 'local:', listening: true });
    await server.close();
    expect(server.listening).toBe(false);
  });
});
