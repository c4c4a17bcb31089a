/** The example for the test runner of Node, run by it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the tests for the test runner of Node pass there', async () => {
  const program = fileURLToPath(new URL('../plain/checkout.node.js', import.meta.url));
  const run = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', program]);
  expect(run.stdout).toMatch(/^# pass 2$/m);
  expect(run.stdout).toMatch(/^# fail 0$/m);
});
