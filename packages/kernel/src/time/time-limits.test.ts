import { describe, expect, test } from 'vitest';
import { type FakeClock, fakeClock } from '../testing/fake-clock.js';
import { sweepTimers, type TimeLimit, TimeLimits } from './time-limits.js';

/** Work that keeps when its time was over. */
function work(clock: FakeClock) {
  const overMs: number[] = [];
  const limit: TimeLimit | undefined = undefined;
  return { overMs, limit: limit as TimeLimit | undefined, expired: () => void overMs.push(clock.now()) };
}

test.each([0, 1, 20, 39, 40, 41, 55.5, 1000, 30_000])(
  'work with a limit of %d ms is told once, when it is over',
  async (limitMs) => {
    const clock = fakeClock(7);
    const limited = work(clock);
    const limits = TimeLimits.of(clock, true);
    await clock.advance(13);
    limits.begin(limited, clock.now(), limitMs);
    await clock.advance(60_000);
    expect(limited.overMs).toHaveLength(1);
    expect(limited.overMs[0]).toBeGreaterThanOrEqual(20 + limitMs);
    expect(limited.overMs[0]).toBeLessThan(21 + limitMs);
    expect(clock.pending).toBe(0);
  },
);

describe('work that ends before its limit', () => {
  test.each([
    ['at once', 0],
    ['before anybody looked', 10],
    ['when it was found once', 30],
    ['when it has a timer of its own', 500],
  ])('is never told: %s', async (_when, endMs) => {
    const clock = fakeClock();
    const limited = work(clock);
    const limit = TimeLimits.of(clock, true).begin(limited, clock.now(), 1000);
    await clock.advance(endMs);
    limit.end();
    limit.end();
    await clock.advance(60_000);
    expect(limited.overMs).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('takes no timer, however much of it there is', () => {
    const clock = fakeClock();
    const limits = TimeLimits.of(clock, true);
    for (let at = 0; at < 1000; at++) limits.begin(work(clock), clock.now(), 1000 + at).end();
    expect(clock.pending).toBe(0);
    expect(sweepTimers(clock)).toBe(1);
  });

  test('leaves the limits of the rest as they are, in whatever order it ends', async () => {
    const clock = fakeClock();
    const limits = TimeLimits.of(clock, true);
    const all = Array.from({ length: 50 }, (_, at) => {
      const limited = work(clock);
      return { limited, limit: limits.begin(limited, clock.now(), 100 + at) };
    });
    // 7 and 50 have no common factor, so this order is none in which they began.
    for (let at = 0; at < 50; at++) {
      const { limit } = all[(at * 7) % 50]!;
      if (((at * 7) % 50) % 3 !== 0) limit.end();
      if (at % 10 === 0) await clock.advance(9);
    }
    await clock.advance(1000);
    expect(all.map(({ limited }) => limited.overMs)).toEqual(all.map((_, at) => (at % 3 === 0 ? [100 + at] : [])));
    expect(clock.pending).toBe(0);
  });
});

describe('a sweep that comes late, because the process was busy,', () => {
  test('tells the work whose time is over, once, and leaves alone what that ends', async () => {
    const clock = fakeClock();
    let lateMs = 0;
    const busy = { ...clock, now: () => clock.now() + lateMs };
    const limits = TimeLimits.of(busy);
    const [third, last] = [work(clock), work(clock)];
    const told: string[] = [];
    const first = limits.begin({ expired: () => told.push('first') && third.limit?.end() }, 0, 100);
    third.limit = limits.begin(third, 0, 100);
    limits.begin(last, 0, 1000);
    lateMs = 300;
    await clock.advance(20);
    first.end();
    await clock.advance(10_000);
    expect(told).toEqual(['first']);
    expect(third.overMs).toEqual([]);
    expect(last.overMs).toEqual([700]);
    expect(clock.pending).toBe(0);
  });
});

test('one that is begun by work whose time is over has its own time', async () => {
  const clock = fakeClock();
  const limits = TimeLimits.of(clock, true);
  const second = work(clock);
  limits.begin({ expired: () => void limits.begin(second, clock.now(), 100) }, clock.now(), 100);
  await clock.advance(1000);
  expect(second.overMs).toEqual([200]);
});
