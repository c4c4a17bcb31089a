import { expect, test } from 'vitest';
import { dataOf, tableOf } from './report.js';
import { caseOf, type Figure, type Row } from './row.js';
import { runRow } from './run-row.js';

const rowOf = (figure: Figure, values: readonly number[]): Row => ({
  name: 'row',
  about: 'something happens',
  cases: [
    caseOf({ name: 'one', figures: { value: figure }, simulate: async (seed) => ({ value: values[seed - 1]! }) }),
    caseOf({ name: 'two', figures: { other: { of: 'median' } }, simulate: async (seed) => ({ other: seed }) }),
  ],
});

const run = (figure: Figure, values: readonly number[]) => runRow(rowOf(figure, values), [1, 2, 3]);

test.each<[Figure['of'], number]>([
  ['highest', 9],
  ['lowest', 1],
  ['median', 4],
])('lets the %s of all seeds speak', async (of, expected) => {
  expect((await run({ of }, [9, 1, 4])).cases[0]?.figures).toEqual({ value: expected });
});

test.each<[Figure, readonly number[], boolean]>([
  [{ of: 'highest', atMost: 5 }, [5, 1, 4], true],
  [{ of: 'highest', atMost: 5 }, [5.01, 1, 4], false],
  [{ of: 'lowest', atLeast: 5 }, [5, 6, 7], true],
  [{ of: 'lowest', atLeast: 5 }, [9, 4.99, 9], false],
  [{ of: 'median', atLeast: 1, atMost: 2 }, [3, 3, 1], false],
  [{ of: 'highest', atMost: 5 }, [1, Number.NaN, 1], false],
  [{ of: 'highest', atMost: 5 }, [1, Number.POSITIVE_INFINITY, 1], false],
])('judges %j of %j as %s', async (figure, values, reached) => {
  expect((await run(figure, values)).reached).toBe(reached);
});

test('tells the same in a table and in plain data', async () => {
  const result = await run({ of: 'highest', atMost: 5, atLeast: 1 }, [1, Number.POSITIVE_INFINITY, 1]);
  expect(dataOf(result)).toEqual({
    name: 'row',
    reached: false,
    cases: [
      { case: 'one', value: null, must: 'value <= 5, value >= 1', reached: false },
      { case: 'two', other: 2, must: '', reached: true },
    ],
  });
  const [title, , header, , one, two, , verdict] = tableOf(result).split('\n');
  expect(title).toBe('row: something happens');
  expect(header).toBe('case  value  other  must                    reached');
  expect(one).toBe('one   never         value <= 5, value >= 1  NO');
  expect(two).toBe('two          2      (for comparison)');
  expect(verdict).toBe('NOT reached');
});
