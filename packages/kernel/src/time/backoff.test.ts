import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffBound, type Growth, growths, jittered, stretched } from './backoff.js';

test.each<[Growth, readonly number[]]>([
  ['exponential', [25, 50, 100, 150, 150]],
  ['linear', [25, 50, 75, 100, 150]],
  ['fixed', [25, 25, 25, 25, 25]],
])('%s bounds grow as they are called, up to the cap', (growth, bounds) => {
  expect([0, 1, 2, 3, 10].map((pause) => backoffBound(pause, { growth, baseMs: 25, capMs: 150 }))).toEqual(bounds);
});

test('full jitter draws from the whole range, none gives the bound itself, half the upper half', () => {
  expect([0, 0.5, 0.999].map((drawn) => jittered(100, 1, () => drawn))).toEqual([0, 50, 99.9]);
  expect([0, 0.5, 0.999].map((drawn) => jittered(100, 0, () => drawn))).toEqual([100, 100, 100]);
  expect([0, 0.5].map((drawn) => jittered(100, 0.5, () => drawn))).toEqual([50, 75]);
});

test('never leaves the range, however often one has paused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...growths),
      fc.nat(2000),
      fc.nat(10_000),
      fc.nat(10_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (growth, n, base, cap, jitter, drawn) => {
        const delayMs = jittered(backoffBound(n, { growth, baseMs: base, capMs: cap }), jitter, () => drawn);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(cap);
      },
    ),
  );
});

test('an exponential bound is multiplied by its factor, and stays at its cap for any number of pauses', () => {
  const shape = { baseMs: 100, capMs: 1000, factor: 1.5 };
  expect([0, 1, 2, 100, 100_000].map((n) => backoffBound(n, shape))).toEqual([100, 150, 225, 1000, 1000]);
  expect(backoffBound(100_000, { baseMs: 0, capMs: 1000 })).toBe(0);
  expect(backoffBound(7, { baseMs: 100, capMs: 1000, factor: 1 })).toBe(100);
});

test('stretching only lengthens', () => {
  expect([0, 0.5, 0.75].map((drawn) => stretched(100, 0.25, () => drawn))).toEqual([100, 112.5, 118.75]);
});
