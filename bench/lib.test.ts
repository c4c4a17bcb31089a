import { describe, expect, test } from 'vitest';
import { interleave, median, pairedRatio } from './lib.mjs';

test('the median of an even number of values lies between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([10, 9, 1])).toBe(9);
});

test('subjects are measured in turn, and warm-up rounds do not count', async () => {
  const order: string[] = [];
  const subject = (name: string) => async () => order.push(name);
  const measured = await interleave({ ours: subject('a'), theirs: subject('b') }, { rounds: 2, warmUp: 1 });
  expect(order.join('')).toBe('ababab');
  expect(measured).toEqual({ ours: [3, 5], theirs: [4, 6] });
});

test('a measurement that does not end fails the run with its name', async () => {
  const subjects = { ours: async () => 1, theirs: () => new Promise<number>(() => {}) };
  const run = interleave(subjects, { rounds: 1, limitMs: 50 });
  await expect(run).rejects.toThrow('the measurement "theirs" was not over within 0.05 s');
});

describe('the ratio of paired rounds', () => {
  test('is that within a round, whatever the machine does between rounds', () => {
    expect(pairedRatio([100, 10, 1000], [50, 5, 500]).median).toBe(2);
  });

  test.each([
    { rounds: 5, low: 1, high: 5 },
    { rounds: 6, low: 1, high: 6 },
    { rounds: 11, low: 2, high: 10 },
    { rounds: 15, low: 4, high: 12 },
    { rounds: 25, low: 8, high: 18 },
  ])('of $rounds rounds has the interval of the ranks $low and $high, as in tables of the sign test', (known) => {
    const ours = Array.from({ length: known.rounds }, (_, at) => at + 1).reverse();
    const { low, high } = pairedRatio(
      ours,
      ours.map(() => 1),
    );
    expect({ low, high }).toEqual({ low: known.low, high: known.high });
  });
});
