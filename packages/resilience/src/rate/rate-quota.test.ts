import { background, makeEnv } from '@fwk/kernel';
import { leakGuard, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import { rateLimit } from './rate-limit.js';
import { RateQuota } from './rate-quota.js';

const times = (count: number, take: () => unknown) => Array.from({ length: count }, take);

describe('a quota', () => {
  test('of which nothing was told lets all through', () => {
    const quota = new RateQuota();
    expect(times(3, () => quota.take(0))).toEqual([true, true, true]);
    expect(quota.waitMs(1000, 0)).toBe(0);
  });

  test('lets as many go as were left, and then none until it begins anew', () => {
    const quota = new RateQuota();
    quota.tell([{ name: '', remaining: 2, resetMs: 500 }], quota.mark, 100);
    expect(times(3, () => quota.take(100))).toEqual([true, true, false]);
    expect(quota.waitMs(1, 350)).toBe(250);
    expect(quota.take(599)).toBe(false);
    expect(quota.take(600)).toBe(true);
  });

  test('takes off the calls that were sent after the one that was answered', () => {
    const quota = new RateQuota();
    quota.take(0);
    const { mark } = quota;
    times(3, () => quota.take(0));
    quota.tell([{ name: '', remaining: 4, resetMs: 1000 }], mark, 10);
    expect(times(2, () => quota.take(10))).toEqual([true, false]);
  });

  test('believes an answer to an earlier call only where it leaves less', () => {
    const quota = new RateQuota();
    const earlier = quota.mark;
    quota.take(0);
    quota.tell([{ name: '', remaining: 1, resetMs: 1000 }], quota.mark, 10);
    quota.tell([{ name: '', remaining: 9, resetMs: 990 }], earlier, 20);
    expect(times(2, () => quota.take(20))).toEqual([true, false]);
    quota.tell([{ name: '', remaining: 9, resetMs: 5000 }], earlier, 30);
    expect(quota.take(30), 'that is another window').toBe(true);
  });

  test('is the least of several', () => {
    const quota = new RateQuota();
    const news = [
      { name: 'second', remaining: 1, resetMs: 1000, limit: 1, windowMs: 1000 },
      { name: 'day', remaining: 2, resetMs: 80_000 },
    ];
    quota.tell(news, 0, 0);
    expect(times(2, () => quota.take(0))).toEqual([true, false]);
    expect(quota.take(1000)).toBe(true);
    expect(quota.take(2000)).toBe(false);
    expect(quota.waitMs(1, 2000)).toBe(78_000);
  });

  test('that begins anew lets as many go as it holds, not all who waited', () => {
    const quota = new RateQuota();
    quota.tell([{ name: '', remaining: 0, resetMs: 100, limit: 3, windowMs: 1000 }], 0, 0);
    expect(times(5, () => quota.take(100))).toEqual([true, true, true, false, false]);
    expect(quota.waitMs(4, 100)).toBe(2000);
    expect(quota.take(1100)).toBe(true);
  });

  test('that is far away is asked about by one call an hour', () => {
    const quota = new RateQuota();
    quota.tell([{ name: '', remaining: 0, resetMs: 20 * 86_400_000, limit: 1000 }], 0, 0);
    expect(quota.waitMs(1, 0)).toBe(3_600_000);
    expect(times(2, () => quota.take(3_600_000))).toEqual([true, false]);
    expect(quota.waitMs(1, 3_600_000)).toBe(3_600_000);
  });

  test('is paused for the longest time that was asked for, an hour at most', () => {
    const quota = new RateQuota();
    quota.pause(500, 0);
    quota.pause(100, 0);
    expect(quota.waitMs(1, 0)).toBe(500);
    expect(quota.take(499)).toBe(false);
    expect(quota.take(500)).toBe(true);
    quota.pause(1e12, 500);
    expect(quota.waitMs(1, 500)).toBe(3_600_000);
  });

  test('of which a callee names too many is kept for the first', () => {
    const quota = new RateQuota();
    const many = Array.from({ length: 1000 }, (_, index) => ({ name: `q${index}`, remaining: index, resetMs: 1000 }));
    quota.tell(many.reverse(), 0, 0);
    expect(quota.waitMs(984, 0)).toBe(0);
    expect(quota.waitMs(985, 0)).toBe(1000);
  });
});

describe('a rate limit that follows a quota', () => {
  function build(options: Parameters<typeof rateLimit>[0]) {
    const guard = leakGuard();
    const inner = scriptedService<string, string>();
    const quota = new RateQuota();
    const env = makeEnv({ clock: guard.clock, path: 'bank' });
    const build = () => rateLimit({ followQuota: true, ...options }, quota).wrap(inner, env);
    return {
      guard,
      clock: guard.clock,
      quota,
      inner,
      service: build(),
      other: build(),
      sent: () => inner.calls.length,
    };
  }

  test('refuses while it is used up, and says whose quota it is', async () => {
    const { clock, quota, service, other, sent } = build({ algorithm: 'none' });
    quota.tell([{ name: '', remaining: 1, resetMs: 2000 }], 0, clock.now());
    void service.call('1', background);
    expect(service.status()).toBe('busy');
    await expect(other.call('2', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_RATE_LIMITED',
      message: expect.stringContaining('the quota that the callee tells in its answers is used up'),
      details: { byQuota: true },
      traits: { notProcessed: true, retryAfterMs: 2000 },
    });
    await clock.advance(2000);
    void other.call('3', background);
    expect(sent()).toBe(2);
  });

  test('keeps its own limit as well', async () => {
    const { clock, quota, service, sent } = build({ permitsPerSecond: 1, burst: 1 });
    quota.tell([{ name: '', remaining: 100, resetMs: 2000 }], 0, clock.now());
    void service.call('1', background);
    await expect(service.call('2', background)).rejects.toMatchObject({
      message: expect.stringContaining('1 calls a second (1 at once) are allowed and used up'),
      details: { byQuota: false },
    });
    expect(sent()).toBe(1);
  });

  test('lets those go who wait as soon as more is told to be left', async () => {
    const { guard, clock, quota, service, sent } = build({ algorithm: 'none', maxWaitMs: 10_000 });
    quota.tell([{ name: '', remaining: 0, resetMs: 5000 }], 0, clock.now());
    service.call('1', background).catch(() => {});
    service.call('2', background).catch(() => {});
    await clock.advance(100);
    expect(sent()).toBe(0);
    quota.tell([{ name: '', remaining: 1, resetMs: 4900 }], quota.mark, clock.now());
    await clock.advance(0);
    expect(sent()).toBe(1);
    await clock.advance(4900);
    expect(sent()).toBe(2);
    guard.check();
  });
});

test('functions hear no answers, and an algorithm without a limit needs a quota', () => {
  expect(() => policy('bank', { rateLimit: { followQuota: true } })).toThrow(/followQuota needs a client/);
  expect(() => rateLimit({ followQuota: true })).toThrow(/followQuota needs a client/);
  expect(() => rateLimit({ algorithm: 'none' })).toThrow(/'none' limits nothing without followQuota/);
  expect(() => rateLimit({ algorithm: 'none', followQuota: true, burst: 3 }, new RateQuota())).toThrow(
    /no use for burst/,
  );
});
