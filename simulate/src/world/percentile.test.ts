import { expect, test } from 'vitest';
import { percentile } from './percentile.js';

test('is the value below which that share lies, the last one for all, and no number of none', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([0, 50, 99, 99]);
  expect(percentile([], 0.5)).toBeNaN();
});
