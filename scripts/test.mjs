/**
 * `npm test`: all tests. Arguments go to vitest: `npm test -- packages/kernel`, `npm test -- -t "stops waiting"`.
 * The run is also written to .cache/test-report.json, where .ci/run reads its count.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const report = join(root, '.cache/test-report.json');
mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });

const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
  }));
