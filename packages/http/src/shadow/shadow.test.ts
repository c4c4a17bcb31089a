/** Calls of one version of a served contract of which some are copied to another, over real sockets. */
import { createMeter } from '@fwk/core';
import { type Endpoint, staticEndpoints, type Wire } from '@fwk/discovery';
import { eventBus, liveValue } from '@fwk/kernel';
import { policyRegistry } from '@fwk/resilience';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import type { Call, Handlers } from '../contract/contract-types.js';
import { get } from '../contract/operation.js';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import type { ShadowCompare, ShadowOptions } from './shadow-options.js';

type Shop = Handlers<typeof shop>;
type Item = { readonly id: string; readonly size: number };

const patience = { timeout: 5000, interval: 5 };

/** One version of the shop: what it answers, and the headers it was asked with. */
async function serve(version: string, item: (call: Call<typeof shop, 'item'>) => Promise<Item> | Item) {
  const heard: Record<string, unknown>[] = [];
  const orders: unknown[] = [];
  const handlers: Shop = {
    item: (call) => {
      heard.push({ ...call.headers });
      return item(call);
    },
    order: ({ body }) => {
      orders.push(body);
      return { order: '1' };
    },
    tick: () => 1,
    forget: () => undefined,
  };
  const server = createServer({ serve: [served(shop, handlers)] });
  await server.start();
  onTestFinished(() => server.close());
  const [endpoint] = staticEndpoints('shop', [server.url]).value as readonly [Endpoint];
  const wires: readonly Wire[] = ['http', 'mux'];
  const instance = { ...endpoint.instance, version, tags: [`is-${version}`] };
  return { heard, orders, endpoint: { ...endpoint, id: version, wires, instance } };
}

function clientOf(
  endpoints: readonly Endpoint[],
  shadow: Partial<ShadowOptions>,
  wire: Wire = 'http',
  random: () => number = () => 0.5,
) {
  const metrics = createMeter();
  const told: (readonly [string, unknown])[] = [];
  const events = eventBus();
  for (const name of [
    'shadow.differed',
    'shadow.not-compared',
    'retry.scheduled',
    'endpoint.ejected',
    'breaker.opened',
  ]) {
    events.on(name, ({ data }) => told.push([name, data]));
  }
  const live = liveValue<Partial<ShadowOptions> | false>({ version: '^2', share: 1, timeoutMs: 30_000, ...shadow });
  const client = createClient(shop, {
    memberships: { of: () => liveValue(endpoints), settled: async () => {} },
    deadlineMs: 5000,
    timeoutMs: 4000,
    wire,
    shadow: live,
    env: { metrics, events, random },
  });
  onTestFinished(() => client[Symbol.asyncDispose]());
  const samples = (name: string) => metrics.collect().find((family) => family.name === name)?.samples ?? [];
  /** By result. */
  const copies = () =>
    Object.fromEntries(samples('http.client.shadow.copies').map(({ labels, value }) => [labels.result, value]));
  const calls = () => samples('http.client.request.duration').reduce((sum, { value }) => sum + value, 0);
  return { client, told, live, copies, calls };
}

const small = { id: 'lamp', size: 1 };
const read = { params: { id: 'lamp' } };
/** Where the calls themselves go. */
const toFirst = { route: { pin: '1.4.0' } };

describe.each<Wire>(['http', 'mux'])('a copied call over %s', (wire) => {
  test('goes to the other version as well, which is told that it is a copy', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    const { client, copies, calls } = clientOf([first.endpoint, second.endpoint], {}, wire);
    for (let call = 0; call < 5; call++) expect(await client.item(read, toFirst)).toEqual(small);
    await vi.waitFor(() => expect(copies()).toEqual({ same: 5 }), patience);
    expect(first.heard.map((headers) => headers['fwk-shadow'])).toEqual(Array(5).fill(undefined));
    expect(second.heard.map((headers) => [headers['fwk-shadow'], headers['fwk-priority']])).toEqual(
      Array(5).fill(['1', 'background']),
    );
    // Only the calls themselves are measured.
    expect(calls()).toBe(5);
  });

  test('is answered though its copy hangs, and its copy is given up at its limit', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => new Promise(() => {}));
    const { client, copies, told } = clientOf([first.endpoint, second.endpoint], { timeoutMs: 100 }, wire);
    expect(await client.item(read, toFirst)).toEqual(small);
    await vi.waitFor(() => expect(copies()).toEqual({ failed: 1 }), patience);
    expect(told).toMatchObject([['shadow.not-compared', { operation: 'item', result: 'failed', untold: 0 }]]);
  });
});

type AnswerItem = (call: Call<typeof shop, 'item'>) => Item;

