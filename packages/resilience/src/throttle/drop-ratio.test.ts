import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dropRatio } from './drop-ratio.js';

test.each([
  [100, 0, 100, 2, 0],
  [100, 0, 50, 2, 0],
  [100, 0, 49, 2, 2 / 101],
  [99, 0, 0, 2, 0.99],
  [100, 60, 20, 2, 0],
  [100, 50, 20, 2, 10 / 101],
  [100, 0, 50, 1.1, 45 / 101],
  [-3, 0, 0, 2, 0],
])('of %d calls, %d in flight and %d accepted at K = %d, drops %d', (requests, inFlight, accepted, k, expected) => {
  expect(dropRatio(requests, inFlight, accepted, k)).toBeCloseTo(expected, 12);
});

test('is always a share below 1, and falls when more are accepted', () => {
  const count = fc.nat(100_000);
  fc.assert(
    fc.property(count, count, count, fc.double({ min: 1, max: 100, noNaN: true }), (a, b, c, multiplier) => {
      const requests = a + b + c;
      const ratio = dropRatio(requests, a, b, multiplier);
      expect(ratio).toBeGreaterThanOrEqual(0);
      expect(ratio).toBeLessThan(1);
      expect(dropRatio(requests, a, b + 1, multiplier)).toBeLessThanOrEqual(ratio);
    }),
  );
});
