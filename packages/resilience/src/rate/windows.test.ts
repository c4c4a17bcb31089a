import { background, liveValue, makeEnv, type Service } from '@fwk/kernel';
import { leakGuard, scriptedService } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FixedWindow } from './fixed-window.js';
import type { Permits, WindowShape } from './permits.js';
import { rateLimit } from './rate-limit.js';
import type { RateLimitOptions } from './rate-limit-options.js';
import { SlidingWindow } from './sliding-window.js';

type Make = (shape: WindowShape) => Permits;
const sliding: Make = (shape) => new SlidingWindow(shape);
const fixed: Make = (shape) => new FixedWindow(shape);

/** Remembers every call; slow and obviously right. */
class NaiveSliding {
  readonly #shape: WindowShape;
  readonly #passedMs: number[] = [];

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  take(nowMs: number): boolean {
    const { permits, windowMs } = this.#shape;
    if (this.#passedMs.filter((atMs) => nowMs - atMs < windowMs).length >= permits) return false;
    this.#passedMs.push(nowMs);
    return true;
  }
}

const shapes = fc.record({ permits: fc.integer({ min: 1, max: 20 }), windowMs: fc.integer({ min: 1, max: 200 }) });
const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40), fc.nat(1000)), { maxLength: 120 });

test('a sliding window lets through exactly what keeps every stretch of its length within the limit', () => {
  fc.assert(
    fc.property(shapes, fc.nat(10_000), pauses, (shape, startMs, all) => {
      const [window, naive] = [new SlidingWindow(shape), new NaiveSliding(shape)];
      let nowMs = startMs;
      for (const pauseMs of all) {
        nowMs += pauseMs;
        expect(window.take(nowMs)).toBe(naive.take(nowMs));
      }
    }),
  );
});

test.each([
  ['sliding', sliding],
  ['fixed', fixed],
])('a %s window says exactly when those in line will have their permits', (_, make) => {
  fc.assert(
    fc.property(shapes, pauses, fc.integer({ min: 1, max: 50 }), (shape, all, inLine) => {
      const window = make(shape);
      let nowMs = 1000;
      for (const pauseMs of all) {
        nowMs += pauseMs;
        window.take(nowMs);
      }
      const dueMs = Array.from({ length: inLine }, (_unused, at) => nowMs + window.waitMs(at + 1, nowMs));
      for (const atMs of dueMs) {
        if (atMs > nowMs) expect(window.take(atMs - 1)).toBe(false);
        expect(window.take(atMs)).toBe(true);
        nowMs = atMs;
      }
    }),
  );
});

test('a fixed window begins with its first call and lets twice as many pass round an edge, a sliding one does not', () => {
  const shape = { permits: 2, windowMs: 100 };
  const times = [50, 149, 149, 150, 150, 151];
  const [one, other] = [fixed(shape), sliding(shape)];
  expect(times.map((atMs) => one.take(atMs))).toEqual([true, true, false, true, true, false]);
  expect(times.map((atMs) => other.take(atMs))).toEqual([true, true, false, true, false, false]);
});

test.each([
  ['sliding', sliding],
  ['fixed', fixed],
])('a %s window is full again when all its calls are out of it, and follows another shape', (_, make) => {
  const shape = { permits: 2, windowMs: 100 };
  const window = make(shape);
  expect(window.full(0)).toBe(true);
  window.take(0);
  expect([window.full(99), window.full(100)]).toEqual([false, true]);
  window.take(100);
  window.take(100);
  shape.permits = 1;
  expect([window.take(150), window.waitMs(1, 150), window.waitMs(2, 150)]).toEqual([false, 50, 150]);
  shape.permits = 3;
  expect([window.take(150), window.take(150)]).toEqual([true, false]);
});

function build(options: Partial<RateLimitOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const layer = rateLimit(options);
  const service: Service<string, string> = layer.wrap(inner, makeEnv({ clock: guard.clock, path: 'shop' }));
  const begin = (...requests: string[]) =>
    requests.map((request) => service.call(request, background).catch((error: Error) => error));
  const sent = () => inner.calls.map(({ request }) => request);
  return { guard, clock: guard.clock, layer, service, begin, sent };
}

describe.each(['sliding-window', 'fixed-window'] as const)('a rate limit by %s', (algorithm) => {
  test('lets as many start in a window as it has permits, and tells the rest when to come back', async () => {
    const { clock, begin, sent, service, layer } = build({ algorithm, permitsPerWindow: 2, windowMs: 60_000 });
    begin('1', '2');
    await clock.advance(20_000);
    expect(service.status()).toBe('busy');
    expect(await begin('3')[0]).toMatchObject({
      code: 'FWK_RESILIENCE_RATE_LIMITED',
      message:
        `shop: 2 calls in 60000 ms (${algorithm}) are allowed and used up, and the next permit is 40000 ms away, ` +
        'longer than this call may wait (0 ms, and not past its deadline); send less or raise permitsPerWindow',
      details: { algorithm, permitsPerWindow: 2, windowMs: 60_000, permitsPerSecond: undefined },
      traits: { notProcessed: true, retryAfterMs: 40_000 },
    });
    await clock.advance(40_000);
    begin('4');
    expect(sent()).toEqual(['1', '2', '4']);
    expect(layer.describe()).toEqual({ algorithm, permitsPerWindow: 2, windowMs: 60_000, maxWaitMs: 0 });
  });

  test('lets calls wait in line, wakes them without polling, and follows live options', async () => {
    const permitsPerWindow = liveValue(1);
    const { guard, clock, begin, sent } = build({ algorithm, permitsPerWindow, windowMs: 100, maxWaitMs: 250 });
    const outcomes = begin('1', '2', '3', 'too late');
    expect(await outcomes[3]).toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
    await clock.advance(100);
    expect(sent()).toEqual(['1', '2']);
    permitsPerWindow.set(2);
    await clock.settle();
    expect(sent()).toEqual(['1', '2', '3']);
    guard.check();
  });

  test('counts each key by itself', async () => {
    const { clock, begin, sent } = build({
      algorithm,
      permitsPerWindow: 1,
      windowMs: 100,
      keyOf: (tenant: string) => tenant,
    });
    begin('a', 'a', 'b');
    await clock.advance(100);
    begin('a');
    expect(sent()).toEqual(['a', 'b', 'a']);
  });
});

test.each<[Partial<RateLimitOptions>, RegExp]>([
  [{ algorithm: 'leaky' as never }, /algorithm must be one of token-bucket, sliding-window, fixed-window/],
  [
    { algorithm: 'fixed-window', burst: 3 },
    /algorithm 'fixed-window' has no use for burst: set permitsPerWindow and windowMs/,
  ],
  [{ windowMs: 100 }, /algorithm 'token-bucket' has no use for windowMs: set permitsPerSecond and burst/],
  [{ algorithm: 'sliding-window', permitsPerWindow: 0 }, /permitsPerWindow must be a whole number from 1/],
  [{ algorithm: 'sliding-window', windowMs: 86_400_001 }, /windowMs must be a number from 1 to 86400000/],
])('refuses %j', (options, message) => {
  expect(() => rateLimit(options)).toThrowError(message);
});
