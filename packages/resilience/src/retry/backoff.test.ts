import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fullJitter } from './backoff.js';

test('draws from the whole range, which doubles with each pause up to the cap', () => {
  const almostOne = () => 0.999999;
  expect([0, 1, 2, 3, 10].map((pause) => Math.round(fullJitter(almostOne, pause, 25, 150)))).toEqual([
    25, 50, 100, 150, 150,
  ]);
  expect(fullJitter(() => 0, 5, 25, 1000)).toBe(0);
});

test('never leaves the range, however often one has paused', () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.nat(10_000),
      fc.nat(10_000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, base, cap, drawn) => {
        const delayMs = fullJitter(() => drawn, n, base, cap);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(cap);
      },
    ),
  );
});
