import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aimd } from './aimd.js';
import { gradient2 } from './gradient2.js';
import type { LimitStrategy } from './limit-strategy.js';
import { vegas } from './vegas.js';

/** Hands over windows in which as much was in flight as allowed. */
function feed(
  strategy: LimitStrategy,
  limit: number,
  times: readonly (number | undefined)[],
  droppedRatio = 0,
): number {
  return times.reduce<number>((now, rttMs) => strategy.next(now, { rttMs, inFlight: now, droppedRatio }), limit);
}

const repeat = (times: number, rttMs: number) => new Array<number>(times).fill(rttMs);

describe('gradient2', () => {
  test('grows by a fifth of the root while calls take as long as ever', () => {
    expect(feed(gradient2(), 100, [10])).toBe(102);
    expect(feed(gradient2(), 25, [10])).toBe(26);
  });

  test('tolerates half as long again before it shrinks', () => {
    const strategy = gradient2();
    feed(strategy, 100, repeat(600, 10));
    const before = feed(strategy, 100, [14.9]);
    expect(before).toBe(102);
  });

  test('shrinks by the ratio of the times, at most by a half, smoothed by a fifth', () => {
    const strategy = gradient2();
    feed(strategy, 100, repeat(10, 10));
    // long = 10 + (20 − 10) · 2 / 601; g = 1.5 · long / 20
    const gradient = (1.5 * (10 + 20 / 601)) / 20;
    expect(feed(strategy, 100, [20])).toBeCloseTo(100 + 0.2 * (100 * gradient + 10 - 100), 9);
    expect(feed(strategy, 100, [1000])).toBeCloseTo(100 + 0.2 * (50 + 10 - 100), 9);
  });

  test('forgets an overload that has ended by 5 % a window', () => {
    const strategy = gradient2();
    feed(strategy, 100, repeat(10, 100));
    feed(strategy, 100, repeat(60, 10));
    // Without the decay the mean would still stand at 83 ms, and 100 ms would look like no overload.
    expect(feed(strategy, 100, [100])).toBeLessThan(100);
  });

  test('shrinks by the share of the calls that were dropped, though the rest was quick', () => {
    const strategy = gradient2();
    feed(strategy, 100, repeat(10, 10));
    expect(feed(strategy, 100, [10], 0.3)).toBeCloseTo(100 + 0.2 * (70 + 10 - 100), 9);
    expect(feed(strategy, 100, [undefined], 1)).toBeCloseTo(100 + 0.2 * (50 + 10 - 100), 9);
  });

  test('learns the usual time also while little is in flight', () => {
    const strategy = gradient2();
    for (let window = 0; window < 20; window++) strategy.next(100, { rttMs: 10, inFlight: 3, droppedRatio: 0 });
    expect(feed(strategy, 100, [40])).toBeLessThan(100);
  });
});

describe('vegas', () => {
  test.each([
    ['no queue at all', 10, 112],
    ['a queue below three steps', 10.4, 102],
    ['a queue between three and six steps', 11, 100],
    ['a queue above six steps', 12, 98],
  ])('with %s at 100 places goes to the limit that the queue allows', (_what, rttMs, expected) => {
    const strategy = vegas();
    feed(strategy, 100, [10]);
    expect(feed(strategy, 100, [rttMs])).toBe(expected);
  });

  test('falls by a step when calls were dropped, also when none was answered', () => {
    expect(feed(vegas(), 100, [10], 0.1)).toBe(98);
    expect(feed(vegas(), 100, [undefined], 1)).toBe(98);
  });

  test('takes a new fastest time after thirty windows a place', () => {
    const strategy = vegas();
    strategy.next(1, { rttMs: 10, inFlight: 0, droppedRatio: 0 });
    for (let window = 0; window < 29; window++) strategy.next(1, { rttMs: 50, inFlight: 0, droppedRatio: 0 });
    expect(strategy.next(10, { rttMs: 50, inFlight: 10, droppedRatio: 0 })).toBe(9);
    strategy.next(1, { rttMs: 50, inFlight: 0, droppedRatio: 0 });
    expect(strategy.next(10, { rttMs: 50, inFlight: 10, droppedRatio: 0 })).toBe(16);
  });
});

describe('aimd', () => {
  test('rises by one and falls by a tenth', () => {
    expect(feed(aimd(), 20, [5, 500])).toBe(22);
    expect(feed(aimd(), 20, [5], 0.01)).toBe(18);
  });
});

describe.each(Object.entries({ gradient2, vegas, aimd }))('%s', (_name, make) => {
  const rttMs = fc.option(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { nil: undefined });
  const window = fc.record({ rttMs, load: fc.double({ min: 0, max: 1, noNaN: true }), drops: fc.nat(10) });

  test('changes nothing while less than half of the limit is in flight', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 30 }), fc.integer({ min: 1, max: 1000 }), (windows, limit) => {
        const strategy = make();
        for (const { rttMs: time, load, drops } of windows) {
          const dropped = { rttMs: time, inFlight: (load * limit) / 2.001, droppedRatio: time ? drops / 10 : 1 };
          expect(strategy.next(limit, dropped)).toBe(limit);
        }
      }),
    );
  });

  test('answers a sensible number whatever it is shown', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 60 }), (windows) => {
        const strategy = make();
        let limit = 20;
        for (const { rttMs: time, load, drops } of windows) {
          const droppedRatio = time === undefined ? 1 : drops / 10;
          const next = strategy.next(limit, { rttMs: time, inFlight: load * limit, droppedRatio });
          expect(next).toBeGreaterThanOrEqual(limit / 2 - 1);
          expect(next).toBeLessThanOrEqual(limit + 6 * Math.max(1, Math.log10(limit)) + Math.sqrt(limit));
          limit = Math.max(1, Math.min(1000, next));
        }
      }),
    );
  });
});
