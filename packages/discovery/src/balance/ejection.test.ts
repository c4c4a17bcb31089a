/** Which rule puts which endpoint out, and what of them is told. The rules by themselves: `outlier/rules.test.ts`. */
import { FwkError, liveValue, operationKey } from '@fwk/kernel';
import { describe, expect, test, vi } from 'vitest';
import { judgedFleet, refused } from '../fixtures/judged-fleet.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import type { Balancer } from '../pick/balancer.js';
import { roundRobin } from '../pick/round-robin.js';

const SWEEP_MS = 10_000;
/** Enough for a sweep that looks at nothing but what happens now. */
const TWO_SWEEPS_MS = 2 * SWEEP_MS;

/** In turn, but all reports to the last one. */
const reportsToTheLast: Balancer = {
  ...roundRobin(),
  picker(candidates, env, previous) {
    const inTurn = roundRobin().picker(candidates, env, previous);
    return {
      pick: (nowMs, request, context) =>
        context?.get(operationKey) === 'report' ? candidates.at(-1) : inTurn.pick(nowMs, request, context),
    };
  },
};

describe('a host that fails nearly always', () => {
  test('is out for its failure ratio, and everything that speaks for that is told', async () => {
    const { host, run, ejected, service, nowMs } = judgedFleet(4, { ejection: { consecutiveFailures: false } });
    await run(15_000);
    const fromMs = nowMs();
    host(2).failing = 0.93;
    host(2).error = () => new Error('disk full');
    await run(TWO_SWEEPS_MS);
    const [told, ...more] = ejected();
    expect(more).toEqual([]);
    expect(told).toMatchObject({
      path: 'shop/inventory',
      service: 'inventory',
      endpoint: 'inventory-2',
      rule: 'failure-ratio',
      threshold: 0.85,
      times: 1,
      error: 'disk full',
    });
    const { measured, requests, failures, sinceMs, untilMs } = told as Record<string, number>;
    expect(measured).toBe(failures! / requests!);
    expect(measured).toBeGreaterThanOrEqual(0.85);
    expect(requests).toBeGreaterThanOrEqual(50);
    expect(sinceMs! - 1_700_000_000_000 - fromMs).toBeLessThanOrEqual(TWO_SWEEPS_MS);
    expect(untilMs! - sinceMs!).toBeGreaterThanOrEqual(30_000);
    expect(untilMs! - sinceMs!).toBeLessThanOrEqual(33_000);
    const { path: _, service: __, url: ___, endpoint: ____, ...record } = told as Record<string, unknown>;
    expect(service.report()[1]?.ejection).toEqual(record);
  });

  test('is out for refusing for lack of capacity too, which is no failure in a row', async () => {
    const { host, run, ejected } = judgedFleet(3);
    host(1).failing = 1;
    host(1).error = () => new FwkError('FWK_TEST_BUSY', 'too many', { traits: { overloaded: true, retryable: true } });
    await run(TWO_SWEEPS_MS);
    expect(ejected().map(({ rule, endpoint }) => [rule, endpoint])).toEqual([['failure-ratio', 'inventory-1']]);
  });

  test('is found at the next call when nobody called at the end of the sweep, but not when that was long ago', async () => {
    for (const [idleMs, found] of [
      [25_000, 1],
      [60_000, 0],
    ] as const) {
      const { host, run, call, wait, ejected } = judgedFleet(3, { ejection: { consecutiveFailures: false } });
      host(1).failing = 1;
      await run(9900);
      expect(ejected()).toEqual([]);
      wait(idleMs);
      await call().catch(() => {});
      expect(ejected()).toHaveLength(found);
    }
  });

  test('stays when one operation fails everywhere and others are answered', async () => {
    const { host, run, ejected } = judgedFleet(3, { ejection: { consecutiveFailures: false } });
    for (const port of [1, 2, 3]) host(port).failing = (operation) => (operation === 'report' ? 1 : 0);
    await run(60_000, 'stock', ...Array.from({ length: 19 }, () => 'report'));
    expect(ejected()).toEqual([]);
  });
});

