import { background, currentContext, liveValue, makeEnv, runInContext, type Service } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rateLimit } from './rate-limit.js';
import type { RateLimitOptions } from './rate-limit-options.js';

function build(options: Partial<RateLimitOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, path: 'shop' });
  const service: Service<string, string> = rateLimit(options).wrap(inner, env);
  /** Begins calls whose answers nobody looks at, and tells which of them have reached the inner service. */
  const begin = (...requests: string[]) => {
    for (const request of requests) service.call(request, background).catch(() => {});
  };
  const sent = () => inner.calls.map(({ request }) => request);
  return { guard, clock: guard.clock, inner, events, service, begin, sent };
}

const gaveUp = new Error('gave up');

describe('a rate limit', () => {
  test('lets a burst through and then as many as come back', async () => {
    const { clock, begin, sent } = build({ permitsPerSecond: 10, burst: 2 });
    begin('1', '2', '3');
    expect(sent()).toEqual(['1', '2']);
    await clock.advance(99);
    begin('4');
    await clock.advance(1);
    begin('5', '6');
    expect(sent()).toEqual(['1', '2', '5']);
  });

  test('tells a refused call exactly when to come back, and why it was refused', async () => {
    const { clock, service, begin, events } = build({ permitsPerSecond: 4, burst: 1 });
    begin('1');
    await clock.advance(100);
    await expect(service.call('2', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_RATE_LIMITED',
      message: expect.stringMatching(/^shop: 4 calls a second \(1 at once\) are allowed .* 150 ms away/),
      details: { permitsPerSecond: 4, burst: 1, maxWaitMs: 0 },
      traits: { overloaded: true, retryable: true, notProcessed: true, retryAfterMs: 150 },
    });
    expect(events.all).toMatchObject([{ name: 'rate-limit.rejected', data: { path: 'shop', retryAfterMs: 150 } }]);
    await clock.advance(150);
    void service.call('3', background);
    expect(service.status()).toBe('busy');
  });

  test('sets no timer while nobody waits', async () => {
    const { guard, begin } = build({ permitsPerSecond: 1, burst: 1, keyOf: (request: string) => request });
    begin('a', 'a', 'b', 'c');
    guard.check();
  });

  test('reads busy while a call would be refused, and ready when a permit is back', async () => {
    const { clock, service, begin } = build({ permitsPerSecond: 10, burst: 1 });
    expect(service.status()).toBe('ready');
    begin('1');
    expect(service.status()).toBe('busy');
    await clock.advance(100);
    expect(service.status()).toBe('ready');
  });

  test('follows a live rate', async () => {
    const permitsPerSecond = liveValue(1);
    const { clock, begin, sent } = build({ permitsPerSecond, burst: 1 });
    begin('1');
    await clock.advance(10);
    begin('2');
    permitsPerSecond.set(100);
    begin('3');
    expect(sent()).toEqual(['1', '3']);
  });

  test('refuses options that make no sense, all at once', () => {
    const options = { permitsPerSecond: Number.NaN, burst: 0, maxWaitMs: -1, keyOf: 'tenant', perSecond: 3 };
    expect(() => rateLimit(options as never)).toThrowError(
      /"perSecond".*permitsPerSecond .* not NaN; burst .* not 0; maxWaitMs .* not -1; keyOf .* not "tenant"/,
    );
  });

  test.each([{ maxKeys: liveValue(100) }, { keyOf: liveValue((request: string) => request) }])(
    'refuses a live value where it would be read only once',
    (options) => {
      expect(() => rateLimit(options as never)).toThrowError(/must be .*, not a live value of/);
    },
  );

  test('prints its settings', () => {
    expect(rateLimit({ burst: 3 }).describe()).toEqual({
      algorithm: 'token-bucket',
      permitsPerSecond: 100,
      burst: 3,
      maxWaitMs: 0,
    });
    expect(rateLimit({ keyOf: (request: string) => request }).describe()).toMatchObject({
      keyed: true,
      maxKeys: 10_000,
    });
  });
});

