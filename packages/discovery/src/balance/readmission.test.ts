/** How endpoints come back, and how much they get then. */
import { background, type CallContext, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { judgedEndpoint, judgedFleet, refused } from '../fixtures/judged-fleet.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import { leastRequest } from '../pick/least-request.js';
import { random } from '../pick/random.js';
import { roundRobin } from '../pick/round-robin.js';
import { balance } from './balance.js';

const SWEEP_MS = 10_000;

describe('an endpoint that is out', () => {
  test('is tried by one call when its time has come, and comes back when that is answered', async () => {
    const { host, run, recount, readmitted, out } = judgedFleet(4);
    host(2).failing = 1;
    await run(1000);
    expect(out()).toEqual([2]);
    recount();
    await run(29_000);
    expect(host(2).calls).toBe(0);
    host(2).failing = 0;
    await run(5000);
    expect(readmitted()).toEqual([
      expect.objectContaining({ endpoint: 'inventory-2', rule: 'consecutive-failures', by: 'call', times: 1 }),
    ]);
    expect(out()).toEqual([]);
  });

  test('is out for longer each time in a row, and for one time less with each sweep without an ejection', async () => {
    const { host, run, ejected, nowMs } = judgedFleet(4);
    const lengths: number[] = [];
    const fail = async () => {
      host(2).failing = 1;
      const before = ejected().length;
      while (ejected().length === before) await run(100);
      const { untilMs } = ejected().at(-1) as { untilMs: number };
      lengths.push(Math.floor((untilMs - 1_700_000_000_000 - nowMs()) / 30_000));
      host(2).failing = 0;
      await run(untilMs - 1_700_000_000_000 - nowMs() + 1000);
    };
    for (let time = 0; time < 3; time++) await fail();
    expect(lengths).toEqual([1, 2, 3]);
    await run(2 * SWEEP_MS);
    await fail();
    expect(lengths.at(-1)).toBeLessThan(4);
    await run(20 * SWEEP_MS);
    await fail();
    expect(lengths.at(-1)).toBe(1);
  });

  test('stays out when the call that tries it fails, for the same reason and longer', async () => {
    const { host, run, ejected } = judgedFleet(4, { ejection: { consecutiveFailures: false } });
    host(2).failing = 1;
    await run(100_000);
    const told = ejected().map(({ rule, times, measured, threshold }) => ({ rule, times, measured, threshold }));
    expect(told.slice(0, 2)).toEqual([
      { rule: 'failure-ratio', times: 1, measured: 1, threshold: 0.85 },
      { rule: 'failure-ratio', times: 2, measured: 1, threshold: 0.85 },
    ]);
  });

  test('stays out for its latency while the call that tries it takes as long, and is back when it does not', async () => {
    const { host, run, ejected, readmitted, out } = judgedFleet(5);
    await run(SWEEP_MS);
    host(3).latencyMs = 200;
    await run(2 * SWEEP_MS);
    expect(out()).toEqual([3]);
    await run(40_000);
    expect(ejected().map(({ rule, times }) => [rule, times])).toEqual([
      ['latency', 1],
      ['latency', 2],
    ]);
    expect(ejected()[1]).toMatchObject({ requests: 1, latencyMs: 200 });
    host(3).latencyMs = 10;
    await run(70_000);
    expect(out()).toEqual([]);
    expect(readmitted()).toEqual([expect.objectContaining({ rule: 'latency', by: 'call', times: 2 })]);
  });

  test('is not judged by what it did before it was out', async () => {
    const { host, run, ejected } = judgedFleet(4, {
      ejection: { baseMs: 1000, maxMs: 1000, consecutiveFailures: false },
    });
    host(2).failing = 1;
    await run(SWEEP_MS);
    expect(ejected()).toHaveLength(1);
    host(2).failing = 0;
    await run(3 * SWEEP_MS);
    expect(ejected()).toHaveLength(1);
  });

  test('is back at once when nothing is to be ejected any more, and others count by new rules', async () => {
    const ejection = liveValue<Partial<EjectionOptions> | false>({});
    const { host, run, out, readmitted, ejected } = judgedFleet(4, { ejection });
    host(2).failing = 1;
    await run(1000);
    expect(out()).toEqual([2]);
    ejection.set(false);
    expect(out()).toEqual([]);
    expect(readmitted()).toEqual([expect.objectContaining({ by: 'options' })]);
    await run(3 * SWEEP_MS);
    expect(out()).toEqual([]);
    ejection.set({ consecutiveFailures: false, failureRatio: 0.5, sweepMs: 1000, windowMs: 3000 });
    host(2).failing = 0.7;
    await run(6000);
    expect(ejected().at(-1)).toMatchObject({ rule: 'failure-ratio', threshold: 0.5 });
  });

  test('begins anew when it leaves the list and returns, and does not count as out meanwhile', async () => {
    const { endpoints, host, run, out } = judgedFleet(4);
    const [first, second, ...rest] = endpoints.value as readonly Endpoint[];
    for (const port of [1, 2]) host(port).failing = 1;
    await run(1000);
    const [gone] = out();
    const left = gone === 1 ? first! : second!;
    endpoints.set([gone === 1 ? second! : first!, ...rest]);
    await run(1000);
    expect(out()).toEqual([gone === 1 ? 2 : 1]);
    host(gone!).failing = 0;
    endpoints.set([...endpoints.value, left]);
    await run(5000);
    expect(out()).toEqual([gone === 1 ? 2 : 1]);
    expect(host(gone!).calls).toBeGreaterThan(10);
  });
});

describe('slow start', () => {
  /** The part of its fair share that a host got, within each of so many seconds. */
  async function shares(fleet: ReturnType<typeof judgedFleet>, port: number, count: number, seconds: number) {
    const parts: number[] = [];
    for (let second = 0; second < seconds; second++) {
      fleet.recount();
      await fleet.run(1000);
      let all = 0;
      for (let each = 1; each <= count; each++) all += fleet.host(each).calls;
      const others = (all - fleet.host(port).calls) / (count - 1);
      parts.push(fleet.host(port).calls / others);
    }
    return parts;
  }

  const weighted = (count: number, options: Parameters<typeof judgedFleet>[1] = {}) =>
    judgedFleet(count, { balancer: leastRequest(), ...options });
  const fast = (fleet: ReturnType<typeof judgedFleet>, count: number) => {
    for (let port = 1; port <= count; port++) fleet.host(port).latencyMs = 0.5;
  };

  test.each([
    ['least-request', leastRequest],
    ['round-robin', roundRobin],
    ['random', random],
  ])('gives a new endpoint a tenth of its share at first and more with each second, by %s', async (_name, balancer) => {
    const fleet = judgedFleet(4, { balancer: balancer() });
    fast(fleet, 5);
    await fleet.run(1000);
    fleet.endpoints.set([...fleet.endpoints.value, judgedEndpoint(5)]);
    const parts = await shares(fleet, 5, 5, 12);
    expect(parts[0]).toBeLessThan(0.25);
    expect(parts[4]).toBeGreaterThan(0.3);
    expect(parts[4]).toBeLessThan(0.65);
    expect(parts[11]).toBeGreaterThan(0.85);
  });

  test('gives one that has returned little at first, too', async () => {
    const fleet = weighted(4);
    fast(fleet, 4);
    fleet.host(2).failing = 1;
    await fleet.run(1000);
    fleet.host(2).failing = 0;
    while (fleet.out().length > 0) await fleet.run(100);
    const parts = await shares(fleet, 2, 4, 12);
    expect(parts[0]).toBeLessThan(0.25);
    expect(parts[11]).toBeGreaterThan(0.9);
  });

  test('gives one that becomes UP later little at first', async () => {
    const fleet = weighted(3);
    fast(fleet, 3);
    const [first, second, third] = fleet.endpoints.value;
    const starting = judgedEndpoint(3);
    starting.instance = { ...starting.instance, status: 'STARTING' };
    fleet.endpoints.set([first!, second!, starting]);
    await fleet.run(20_000);
    expect(fleet.host(3).calls).toBe(0);
    starting.instance = third!.instance;
    fleet.endpoints.set([first!, second!, starting]);
    const [part] = await shares(fleet, 3, 3, 1);
    expect(part).toBeLessThan(0.25);
  });

  test.each<[string, Partial<EjectionOptions> | false]>([
    ['no time', { slowStartMs: 0 }],
    ['no ejection', false],
  ])('gives everything at once where there is %s for it', async (_why, ejection) => {
    const fleet = weighted(4, { ejection });
    fast(fleet, 5);
    await fleet.run(1000);
    fleet.endpoints.set([...fleet.endpoints.value, judgedEndpoint(5)]);
    const [part] = await shares(fleet, 5, 5, 1);
    expect(part).toBeGreaterThan(0.8);
  });

  test('makes no difference when all are new: the first list, and one that replaces it', async () => {
    const fleet = weighted(4);
    fast(fleet, 8);
    const [first] = await shares(fleet, 1, 4, 1);
    expect(first).toBeGreaterThan(0.8);
    fleet.endpoints.set([5, 6, 7, 8].map(judgedEndpoint));
    fleet.recount();
    await fleet.run(1000);
    const calls = [5, 6, 7, 8].map((port) => fleet.host(port).calls);
    expect(Math.min(...calls) / Math.max(...calls)).toBeGreaterThan(0.8);
  });

  test('grows faster at first with more aggression, and from the minimum that is asked', async () => {
    const fleet = weighted(4, { ejection: { slowStartAggression: 2, slowStartMinimum: 0.5 } });
    fast(fleet, 5);
    await fleet.run(1000);
    fleet.endpoints.set([...fleet.endpoints.value, judgedEndpoint(5)]);
    const parts = await shares(fleet, 5, 5, 6);
    expect(parts[0]).toBeGreaterThan(0.4);
    expect(parts[0]).toBeLessThan(0.65);
    expect(parts[5]).toBeGreaterThan(0.65);
  });
});

describe('a background check of a connection', () => {
  function setUp(ejection: Partial<EjectionOptions> | false = {}) {
    const clock = fakeClock();
    const events = recordEvents();
    const endpoints = liveValue<readonly Endpoint[]>([1, 2, 3].map(judgedEndpoint));
    const down = new Set<number>();
    const broken = new Set<number>();
    const checks: { port: number; context: CallContext }[] = [];
    const served: number[] = [];
    let check = async (port: number) => {
      if (down.has(port)) throw refused();
    };
    const live = liveValue(ejection);
    const service = balance<string, number>({
      service: 'inventory',
      endpoints,
      ejection: live,
      balancer: roundRobin(),
      connect: ({ port }) => ({
        async call() {
          served.push(port);
          if (down.has(port)) throw refused();
          if (broken.has(port)) throw new Error('broken');
          return port;
        },
        status: () => 'ready',
        check(context) {
          checks.push({ port, context });
          return check(port);
        },
      }),
    }).wrap(scriptedService<string, number>(), makeEnv({ clock, events, random: seededRandom(3) }));
    const calls = async (count: number) => {
      for (let call = 0; call < count; call++) await service.call('?', background).catch(() => {});
    };
    const slowly = () => {
      check = () => new Promise(() => {});
    };
    return { clock, events, endpoints, down, broken, checks, served, service, calls, live, slowly };
  }

  test('brings an endpoint back whose connection failed, without a call that has to try', async () => {
    const { calls, checks, clock, down, events, served } = setUp();
    down.add(2);
    await calls(3);
    served.length = 0;
    for (let second = 0; second < 120; second++) {
      await clock.advance(1000);
      await calls(3);
    }
    expect(served).not.toContain(2);
    // 1 to 2 s, then up to 4, 8, 16 and 32.
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.length).toBeLessThan(20);
    const last = events.all.filter(({ name }) => name === 'endpoint.ejected').at(-1)?.data;
    expect(last).toMatchObject({ rule: 'connection-failed', measured: checks.length + 1, times: checks.length + 1 });
    expect(events.names).not.toContain('endpoint.readmitted');
    down.clear();
    await clock.advance(32_000);
    expect(events.all.at(-1)).toMatchObject({
      name: 'endpoint.readmitted',
      data: { by: 'check', endpoint: 'inventory-2' },
    });
    expect(clock.pending).toBe(0);
    await calls(30);
    expect(served).toContain(2);
  });

  test('is not made for an endpoint that is out for another reason, which only a call can bring back', async () => {
    const { broken, calls, checks, clock, events, served } = setUp({ consecutiveFailures: 1 });
    broken.add(2);
    await calls(6);
    expect(events.all.map(({ data }) => data.rule)).toEqual(['consecutive-failures']);
    await clock.advance(29_000);
    expect([checks.length, clock.pending]).toEqual([0, 0]);
    broken.clear();
    served.length = 0;
    await clock.advance(5000);
    await calls(6);
    expect(served).toContain(2);
    expect(events.all.at(-1)).toMatchObject({ name: 'endpoint.readmitted', data: { by: 'call' } });
  });

  test.each<[string, (parts: ReturnType<typeof setUp>) => unknown]>([
    ['the endpoint leaves', ({ endpoints }) => endpoints.set(endpoints.value.filter(({ port }) => port !== 2))],
    ['the balancer is disposed of', ({ service }) => service[Symbol.asyncDispose]()],
    ['nothing is ejected any more', ({ live }) => live.set(false)],
    [
      'the endpoint is back by a call that had no other',
      async ({ endpoints, down, calls }) => {
        down.clear();
        endpoints.set(endpoints.value.filter(({ port }) => port === 2));
        await calls(1);
      },
    ],
  ])('ends when %s, whether it waits or is under way', async (_when, end) => {
    for (const underWay of [false, true]) {
      const parts = setUp();
      parts.down.add(2);
      await parts.calls(3);
      expect(parts.clock.pending).toBe(1);
      if (underWay) {
        parts.slowly();
        await parts.clock.advance(2001);
        expect(parts.checks).toHaveLength(1);
        expect(parts.checks[0]?.context.cancelled).toBe(false);
      }
      await end(parts);
      expect(parts.clock.pending).toBe(0);
      if (underWay) expect(parts.checks[0]?.context.cancelled).toBe(true);
      const made = parts.checks.length;
      await parts.clock.advance(120_000);
      expect(parts.checks).toHaveLength(made);
    }
  });
});
