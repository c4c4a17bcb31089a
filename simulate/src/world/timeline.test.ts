import { expect, test } from 'vitest';
import { Timeline } from './timeline.js';

function timelineOf(wanted: readonly number[], answered: readonly number[]) {
  const timeline = new Timeline<'wanted' | 'answered'>();
  const fill = (name: 'wanted' | 'answered', seconds: readonly number[]) => {
    for (const [second, count] of seconds.entries()) {
      for (let index = 0; index < count; index++) timeline.count(name, second * 1000 + 999);
    }
  };
  fill('wanted', wanted);
  fill('answered', answered);
  return timeline;
}

test('counts by second and compares stretches of time', () => {
  const timeline = timelineOf([10, 10, 20], [10, 0, 5]);
  expect(timeline.sum('wanted', 0, 3)).toBe(40);
  expect(timeline.ratio('answered', 'wanted', 1, 3)).toBeCloseTo(5 / 30);
  expect(timeline.ratio('answered', 'wanted', 3, 9)).toBeNaN();
});

test.each([
  ['good from the start', [10, 10, 10], 0],
  ['good after two seconds', [0, 9, 10], 2],
  ['good, bad and good again', [10, 0, 10], 2],
  ['bad at the end', [10, 10, 9], Number.POSITIVE_INFINITY],
])('says when all was well for good: %s', (_name, answered, expected) => {
  expect(timelineOf([10, 10, 10], answered).secondsUntil(1, 'answered', 'wanted', 0, 3)).toBe(expected);
});

test('takes a second in which nobody asked for a good one', () => {
  expect(timelineOf([10, 0, 10], [0, 0, 10]).secondsUntil(1, 'answered', 'wanted', 0, 3)).toBe(1);
});
