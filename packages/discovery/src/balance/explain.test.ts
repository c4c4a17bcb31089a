import { background, liveValue, makeEnv, stack } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import type { Endpoint } from '../membership/endpoint.js';
import { endpointMonitor, monitorBy } from '../membership/monitor.js';
import type { Balancer } from '../pick/balancer.js';
import { roundRobin } from '../pick/round-robin.js';
import type { Router } from '../pick/router.js';
import { routing } from '../routing/routing.js';
import { balance } from './balance.js';

function refused(port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`), { code: 'ECONNREFUSED' });
}

describe('the report of an endpoint', () => {
  test('has its facts, and how many calls of the last minute went there', async () => {
    let turn = 0;
    const threeToOne: Balancer = {
      ...roundRobin(),
      picker: (candidates) => ({ pick: () => candidates[turn++ % 4 === 3 ? 1 : 0] }),
    };
    const members = [endpointAt(1, { version: '1.4.0', zone: 'a', weight: 3 }), endpointAt(2, { version: '2.0.0' })];
    const { service, calls, clock } = balancedService(members, { balancer: threeToOne });
    await calls(40);
    expect(service.report()).toMatchObject([
      { endpoint: 'inventory-1', version: '1.4.0', zone: 'a', weight: 3, picks: 30, share: 0.75, status: 'ready' },
      { endpoint: 'inventory-2', version: '2.0.0', zone: undefined, weight: 1, picks: 10, share: 0.25 },
    ]);
    await clock.advance(80_000);
    await calls(4);
    expect(service.report().map(({ picks, share }) => [picks, share])).toEqual([
      [3, 0.75],
      [1, 0.25],
    ]);
  });

  test('says 0 before any call, and keeps the counts of those that stay when others come and go', async () => {
    const { endpoints, service, calls } = balancedService([1, 2], { balancer: roundRobin() });
    expect(service.report().map(({ picks, share }) => [picks, share])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    await calls(10);
    endpoints.set([...endpoints.value.slice(1), endpointAt(3)]);
    expect(service.report().map(({ endpoint, picks }) => [endpoint, picks])).toEqual([
      ['inventory-2', 5],
      ['inventory-3', 0],
    ]);
  });
});

describe('why an endpoint gets no calls', () => {
  test('is its status, the rule that ejected it, the router, or its own layers', async () => {
    const routing: Router = {
      picker(candidates, make) {
        const picker = make('all', candidates);
        return {
          pick: (nowMs, request, context) => picker.pick(nowMs, request, context),
          leftOut: ({ endpoint }) => (endpoint.port === 3 ? { rule: 'zone', measured: 'b', wanted: 'a' } : undefined),
          admits: () => true,
        };
      },
    };
    const { endpoints, service, calls, down, clock } = balancedService([1, 2, 3, 4, 5, 6, 7], {
      balancer: roundRobin(),
      routing,
      endpoint: ({ port }) =>
        stack<string, number>().use({
          role: 'breaker',
          wrap: (next) => ({
            call: (request, context) => next.call(request, context),
            status: () => (port === 4 ? 'busy' : 'ready'),
          }),
        }),
    });
    endpoints.set([endpointAt(1, { status: 'DRAINING' }), ...endpoints.value.slice(1)]);
    down.set(2, () => refused(2));
    await calls(14);
    const reports = service.report();
    expect(reports.map(({ leftOut }) => leftOut)).toEqual([
      { rule: 'status', measured: 'DRAINING', wanted: 'UP' },
      {
        rule: 'connection-failed',
        measured: 1,
        threshold: 1,
        untilMs: expect.any(Number),
        error: 'connect ECONNREFUSED 127.0.0.1:2',
      },
      { rule: 'zone', measured: 'b', wanted: 'a' },
      { rule: 'own-layers', measured: 'busy', wanted: 'ready' },
      undefined,
      undefined,
      undefined,
    ]);
    expect(reports[1]?.leftOut?.untilMs).toBeGreaterThan(clock.wallTime());
  });
});

describe('a split of the traffic', () => {
  test('is shown with what each group is to get and what it gets, and each endpoint with its group', async () => {
    const members = [
      endpointAt(1, { version: '1.4.0' }),
      endpointAt(2, { version: '1.4.0' }),
      endpointAt(3, { version: '1.5.0' }),
      endpointAt(4, { version: '2.0.0' }),
    ];
    const monitor = endpointMonitor();
    const endpoints = liveValue<readonly Endpoint[]>(members);
    monitorBy(endpoints, monitor);
    const split = { '1.4.0': 150, '1.5.0': 50, '3.0.0': 0 };
    const { service, calls } = balancedService([], { endpoints, balancer: roundRobin(), routing: routing({ split }) });
    expect(monitor.report().clients[0]?.split?.map(({ measured }) => measured)).toEqual([0, 0, 0]);
    await calls(400);
    const [old, fresh, none] = monitor.report().clients[0]?.split ?? [];
    expect(old).toMatchObject({ group: '1.4.0', endpoints: 2, configured: 0.75 });
    expect(fresh).toMatchObject({ group: '1.5.0', endpoints: 1, configured: 0.25 });
    expect(none).toEqual({ group: '3.0.0', endpoints: 0, configured: 0, picks: 0, measured: 0 });
    expect((old?.picks ?? 0) + (fresh?.picks ?? 0)).toBe(400);
    expect(fresh?.measured).toBeCloseTo((fresh?.picks ?? 0) / 400, 2);
    // Five standard deviations.
    expect(fresh?.measured).toSatisfy((share: number) => Math.abs(share - 0.25) < 0.11);
    expect(service.report().map(({ group, leftOut }) => [group, leftOut?.rule])).toEqual([
      ['1.4.0', undefined],
      ['1.4.0', undefined],
      ['1.5.0', undefined],
      [undefined, 'split'],
    ]);
  });
});

describe('the report of a client', () => {
  function monitored(ports: readonly number[], path = 'shop/inventory') {
    const monitor = endpointMonitor();
    const clock = fakeClock();
    const endpoints = liveValue<readonly Endpoint[]>(ports.map((port) => endpointAt(port)));
    monitorBy(endpoints, monitor);
    const down = new Set<number>();
    const service = balance<string, string>({
      service: 'inventory',
      endpoints,
      balancer: roundRobin(),
      connect: ({ id, port }) => ({
        call: () => (down.has(port) ? Promise.reject(refused(port)) : Promise.resolve(id)),
        status: () => 'ready',
      }),
    }).wrap(
      { call: () => Promise.reject(new Error('closed')), status: () => 'ready' },
      makeEnv({ clock, random: seededRandom(5), path }),
    );
    return { monitor, endpoints, service, down };
  }

  test('shows the balancer, and panic while more are out than may leave', async () => {
    const { monitor, service, down } = monitored([1, 2, 3, 4]);
    expect(monitor.report().clients).toEqual([
      {
        client: 'shop/inventory',
        service: 'inventory',
        path: 'shop/inventory',
        balancer: { kind: 'round-robin' },
        known: 4,
        picked: 4,
        panic: undefined,
        split: undefined,
      },
    ]);
    for (const port of [1, 2, 3]) down.add(port);
    for (let call = 0; call < 20; call++) await service.call('?', background).catch(() => {});
    expect(monitor.report().clients[0]).toMatchObject({ picked: 1, panic: { measured: 0.75, threshold: 0.5 } });
    await service[Symbol.asyncDispose]();
    expect(monitor.report()).toEqual({ clients: [], endpoints: [] });
  });

  test('tells several clients of one service apart, and those of one service from others', () => {
    const monitor = endpointMonitor();
    const report = (service: string, path: string) => () => ({
      service,
      path,
      balancer: {},
      known: 0,
      picked: 0,
      panic: undefined,
      split: undefined,
      endpoints: [],
    });
    monitor.add(report('inventory', 'shop/inventory'));
    monitor.add(report('inventory', 'shop/inventory'));
    monitor.add(report('prices', 'shop/prices'));
    expect(monitor.report().clients.map(({ client }) => client)).toEqual([
      'shop/inventory',
      'shop/inventory#2',
      'shop/prices',
    ]);
    expect(monitor.report('inventory').clients).toHaveLength(2);
    expect(monitor.report('inventry')).toEqual({ clients: [], endpoints: [] });
  });
});
