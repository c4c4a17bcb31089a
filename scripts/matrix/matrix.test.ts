import { expect, test } from 'vitest';
import { RowFailure, runCommand, tellingLine } from './command.mjs';
import { matrixRows, runRow } from './rows.mjs';
import { asCommonJs } from './workshop.mjs';

const workshop = { project: async () => ({}) };
const row = (run: () => Promise<void>, gap?: string) => ({
  name: 'a-row',
  what: 'a row',
  tools: {},
  run,
  ...(gap && { gap }),
});
const fails = async () => {
  throw new RowFailure('it does not run');
};

test('a row passes when it ends well, and else says why not', async () => {
  expect(
    await runRow(
      row(async () => {}),
      workshop,
    ),
  ).toMatchObject({ row: 'a-row', result: 'pass', reason: '' });
  expect(await runRow(row(fails), workshop)).toMatchObject({ result: 'fail', reason: 'it does not run' });
});

test('a gap is one as long as it is there', async () => {
  expect(await runRow(row(fails, 'known'), workshop)).toMatchObject({
    result: 'gap',
    reason: 'known (it does not run)',
  });
  expect(
    await runRow(
      row(async () => {}, 'known'),
      workshop,
    ),
  ).toMatchObject({
    result: 'fail',
    reason: 'it passes, though this was said: known',
  });
});

test('names of rows are unique', () => {
  const names = matrixRows.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('a command that takes too long is ended with all that it started', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' })`;
  // The output is at its end only when the helper has ended, too.
  const { late, code } = await runCommand(process.execPath, ['-e', `${child}; setInterval(() => {}, 1e6)`], {
    cwd: '.',
    limitMs: 300,
  });
  expect([late, code]).toEqual([true, null]);
});

test('a command that cannot be started is a failure that names it', async () => {
  await expect(runCommand('/no/such/program', [], { cwd: '.', limitMs: 1000 })).rejects.toThrow(
    '/no/such/program could not be started',
  );
});

test('the telling line of an output is its first error, in colours or not', () => {
  expect(tellingLine('one\n\u001b[31mTypeError: no\u001b[0m\n  at x\n')).toBe('TypeError: no');
  expect(tellingLine('service.ts(3,5): error TS2307: Cannot find module\nfound 1 error')).toContain('TS2307');
  expect(tellingLine('first\nlast\n')).toBe('last');
  expect(tellingLine('')).toBe('it wrote nothing');
});

test('a program becomes CommonJS by its imports', () => {
  expect(asCommonJs("import { a, b } from 'x';\nimport {\n  c,\n} from '@y/z';\na();")).toBe(
    "const { a, b } = require('x');\nconst {\n  c,\n} = require('@y/z');\na();",
  );
});
