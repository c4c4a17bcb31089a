import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.js';

/** Remembers every call and checks each stretch of time up to now; slow and obviously right. */
class NaiveLimit {
  readonly #passedMs: number[] = [];
  readonly #perMs: number;
  readonly #burst: number;

  constructor(perMs: number, burst: number) {
    this.#perMs = perMs;
    this.#burst = burst;
  }

  take(nowMs: number): boolean {
    const within = [...this.#passedMs, nowMs].every((startMs) => {
      const passed = this.#passedMs.filter((atMs) => atMs >= startMs).length;
      return passed + 1 <= this.#burst + (nowMs - startMs) * this.#perMs;
    });
    if (within) this.#passedMs.push(nowMs);
    return within;
  }
}

test('lets exactly those calls pass that keep every stretch of time within burst and rate', () => {
  // Rates that are powers of two, so that the sums are exact and both must agree on every single call.
  const rates = fc.constantFrom(1 / 64, 1 / 8, 0.5, 2);
  const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40), fc.nat(1000)), { maxLength: 80 });
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 6 }), fc.nat(10_000), pauses, (perMs, burst, startMs, all) => {
      const bucket = new TokenBucket({ perMs, burst }, startMs);
      const naive = new NaiveLimit(perMs, burst);
      let nowMs = startMs;
      for (const pauseMs of all) {
        nowMs += pauseMs;
        expect(bucket.take(nowMs)).toBe(naive.take(nowMs));
      }
    }),
  );
});

test('names exactly the moment at which the next call passes', () => {
  const anyRate = fc.double({ min: 0.0001, max: 50, noNaN: true });
  fc.assert(
    fc.property(
      anyRate,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(50), { maxLength: 30 }),
      (perMs, burst, all) => {
        const bucket = new TokenBucket({ perMs, burst }, 0);
        let nowMs = 0;
        for (const pauseMs of all) {
          nowMs += pauseMs;
          if (bucket.take(nowMs)) continue;
          const waitMs = bucket.waitMs(1, nowMs);
          expect(waitMs).toBeGreaterThan(0);
          expect(bucket.take(nowMs + waitMs * 0.99)).toBe(false);
          nowMs += waitMs;
          expect(bucket.take(nowMs)).toBe(true);
        }
      },
    ),
  );
});

test('gives nothing away in the long run, however its sums are rounded', () => {
  const bucket = new TokenBucket({ perMs: 0.1, burst: 1 }, 0);
  let passed = 0;
  for (let nowMs = 0; nowMs <= 1_000_000; nowMs += 0.7) if (bucket.take(nowMs)) passed++;
  expect(passed).toBeLessThanOrEqual(100_001);
});

test('follows a rate and a burst that change', () => {
  const shape = { perMs: 0.01, burst: 1 };
  const bucket = new TokenBucket(shape, 0);
  expect(bucket.take(0)).toBe(true);
  expect(bucket.waitMs(1, 0)).toBe(100);
  shape.perMs = 0.1;
  expect(bucket.waitMs(1, 0)).toBe(10);
  shape.burst = 3;
  expect(bucket.tokens(1000)).toBe(3);
});

test('gives tokens of the future to those who come together, and says when each may be used', () => {
  const bucket = new TokenBucket({ perMs: 1 / 50, burst: 2 }, 0);
  expect([1, 2, 3, 4].map(() => bucket.reserve(0))).toEqual([0, 0, 50, 100]);
  expect(bucket.reserve(10_000)).toBe(0);
  expect([bucket.reserve(10_000), bucket.reserve(10_000)]).toEqual([0, 50]);
});