/** One call, and what came of its copy. */
async function compared(item: AnswerItem, options: Partial<ShadowOptions> = {}) {
  const first = await serve('1.4.0', () => ({ ...small }));
  const second = await serve('2.0.0', item);
  const made = clientOf([first.endpoint, second.endpoint], options);
  const answer = await made.client.item(read, toFirst);
  answer.size = 99;
  await vi.waitFor(() => expect(Object.keys(made.copies())).toHaveLength(1), patience);
  return made;
}

describe('the answers', () => {
  test('differ by their status', async () => {
    const { told, copies } = await compared(() => {
      throw new Error('new and broken');
    });
    expect(copies()).toEqual({ different: 1 });
    expect(told).toMatchObject([['shadow.differed', { operation: 'item', why: 'status 500 in place of 200' }]]);
  });

  test('differ where that to the copy does not fit the contract', async () => {
    const loose = contract('shop', {
      version: '2.0.0',
      operations: { item: get('/items/:id', { params: z.object({ id: z.string() }), response: z.any() }) },
    });
    const server = createServer({ serve: [served(loose, { item: () => ({ id: 'lamp', size: 'large' }) })] });
    await server.start();
    onTestFinished(() => server.close());
    const first = await serve('1.4.0', () => small);
    const [endpoint] = staticEndpoints('shop', [server.url]).value as readonly [Endpoint];
    const second = { ...endpoint, instance: { ...endpoint.instance, version: '2.0.0' } };
    const { client, told } = clientOf([first.endpoint, second], {});
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(told).toHaveLength(1), patience);
    expect(told).toMatchObject([
      ['shadow.differed', { result: 'different', why: expect.stringContaining('does not fit the contract') }],
    ]);
  });

  test('are the same where both refuse alike, and nobody compares what is no answer of the contract', async () => {
    const gone = () => {
      throw problem(404, 'no such lamp');
    };
    const first = await serve('1.4.0', gone);
    const second = await serve('2.0.0', gone);
    const compare = vi.fn(() => false);
    const { client, copies } = clientOf([first.endpoint, second.endpoint], { compare });
    await expect(client.item(read, toFirst)).rejects.toMatchObject({ status: 404 });
    await vi.waitFor(() => expect(copies()).toEqual({ same: 1 }), patience);
    expect(compare).not.toHaveBeenCalled();
  });

  test.each<[string, ShadowOptions['compare'], string, string | undefined]>([
    ['true', () => true, 'same', undefined],
    ['false', () => false, 'different', 'the comparator says so'],
    ['a sentence', () => 'the price is higher', 'different', 'the price is higher'],
    ['true later', async () => true, 'same', undefined],
    ['nothing', (() => undefined) as never, 'comparator-failed', 'it answered neither true, false nor a text'],
    [
      'by throwing',
      () => {
        throw new Error('no such field');
      },
      'comparator-failed',
      'no such field',
    ],
    ['by rejecting', () => Promise.reject('later'), 'comparator-failed', 'later'],
    [
      'by throwing what cannot be shown',
      () => {
        throw Object.create(null);
      },
      'comparator-failed',
      '[Object: null prototype] {}',
    ],
  ])('are compared by a comparator that answers %s', async (_how, compare, result, why) => {
    const { copies, told } = await compared(() => small, { compare });
    expect(copies()).toEqual({ [result]: 1 });
    expect(told.map(([, data]) => data)).toMatchObject(why === undefined ? [] : [{ result, why }]);
  });

  test('are compared by a comparator for no longer than a copy may take', async () => {
    const compare = () => new Promise<boolean>(() => {});
    const { copies, told } = await compared(() => small, { compare, timeoutMs: 1000 });
    expect(copies()).toEqual({ 'comparator-failed': 1 });
    expect(told).toMatchObject([['shadow.not-compared', { why: 'it has not answered within 1000 ms' }]]);
  });

  test('are compared as they came, though the caller has changed its own meanwhile', async () => {
    const seen: unknown[] = [];
    await compared(() => ({ id: 'lamp', size: 2 }), {
      compare: (...given) => {
        seen.push(...given);
        return true;
      },
    });
    expect(seen).toEqual([small, { id: 'lamp', size: 2 }, 'item']);
  });
});