describe('waiting for a permit', () => {
  test('is first come, first served, as fast as permits come back', async () => {
    const { guard, clock, begin, sent } = build({ permitsPerSecond: 10, burst: 1, maxWaitMs: 1000 });
    begin('1', '2', '3', '4');
    await clock.advance(100);
    expect(sent()).toEqual(['1', '2']);
    begin('5');
    await clock.advance(300);
    expect(sent()).toEqual(['1', '2', '3', '4', '5']);
    guard.check();
  });

  test('is refused to whoever would wait longer than allowed', async () => {
    const { service, begin, clock, sent } = build({ permitsPerSecond: 10, burst: 1, maxWaitMs: 200 });
    begin('1', '2', '3');
    expect(service.status()).toBe('busy');
    await expect(service.call('4', background)).rejects.toMatchObject({ traits: { retryAfterMs: 300 } });
    await clock.advance(1000);
    expect(sent()).toEqual(['1', '2', '3']);
  });

  test('is refused at once to whoever could not be sent before the deadline', async () => {
    const { guard, service, begin } = build({ permitsPerSecond: 10, burst: 1, maxWaitMs: 1000 });
    begin('1');
    const late = service.call('2', background.with({ deadlineMs: 100 }));
    await expect(late).rejects.toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
    guard.check();
  });

  test('ends at the deadline when the rate has fallen meanwhile', async () => {
    const permitsPerSecond = liveValue(10);
    const { guard, clock, service, begin, sent } = build({ permitsPerSecond, burst: 1, maxWaitMs: 1000 });
    begin('1');
    const waiting = service.call('2', background.with({ deadlineMs: 150 })).catch((error) => error);
    permitsPerSecond.set(1);
    await clock.advance(150);
    expect(await waiting).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    expect(sent()).toEqual(['1']);
    guard.check();
  });

  test('ends at once when the caller cancels, with its reason, and brings those behind forward', async () => {
    const { guard, clock, service, begin, sent } = build({ permitsPerSecond: 10, burst: 1, maxWaitMs: 1000 });
    begin('1');
    const { context, cancel } = guard.context();
    const waiting = service.call('2', context).catch((error) => error);
    begin('3');
    cancel(gaveUp);
    expect(await waiting).toBe(gaveUp);
    await clock.advance(100);
    expect(sent()).toEqual(['1', '3']);
    guard.check();
  });

  test('is as short as a rate makes it that was raised meanwhile, also for those behind', async () => {
    const permitsPerSecond = liveValue(0.1);
    const burst = liveValue(1);
    const { guard, clock, begin, sent } = build({ permitsPerSecond, burst, maxWaitMs: 1_000_000 });
    begin('1', '2', '3', '4');
    permitsPerSecond.set(10);
    begin('5');
    await clock.advance(100);
    expect(sent()).toEqual(['1', '2']);
    await clock.advance(200);
    expect(sent()).toEqual(['1', '2', '3', '4']);
    permitsPerSecond.set(0.1);
    await clock.advance(100);
    expect(sent()).toHaveLength(4);
    permitsPerSecond.set(1000);
    await clock.advance(1);
    expect(sent()).toHaveLength(5);
    guard.check();
  });

  test.each([
    ['token-bucket', 'permitsPerSecond', 10, 0.001],
    ['sliding-window', 'windowMs', 100, 60_000],
    ['fixed-window', 'windowMs', 100, 60_000],
  ] as const)('is refused at once when a changed %s would keep it longer than it was ready to wait', async (...row) => {
    const [algorithm, option, before, after] = row;
    const live = liveValue<number>(before);
    const shape = algorithm === 'token-bucket' ? { burst: 1 } : { permitsPerWindow: 1 };
    const { guard, clock, service, begin, sent } = build({ algorithm, ...shape, [option]: live, maxWaitMs: 300 });
    begin('1');
    const waiting = ['2', '3'].map((request) => service.call(request, background).catch((error) => error));
    await clock.advance(100);
    expect(sent()).toEqual(['1', '2']);
    // A change that keeps its promise refuses nobody.
    live.set(before === 10 ? 5 : 200);
    expect(clock.pending).toBe(1);
    live.set(after);
    expect(await waiting[1]).toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED', details: { maxWaitMs: 300 } });
    expect(sent()).toEqual(['1', '2']);
    guard.check();
  });

  test('leaves no timer when the last one cancels', () => {
    const { guard, service, begin } = build({ permitsPerSecond: 10, burst: 1, maxWaitMs: 1000 });
    begin('1');
    const { context, cancel } = guard.context();
    service.call('2', context).catch(() => {});
    expect(guard.clock.pending).toBe(1);
    cancel(gaveUp);
    guard.check();
  });

  test('leaves a function in the context of its own caller', async () => {
    const { clock } = build({});
    const seen: unknown[] = [];
    const call = rateLimit({ permitsPerSecond: 10, burst: 1, maxWaitMs: 1000 }).wrap(
      async () => void seen.push(currentContext()),
      makeEnv({ clock }),
    );
    const contexts = [1, 2, 3].map((deadlineMs) => background.with({ deadlineMs: deadlineMs * 10_000 }));
    const calls = contexts.map((context) => runInContext(context, () => call()));
    await clock.advance(200);
    await Promise.all(calls);
    expect(seen).toEqual(contexts);
  });

  test('never lets more pass than burst and rate allow and answers everybody, in any order of events', async () => {
    const shape = [fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 50, 400), fc.nat()] as const;
    await fc.assert(
      fc.asyncProperty(...shape, async (burst, maxWaitMs, seed) => {
        const { guard, clock, inner, service } = build({ permitsPerSecond: 20, burst, maxWaitMs });
        const random = seededRandom(seed);
        const passedMs: number[] = [];
        const outcomes: Promise<string>[] = [];
        const cancels: ((reason: unknown) => void)[] = [];
        for (let step = 0; step < 30; step++) {
          const { context, cancel } = guard.context(random() < 0.3 ? { deadlineMs: clock.now() + 60 } : {});
          inner.script(() => {
            passedMs.push(clock.now());
            return 'sent';
          });
          outcomes.push(service.call(String(step), context).then(String, (error: Error) => error.name));
          if (random() < 0.2) cancels.push(cancel);
          if (random() < 0.2) cancels.pop()?.(gaveUp);
          if (random() < 0.5) await clock.advance(Math.floor(random() * 120));
        }
        await clock.advance(10_000);
        const ended = await Promise.all(outcomes);
        for (const outcome of ended) expect(outcome).toMatch(/^(sent|Error|RateLimitedError|DeadlineExceededError)$/);
        for (const startMs of passedMs) {
          for (const endMs of passedMs) {
            const count = passedMs.filter((atMs) => atMs >= startMs && atMs <= endMs).length;
            expect(count).toBeLessThanOrEqual(burst + (Math.max(0, endMs - startMs) * 20) / 1000 + 1e-6);
          }
        }
        guard.check();
      }),
      { numRuns: 30 },
    );
  });
});

