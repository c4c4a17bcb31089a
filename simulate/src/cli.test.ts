import { expect, test } from 'vitest';
import { runCommand } from './cli.js';
import { caseOf, type Row } from './row.js';
import { rows } from './rows/index.js';

const rowOf = (name: string, value: number): Row => ({
  name,
  about: `what ${name} is about`,
  cases: [
    caseOf({ name: 'only', figures: { value: { of: 'highest', atMost: 5 } }, simulate: async () => ({ value }) }),
  ],
});

async function run(...given: string[]) {
  let written = '';
  let complaint = '';
  const code = await runCommand(given, [rowOf('good', 4), rowOf('bad', 6)], {
    write(text) {
      written += text;
    },
    complain(text) {
      complaint += text;
    },
  });
  return { code, complaint, lines: written.trimEnd().split('\n') };
}

test.each([
  [['unknown'], 'there is no simulation "unknown"'],
  [[], 'one name is wanted'],
  [['--json'], 'one name is wanted'],
  [['good', 'bad'], 'one name is wanted'],
  [['good', '--fast'], "Unknown option '--fast'"],
])('says what is wrong with %j, and explains itself', async (given, problem) => {
  const { code, complaint, lines } = await run(...given);
  expect(code).toBe(2);
  expect(complaint).toContain(problem);
  expect(complaint).toContain('usage: npm run simulate -- NAME [--json]');
  expect(complaint).toContain('good  what good is about');
  expect(lines).toEqual(['']);
});

test('explains itself to those who ask for it', async () => {
  const { code, lines } = await run('--help');
  expect(code).toBe(0);
  expect(lines[0]).toBe('usage: npm run simulate -- NAME [--json]');
});

test('tells by its exit code whether everything was reached', async () => {
  expect((await run('good')).code).toBe(0);
  expect((await run('bad')).code).toBe(1);
  expect((await run('all')).code).toBe(1);
});

test('ends with one line of JSON when asked to, and has none otherwise', async () => {
  const good = { name: 'good', reached: true, cases: [{ case: 'only', value: 4, must: 'value <= 5', reached: true }] };
  expect(JSON.parse((await run('good', '--json')).lines.at(-1)!)).toEqual(good);
  const all = JSON.parse((await run('--json', 'all')).lines.at(-1)!);
  expect(all).toMatchObject({ reached: false, rows: [good, { name: 'bad', reached: false }] });
  expect((await run('good')).lines.join()).not.toContain('{');
});

test('has a name of its own for each row, and at least one demand in each', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  for (const { cases } of rows) {
    const demands = cases.flatMap(({ figures }) => Object.values(figures));
    expect(demands.some(({ atMost, atLeast }) => atMost !== undefined || atLeast !== undefined)).toBe(true);
  }
});