describe('what is copied', () => {
  test('is only what may run twice, and no call with an idempotency key', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    const { client, copies } = clientOf([first.endpoint, second.endpoint], {});
    await client.order({ body: { sku: 'lamp', quantity: 1 } }, { ...toFirst });
    await client.tick({}, toFirst);
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(copies()).toEqual({ same: 1 }), patience);
    expect([first.orders, second.orders]).toEqual([[{ sku: 'lamp', quantity: 1 }], []]);
  });

  test('are the operations that are named', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    const { client, copies } = clientOf([first.endpoint, second.endpoint], { operations: ['forget'] });
    await client.item(read, toFirst);
    await client.forget(read, toFirst);
    await vi.waitFor(() => expect(copies()).toEqual({ same: 1 }), patience);
    expect(second.heard).toEqual([]);
  });

  test('is a call once, however often it is tried', async () => {
    let failures = 2;
    const first = await serve('1.4.0', () => {
      if (failures-- > 0) throw problem(503, 'not yet');
      return small;
    });
    const second = await serve('2.0.0', () => small);
    const { client, copies } = clientOf([first.endpoint, second.endpoint], {});
    expect(await client.item(read, toFirst)).toEqual(small);
    expect(first.heard).toHaveLength(3);
    await vi.waitFor(() => expect(second.heard).toHaveLength(1), patience);
    await vi.waitFor(() => expect(copies()).toEqual({ different: 1 }), patience);
  });

  test('follows the options while calls go on, and ends with false', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    const third = await serve('3.0.0', () => small);
    const { client, live, copies } = clientOf(
      [first, second, third].map(({ endpoint }) => endpoint),
      { share: 0 },
    );
    await client.item(read, toFirst);
    live.set({ version: '^2', share: 1 });
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(copies()).toEqual({ same: 1 }), patience);
    live.set({ tags: ['is-3.0.0'], share: 1 });
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(copies()).toEqual({ same: 2 }), patience);
    live.set(false);
    await client.item(read, toFirst);
    expect([second, third].map(({ heard }) => heard.length)).toEqual([1, 1]);
  });

  test('is nothing where too many copies are under way, or nobody runs that version', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => new Promise(() => {}));
    const { client, copies, told } = clientOf([first.endpoint, second.endpoint], { maxInFlight: 2, timeoutMs: 60_000 });
    for (let call = 0; call < 5; call++) await client.item(read, toFirst);
    expect(copies()).toEqual({ 'left-out': 3 });
    // One event a second, however many there are.
    expect(told).toMatchObject([['shadow.not-compared', { why: '2 copies are under way, as many as may be' }]]);
    const alone = clientOf([first.endpoint], {});
    await alone.client.item(read, toFirst);
    expect(alone.told).toMatchObject([['shadow.not-compared', { why: 'no instance is known that copies may go to' }]]);
  });

  test('is given up when the client is closed', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => new Promise(() => {}));
    const { client, copies } = clientOf([first.endpoint, second.endpoint], { timeoutMs: 60_000 });
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(second.heard).toHaveLength(1), patience);
    await client[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(copies()).toEqual({ failed: 1 }), patience);
  });

  test('is a share of the calls', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    let drawn = 0;
    const random = () => (drawn++ % 10) / 10;
    const { client } = clientOf([first.endpoint, second.endpoint], { share: 0.3 }, 'http', random);
    for (let call = 0; call < 50; call++) await client.item(read, toFirst);
    await vi.waitFor(() => expect(second.heard.length).toBeGreaterThanOrEqual(5), patience);
    expect(second.heard.length).toBeLessThanOrEqual(25);
  });
});

describe('options', () => {
  const made = (shadow: unknown) => () => createClient(shop, { endpoints: ['http://127.0.0.1:1'], shadow } as never);

  test.each([
    [{ share: 0.5 }, 'it needs a version or tags, which say where copies go'],
    [{ share: 2, version: '^2' }, 'share must be'],
    [{ share: Number.NaN, version: '^2' }, 'share must be'],
    [{ share: 0.5, version: 'new' }, 'version must be'],
    [{ share: 0.5, tags: [] }, 'tags must be'],
    [{ share: 0.5, version: '^2', comparator: () => true }, 'comparator'],
    [true, 'shadow must be'],
  ])('%j are refused', (shadow, problem) => {
    expect(made(shadow)).toThrow(problem);
  });

  test('of code and of operators lie over each other, and what is wrong with them changes nothing', async () => {
    const first = await serve('1.4.0', () => small);
    const second = await serve('2.0.0', () => small);
    const policies = policyRegistry();
    const compared: unknown[] = [];
    const compare: ShadowCompare = (_original, copy) => {
      compared.push(copy);
      return true;
    };
    const client = createClient(shop, {
      memberships: { of: () => liveValue([first.endpoint, second.endpoint]), settled: async () => {} },
      shadow: { compare, version: '^2', timeoutMs: 30_000 },
      policies,
    });
    onTestFinished(() => client[Symbol.asyncDispose]());
    await client.item(read, toFirst);
    policies.override('shop', { shadow: { share: 1 } });
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(compared).toEqual([small]), patience);
    expect(() => policies.override('shop', { shadow: { share: 1, version: 'newest' } })).toThrow('version must be');
    await client.item(read, toFirst);
    await vi.waitFor(() => expect(compared).toEqual([small, small]), patience);
    const { settings } = policies.inspect('shop').uses[0] as { settings: readonly unknown[] };
    expect(settings).toContainEqual(expect.objectContaining({ setting: 'shadow.share', value: 1 }));
  });
});
