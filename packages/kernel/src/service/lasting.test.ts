import { expect, test } from 'vitest';
import { isLasting, LastingEnd, lastingKey, lasts } from './lasting.js';

test('an answer that goes on tells all who asked of its end, once, and those who ask later at once', () => {
  const end = new LastingEnd();
  const answer = { [lastingKey]: end.tell };
  const told: unknown[] = [];
  expect(lasts(answer, (how) => told.push(['first', how]))).toBe(true);
  lasts(answer, (how) => told.push(['second', how]));
  expect(told).toEqual([]);
  const failure = { error: new Error('broken') };
  end.end(failure);
  end.end(undefined);
  lasts(answer, (how) => told.push(['late', how]));
  expect(told).toEqual([
    ['first', failure],
    ['second', failure],
    ['late', failure],
  ]);
  expect(end.over).toBe(true);
});

test.each([undefined, null, 7, 'text', {}, [], () => {}])('%j is whole', (answer) => {
  expect(isLasting(answer)).toBe(false);
  expect(lasts(answer, () => expect.unreachable('it is whole'))).toBe(false);
});
