import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundOf, type Growth, growths, isPause, jittered, pausesOf } from './backoff.js';

test.each<[Growth, readonly number[]]>([
  ['exponential', [25, 50, 100, 150, 150]],
  ['linear', [25, 50, 75, 100, 150]],
  ['fixed', [25, 25, 25, 25, 25]],
])('%s bounds grow as they are called, up to the cap', (growth, bounds) => {
  expect([0, 1, 2, 3, 10].map((pause) => boundOf(growth, pause, 25, 150))).toEqual(bounds);
});

test('full jitter draws from the whole range, none gives the bound itself, half the upper half', () => {
  expect([0, 0.5, 0.999].map((drawn) => jittered(() => drawn, 100, 1))).toEqual([0, 50, 99.9]);
  expect([0, 0.5, 0.999].map((drawn) => jittered(() => drawn, 100, 0))).toEqual([100, 100, 100]);
  expect([0, 0.5].map((drawn) => jittered(() => drawn, 100, 0.5))).toEqual([50, 75]);
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
        const delayMs = jittered(() => drawn, boundOf(growth, n, base, cap), jitter);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(cap);
      },
    ),
  );
});

test('reads a list without end only so far, and what can be read once only once', () => {
  function* doubling() {
    for (let pauseMs = 1; ; pauseMs *= 2) yield pauseMs;
  }
  const list = doubling();
  expect(pausesOf(list)).toHaveLength(20);
  expect(pausesOf(list).slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(pausesOf(new Set([5, 7]))).toEqual([5, 7]);
});

test.each([Number.NaN, -1, 3_600_001, Number.POSITIVE_INFINITY, '5', null, undefined])('%j is no pause', (value) => {
  expect(isPause(value)).toBe(false);
});
