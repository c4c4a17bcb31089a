/**
 * `node scripts/registries.mjs [--json]`: how many promises of its contract suite each registry backend keeps, one row a
 * backend. The promises are those of `@fwk/discovery/testing`; the runs are those of the backends' own tests.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

/** Vitest's report of the tests of all backends. */
async function testReport() {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-registries-'));
  const file = join(folder, 'report.json');
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'packages/discovery/src/registries', '--reporter=json'];
  try {
    await run(process.execPath, [...vitest, `--outputFile=${file}`], { cwd: root, stdout: 'stderr' });
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Rows out of a report: a backend is the innermost `describe` round a suite's promises.
 * @param report - of vitest's JSON reporter.
 * @param promises - names of the promises of all suites.
 */
export function rowsOf(report, promises) {
  const rows = new Map();
  for (const { ancestorTitles, title, status } of report.testResults.flatMap((file) => file.assertionResults)) {
    if (!promises.has(title)) continue;
    const name = ancestorTitles.at(-1).replace(/^an? /, '');
    const row = rows.get(name) ?? { case: name, promises: 0, kept: 0, broken: 0, notRun: 0 };
    rows.set(name, row);
    row.promises++;
    if (status === 'passed') row.kept++;
    else if (status === 'failed') row.broken++;
    else row.notRun++;
  }
  const must = 'kept = promises';
  return [...rows.values()].map((row) => ({ ...row, must, reached: row.kept === row.promises }));
}

async function main() {
  const code = await prepare();
  if (code !== 0) return code;
  const suites = await import(pathToFileURL(join(root, 'packages/discovery/dist/testing.js')).href);
  const place = () => undefined;
  const everything = { place, overrides: true, loses: true, leaseMs: 1, follows: true, fails: true };
  const all = [...suites.registryContract(everything), ...suites.readingContract(everything)];
  const cases = rowsOf(await testReport(), new Set(all.map(({ name }) => name)));
  const reached = cases.length > 0 && cases.every((row) => row.reached);
  const width = Math.max(...cases.map((row) => row.case.length));
  const line = (name, ...cells) =>
    `${name.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(8)).join('  ')}\n`;
  process.stdout.write(line('backend', 'promises', 'kept', 'broken', 'not run'));
  for (const row of cases) process.stdout.write(line(row.case, row.promises, row.kept, row.broken, row.notRun));
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ name: 'registries', reached, cases })}\n`);
  }
  return reached ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