describe('a host that fails more than the others', () => {
  test('is out for its success rate', async () => {
    const { host, run, ejected } = judgedFleet(6, { ejection: { consecutiveFailures: false } });
    host(4).failing = 0.3;
    await run(TWO_SWEEPS_MS);
    const [told, ...more] = ejected();
    expect(more).toEqual([]);
    expect(told).toMatchObject({ rule: 'success-rate', endpoint: 'inventory-4' });
    expect(told?.measured).toBeLessThan(told?.threshold as number);
  });

  test('is out for failing one operation that the others answer, among several', async () => {
    const { host, run, ejected } = judgedFleet(6, { ejection: { consecutiveFailures: false } });
    host(4).failing = (operation) => (operation === 'report' ? 1 : 0);
    await run(TWO_SWEEPS_MS, 'stock', 'report', 'price', 'stock', 'price');
    expect(ejected().map(({ rule, endpoint }) => [rule, endpoint])).toEqual([['success-rate', 'inventory-4']]);
  });

  test('is not found among fewer than five, where only rows of failures and ratios count', async () => {
    const { host, run, ejected } = judgedFleet(4, { ejection: { consecutiveFailures: false } });
    host(4).failing = 0.6;
    await run(TWO_SWEEPS_MS);
    expect(ejected()).toEqual([]);
  });

  test('is nobody when all fail as often', async () => {
    const { host, run, ejected } = judgedFleet(10);
    for (let port = 1; port <= 10; port++) host(port).failing = 0.02;
    await run(600_000);
    expect(ejected()).toEqual([]);
  });
});

describe('a host that is many times as slow as the others', () => {
  test('is out for its latency, with how long calls take there and elsewhere', async () => {
    const { host, run, ejected } = judgedFleet(5);
    await run(TWO_SWEEPS_MS);
    host(3).latencyMs = 130;
    await run(TWO_SWEEPS_MS);
    const [told, ...more] = ejected();
    expect(more).toEqual([]);
    expect(told).toMatchObject({ rule: 'latency', endpoint: 'inventory-3', threshold: 5, failures: 0, error: '' });
    expect(told?.measured).toBeGreaterThanOrEqual(5);
    const { latencyMs, othersMs } = told as Record<string, number>;
    expect(latencyMs! / othersMs!).toBeCloseTo(told?.measured as number, 5);
  });

  test('is out for calls that run out of time', async () => {
    const { host, run, ejected } = judgedFleet(5, {
      ejection: { consecutiveFailures: false, failureRatio: false, successRateDeviations: false },
    });
    host(3).latencyMs = 150;
    host(3).failing = 1;
    host(3).error = () => new FwkError('FWK_TEST_TIMEOUT', 'too slow', { traits: { timedOut: true } });
    await run(TWO_SWEEPS_MS);
    expect(ejected().map(({ rule, endpoint }) => [rule, endpoint])).toEqual([['latency', 'inventory-3']]);
  });

  test.each<[string, (fleet: ReturnType<typeof judgedFleet>) => readonly string[]]>([
    [
      'when all become slow',
      ({ host }) => {
        for (const port of [1, 2, 3, 4, 5]) host(port).latencyMs = 400;
        return [''];
      },
    ],
    [
      'when one of two operations is slow there',
      ({ host }) => {
        host(2).latencyMs = (operation) => (operation === 'report' ? 120 : 10);
        return ['stock', 'report'];
      },
    ],
    [
      'when a tenth of its calls take a thousand times as long',
      ({ host }) => {
        let call = 0;
        host(2).latencyMs = () => (++call % 10 === 0 ? 3000 : 3);
        for (const port of [1, 3, 4, 5]) host(port).latencyMs = 3;
        return [''];
      },
    ],
    [
      'when a cache answers half of the calls at all of them',
      ({ host }) => {
        let call = 0;
        for (const port of [1, 2, 3, 4, 5]) host(port).latencyMs = () => ((++call * 7) % 13 < 6 ? 1 : 60);
        return [''];
      },
    ],
    [
      'when the difference is of no use to anybody',
      ({ host }) => {
        for (const port of [1, 2, 3, 4, 5]) host(port).latencyMs = port === 2 ? 3 : 0.2;
        return [''];
      },
    ],
  ])('is nobody %s', async (_when, arrange) => {
    const fleet = judgedFleet(5);
    const operations = arrange(fleet);
    await fleet.run(6 * SWEEP_MS, ...operations);
    expect(fleet.ejected()).toEqual([]);
  });

  test('is nobody when one of them alone gets a slow operation', async () => {
    const fleet = judgedFleet(5, { balancer: reportsToTheLast });
    fleet.host(5).latencyMs = (operation) => (operation === 'report' ? 500 : 10);
    await fleet.run(6 * SWEEP_MS, 'stock', 'stock', 'stock', 'stock', 'report');
    expect(fleet.host(5).calls).toBeGreaterThan(100);
    expect(fleet.ejected()).toEqual([]);
  });
});