describe('a rate limit by key', () => {
  const keyOf = (request: string) => request[0] as string;

  test('gives each key permits of its own and names the key that used them up', async () => {
    const { service, begin, sent } = build({ permitsPerSecond: 1, burst: 1, keyOf });
    begin('a1', 'b1', 'a2');
    expect(sent()).toEqual(['a1', 'b1']);
    await expect(service.call('b2', background)).rejects.toMatchObject({ details: { key: 'b' } });
    expect(service.status()).toBe('ready');
  });

  test('forgets the key used least recently when there are too many', () => {
    const { begin, sent } = build({ permitsPerSecond: 1, burst: 1, keyOf, maxKeys: 2 });
    begin('a1', 'b1', 'a2', 'c1', 'a3', 'b2');
    expect(sent()).toEqual(['a1', 'b1', 'c1', 'b2']);
  });

  test('finds the key of a wrapped function among its arguments', async () => {
    const call = rateLimit({ permitsPerSecond: 1, burst: 1, keyOf: (_id: number, host: string) => host }).wrap(
      async (id: number, _host: string) => id,
    );
    expect(await call(1, 'a')).toBe(1);
    await expect(call(2, 'a')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
    expect(await call(3, 'b')).toBe(3);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no tenant');
      },
      'no tenant',
    ],
    ['answers no string', (() => 7) as never, 'it answered number'],
  ])('tells the caller when the key function %s, and sends nothing', async (_, broken, message) => {
    const { service, sent } = build({ keyOf: broken });
    await expect(service.call('q', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_KEY_INVALID',
      cause: { message: expect.stringContaining(message) },
    });
    expect(sent()).toEqual([]);
  });
});
