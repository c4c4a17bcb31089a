import { createDigest } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { createMeter } from '../metrics/meter.js';
import { componentDatastores } from './component-datastores.js';
import { joinTopology } from './join-topology.js';
import { createTopology } from './topology.js';
import type { TopologyOptions } from './topology-options.js';
import type { DatastoreReport } from './topology-report.js';

function instance(
  service: string,
  options: Partial<TopologyOptions> = {},
  datastores: readonly DatastoreReport[] = [],
  instanceId = `${service}-1`,
) {
  const clock = fakeClock();
  const metrics = createMeter({ clock });
  const app = { name: service, version: '1.0.0', owner: 'us', instanceId };
  const topology = createTopology(app, metrics, () => datastores, { clock, ...options });
  const calls = (caller: string, callee: string, operation: string, ms = 5, failed = false) =>
    topology.callee(callee, operation).record(caller, ms, failed, clock.now());
  return { clock, metrics, topology, calls };
}

describe('an edge', () => {
  test('has rate, errors and latencies of the last one to two minutes, and totals', async () => {
    const { clock, topology, calls } = instance('shop');
    await clock.advance(1);
    for (let at = 0; at < 60; at++) {
      calls('shop.buy', 'stock', 'stock.take', at < 30 ? 10 : 20, at % 4 === 0);
      await clock.advance(1000);
    }
    const [edge] = topology.report().edges;
    expect(edge).toMatchObject({
      caller: 'shop.buy',
      callee: { service: 'stock', operation: 'stock.take' },
      calls: 60,
      errors: 15,
      errorRatio: 0.25,
    });
    expect(edge?.ratePerSecond).toBeCloseTo(1, 1);
    expect(edge?.latency.p50Ms).toBeCloseTo(10, 0);
    expect(edge?.latency.p99Ms).toBeCloseTo(20, 0);
    await clock.advance(120_000);
    expect(topology.report().edges[0]).toMatchObject({ calls: 60, ratePerSecond: 0, errorRatio: 0 });
  });

  test('of each calling operation is its own', () => {
    const { topology, calls } = instance('shop');
    calls('shop.buy', 'stock', 'stock.take');
    calls('', 'stock', 'stock.take');
    calls('shop.buy', 'prices', 'prices.of');
    expect(topology.report().edges.map(({ caller, callee }) => [caller, callee.operation])).toEqual([
      ['shop.buy', 'stock.take'],
      ['', 'stock.take'],
      ['shop.buy', 'prices.of'],
    ]);
  });

  test('of 10,000 different callers stay within the limit, and the rest is counted', async () => {
    const { metrics, topology, calls } = instance('shop', { maxEdges: 50 });
    for (let at = 0; at < 10_000; at++) calls(`operation ${at}`, 'stock', 'stock.take');
    expect(topology.report().edges.length).toBe(50);
    expect((await metrics.expose()).body).toContain('fwk_topology_folded_total 9950\n');
  });

  test('that is idle makes room for a new one', async () => {
    const { clock, topology, calls } = instance('shop', { maxEdges: 2 });
    calls('a', 'stock', 'take');
    calls('b', 'stock', 'take');
    calls('c', 'stock', 'take');
    await clock.advance(180_000);
    calls('b', 'stock', 'take');
    calls('c', 'stock', 'take');
    expect(topology.report().edges.map(({ caller }) => caller)).toEqual(['b', 'c']);
  });

  test('keeps the first 128 characters of a name of 1 MB', () => {
    const { topology, calls } = instance('shop');
    for (let at = 0; at < 3; at++) calls('x'.repeat(1_000_000), 'stock', 'take');
    expect(topology.report().edges).toMatchObject([{ caller: 'x'.repeat(128), calls: 3 }]);
  });
});

