import { expect, test } from 'vitest';
import { isPause, pausesOf } from './backoff.js';

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