describe('rules together', () => {
  test('put no more than a tenth out, the worst first, and keep and tell what speaks against the others', async () => {
    const { host, run, ejected, withheld, out, service } = judgedFleet(20, {
      ejection: { consecutiveFailures: false },
    });
    for (const [at, port] of [3, 6, 9, 12].entries()) host(port).failing = 0.9 + at * 0.03;
    await run(TWO_SWEEPS_MS);
    expect(ejected()).toHaveLength(2);
    expect(new Set(out())).toEqual(new Set([9, 12]));
    expect(new Set(withheld().map(({ endpoint }) => endpoint))).toEqual(new Set(['inventory-3', 'inventory-6']));
    expect(withheld()[0]).toMatchObject({ rule: 'failure-ratio', threshold: 0.85, error: 'broken', out: 2 });
    expect(service.report()).toHaveLength(20);
  });

  test('put more out where the options say so, and the next when one is back', async () => {
    const wide = judgedFleet(20, { ejection: { maxEjectedRatio: 0.3 } });
    for (const port of [3, 6, 9, 12]) wide.host(port).failing = 1;
    await wide.run(TWO_SWEEPS_MS);
    expect(new Set(wide.out())).toEqual(new Set([3, 6, 9, 12]));
    const narrow = judgedFleet(10);
    for (const port of [3, 6]) narrow.host(port).failing = 1;
    await narrow.run(TWO_SWEEPS_MS);
    const [first] = narrow.out();
    const second = first === 3 ? 6 : 3;
    narrow.host(first!).failing = 0;
    await narrow.run(60_000);
    expect(narrow.out()).toEqual([second]);
  });

  test('count those without a connection among the tenth, though these are out however many they are', async () => {
    const { host, run, out, withheld } = judgedFleet(10);
    for (const port of [1, 2, 3]) {
      host(port).failing = 1;
      host(port).error = refused;
    }
    await run(1000);
    expect(out()).toEqual([1, 2, 3]);
    host(7).failing = 1;
    await run(1000);
    expect(out()).toEqual([1, 2, 3]);
    expect(withheld().map(({ endpoint, rule }) => [endpoint, rule])).toEqual([['inventory-7', 'consecutive-failures']]);
  });

  test('forget what was withheld when the next sweep finds nothing', async () => {
    const { host, run, withheld } = judgedFleet(10);
    for (const port of [3, 6]) host(port).failing = 1;
    await run(1000);
    expect(withheld()).toHaveLength(1);
    for (const port of [3, 6]) host(port).failing = 0;
    await run(TWO_SWEEPS_MS);
    for (const port of [3, 6]) host(port).failing = 1;
    await run(1000);
    expect(withheld()).toHaveLength(2);
  });

  test.each([
    ['the only endpoint', 1, { maxEjectedRatio: 1, panicRatio: 0 }, 0],
    ['the last but one of two', 2, { maxEjectedRatio: 1, panicRatio: 0 }, 1],
    ['more than half of them', 8, { maxEjectedRatio: 1 }, 4],
    ['more than a panic threshold of 0.9 allows', 10, { maxEjectedRatio: 1, panicRatio: 0.9 }, 1],
    ['anybody with a panic threshold of 1', 10, { maxEjectedRatio: 1, panicRatio: 1 }, 0],
  ])('never put out %s', async (_what, count, ejection, most) => {
    const { host, run, out } = judgedFleet(count, { ejection });
    for (let port = 1; port <= count; port++) host(port).failing = 1;
    await run(3 * SWEEP_MS);
    expect(out()).toHaveLength(most);
  });

  test('are off one by one', async () => {
    const { host, run, ejected } = judgedFleet(6, {
      ejection: { consecutiveFailures: false, failureRatio: false, successRateDeviations: false, latencyFactor: false },
    });
    host(1).failing = 1;
    host(2).latencyMs = 300;
    await run(3 * SWEEP_MS);
    expect(ejected()).toEqual([]);
    host(3).failing = 1;
    host(3).error = refused;
    await run(1000);
    expect(ejected().map(({ rule }) => rule)).toEqual(['connection-failed']);
  });
});

describe('options of ejection', () => {
  const bad = [{ sweepMs: 1 }, { latencyFactor: true }, { nonsense: 1 }, null, [], 'never', 5, true];

  test.each(bad)('are refused when the balancer is made: %o', (ejection) => {
    const set = () => judgedFleet(1, { ejection: ejection as never });
    expect(set).toThrow('balance: ejection must be options or false');
  });

  test('that are refused later leave those in force that were good', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const ejection = liveValue<Partial<EjectionOptions> | false>({ consecutiveFailures: 7 });
    const { host, run, ejected } = judgedFleet(3, { ejection });
    for (const each of bad) ejection.set(each as never);
    host(1).failing = 1;
    await run(1000);
    expect(ejected()).toEqual([expect.objectContaining({ rule: 'consecutive-failures', threshold: 7 })]);
    expect(warnings).toHaveBeenCalledTimes(bad.length);
    warnings.mockRestore();
  });
});
