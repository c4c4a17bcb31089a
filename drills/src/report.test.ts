import { expect, test } from 'vitest';
import { dataOf, judge, tableOf } from './report.js';

test('holds nothing for reached that was not measured, never came, or was not even tried', () => {
  const must = { seenMs: { atMost: 2000 } };
  const reached = (figures: Record<string, number>) => judge('drill', [{ name: 'case', figures, must }]).reached;
  expect(reached({ seenMs: 2000 })).toBe(true);
  expect(reached({ seenMs: 2001 })).toBe(false);
  expect(reached({ seenMs: Number.POSITIVE_INFINITY })).toBe(false);
  expect(reached({ seenMs: Number.NaN })).toBe(false);
  expect(reached({})).toBe(false);
  expect(judge('drill', []).reached).toBe(false);
});

test('prints what never came as such, and as null in JSON', () => {
  const figures = { failed: 0, seenMs: Number.POSITIVE_INFINITY, stopped: 2 };
  const report = judge('drill', [{ name: 'case', figures, must: { seenMs: { atMost: 9 }, stopped: { atLeast: 3 } } }]);
  expect(tableOf(report)).toMatch(/case +0 +never +2 +seenMs <= 9, stopped >= 3 +NO/);
  expect(dataOf(report)).toEqual({
    name: 'drill',
    reached: false,
    cases: [{ case: 'case', failed: 0, seenMs: null, stopped: 2, must: 'seenMs <= 9, stopped >= 3', reached: false }],
  });
});