describe('joined', () => {
  test('edges of all instances of a service add up, percentiles are those of all calls together', async () => {
    const first = instance('shop', {}, [], 'shop-1');
    const second = instance('shop', {}, [], 'shop-2');
    for (const each of [first, second]) await each.clock.advance(10_000);
    for (let at = 0; at < 90; at++) first.calls('shop.buy', 'stock', 'take', 10);
    for (let at = 0; at < 10; at++) second.calls('shop.buy', 'stock', 'take', 1000, true);
    for (const each of [first, second]) await each.clock.advance(10_000);
    const map = joinTopology([first.topology.report(true), second.topology.report(true)]);
    expect(map.services).toEqual([{ name: 'shop', versions: ['1.0.0'], instances: 2 }]);
    expect(map.edges).toMatchObject([{ instances: 2, errorRatio: 0.1, latency: { count: 100 } }]);
    expect(map.edges[0]?.ratePerSecond).toBeCloseTo(10, 0);
    expect(map.edges[0]?.latency.p50Ms).toBeCloseTo(10, 0);
    expect(map.edges[0]?.latency.p99Ms).toBeCloseTo(1000, -2);
  });

  test('an instance that reports twice counts once', () => {
    const { topology, calls } = instance('shop');
    calls('shop.buy', 'stock', 'take');
    const report = topology.report(true);
    expect(joinTopology([report, report]).edges).toMatchObject([{ instances: 1, latency: { count: 1 } }]);
  });

  test('cycles of services and of operations are named', () => {
    const shop = instance('shop');
    const stock = instance('stock');
    const prices = instance('prices');
    shop.calls('shop.buy', 'stock', 'stock.take');
    stock.calls('stock.take', 'prices', 'prices.of');
    prices.calls('prices.refresh', 'shop', 'shop.look');
    const reports = () => [shop, stock, prices].map(({ topology }) => topology.report(true));
    expect(joinTopology(reports()).cycles).toEqual({
      services: [['prices', 'shop', 'stock', 'prices']],
      operations: [],
    });
    prices.calls('prices.of', 'shop', 'shop.buy');
    expect(joinTopology(reports()).cycles.operations).toEqual([
      ['prices: prices.of', 'shop: shop.buy', 'stock: stock.take', 'prices: prices.of'],
    ]);
  });

  test('a service that calls itself is a cycle, and calls that nobody asked for are none', () => {
    const { topology, calls } = instance('shop');
    calls('shop.buy', 'shop', 'shop.look');
    calls('', 'shop', 'shop.tick');
    expect(joinTopology([topology.report(true)]).cycles).toEqual({ services: [['shop', 'shop']], operations: [] });
  });

  test('services that share a data store are named, those that share only its kind are not', () => {
    const store = (name: string) => [{ component: 'db', kind: 'postgresql', name }];
    const reports = [
      instance('shop', {}, store('db-1/orders')),
      instance('stock', {}, store('db-1/orders')),
      instance('prices', {}, store('db-1/prices')),
    ].map(({ topology }) => topology.report());
    expect(joinTopology(reports).sharedDatastores).toEqual([
      { kind: 'postgresql', name: 'db-1/orders', services: ['shop', 'stock'] },
    ]);
  });

  test('10,000 edges in one chain are joined, and a digest that is none counts as empty', () => {
    const latency = createDigest().snapshot();
    const edges = Array.from({ length: 10_000 }, (_, at) => ({
      caller: `op ${at}`,
      callee: { service: 'shop', operation: `op ${at + 1}` },
      calls: 1,
      errors: 0,
      ratePerSecond: 1,
      errorRatio: 0,
      latency,
      digest: { count: 1, sumMs: 1, minMs: 1, maxMs: Number.POSITIVE_INFINITY, buckets: [[1e300, 5]] as const },
    }));
    const report = { service: 'shop', version: '1', instance: 'a', windowMs: 1, edges, datastores: [] };
    const { cycles, edges: joined } = joinTopology([report]);
    expect(cycles).toEqual({ services: [['shop', 'shop']], operations: [] });
    expect(joined[0]?.latency.count).toBe(0);
  });
});

describe('data stores of components', () => {
  const told = (datastores: () => unknown) =>
    componentDatastores([{ name: 'db', steps: { datastores } as never }]).map(({ name }) => name);

  test('show no credentials, and no user, since services that share a store seldom share its users', () => {
    const urls = ['postgres://app:hunter2@db:5432/orders', 'postgres://other@db:5432/orders', 'db/orders'];
    expect(told(() => urls.map((name) => ({ kind: 'postgresql', name })))).toEqual([
      'postgres://db:5432/orders',
      'postgres://db:5432/orders',
      'db/orders',
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['answers a promise', async () => []],
    ['answers rubbish', () => [null, 5, { kind: 1 }, {}]],
  ])('a component that %s has none', (_, datastores) => {
    expect(told(datastores)).toEqual([]);
  });
});
