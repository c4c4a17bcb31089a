import { expect, test } from 'vitest';
import { seededRandom } from './seeded-random.js';

const draw = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));

test('repeats itself for the same seed and differs for another', () => {
  expect(draw(1, 20)).toEqual(draw(1, 20));
  expect(draw(1, 20)).not.toEqual(draw(2, 20));
});

test('is uniform in [0, 1): a tenth of the draws falls into each tenth', () => {
  const counts = new Array<number>(10).fill(0);
  for (const value of draw(7, 100_000)) {
    const tenth = Math.floor(value * 10);
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  expect(counts).toHaveLength(10);
  // Four standard deviations of a binomial with n = 100 000, p = 0.1.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(9000));
});
