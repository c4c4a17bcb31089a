import { expect, test } from 'vitest';
import { onceASeed } from './once-a-seed.js';

test('measures once with each seed', async () => {
  const measured: number[] = [];
  const measure = onceASeed(async (seed) => measured.push(seed));
  expect(await Promise.all([measure(1), measure(2), measure(1)])).toEqual([1, 2, 1]);
  expect(measured).toEqual([1, 2]);
});
