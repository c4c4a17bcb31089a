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

/** Backends that must have a row each: one that is missing was not tested. */
export const backends = [
  'memory registry',
  'local registry',
  'local registry that another process serves',
  'Consul registry',
  'Consul registry whose watches share one question',
  'Consul registry at a server that follows',
  'static registry',
  'file registry',
  'DNS registry of SRV records',
  'DNS registry of addresses',
];

/** Vitest's report of the tests of all backends, and its exit code. */
async function testReport() {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-registries-'));
  const file = join(folder, 'report.json');
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'packages/discovery/src/registries', '--reporter=json'];
  try {
    const code = await run(process.execPath, [...vitest, `--outputFile=${file}`], { cwd: root, stdout: 'stderr' });
    return { code, report: JSON.parse(await readFile(file, 'utf8')) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Rows out of a report: a backend is the innermost `describe` round a suite's promises.
 * @param report - of vitest's JSON reporter.
 * @param promises - names of the promises of all suites.
 * @param expected - names of backends that have a row, though an empty one, whatever the report says.
 */
export function rowsOf(report, promises, expected = []) {
  const rows = new Map();
  const rowOf = (name) => {
    if (!rows.has(name)) rows.set(name, { case: name, promises: 0, kept: 0, broken: 0, notRun: 0 });
    return rows.get(name);
  };
  for (const { ancestorTitles, title, status } of report.testResults.flatMap((file) => file.assertionResults)) {
    if (!promises.has(title)) continue;
    const row = rowOf(ancestorTitles.at(-1).replace(/^an? /, ''));
    row.promises++;
    if (status === 'passed') row.kept++;
    else if (status === 'failed') row.broken++;
    else row.notRun++;
  }
  for (const name of expected) rowOf(name);
  const must = 'kept = promises > 0';
  return [...rows.values()].map((row) => ({ ...row, must, reached: row.promises > 0 && row.kept === row.promises }));
}

/** Why the tests failed, one line a file, as far as the rows do not say. */
export function failuresOf(report) {
  return report.testResults
    .filter(({ status }) => status === 'failed')
    .map(({ name, message }) => `${name} failed${message ? `: ${message.split('\n')[0]}` : ''}`);
}

async function main() {
  const code = await prepare();
  if (code !== 0) return code;
  const suites = await import(pathToFileURL(join(root, 'packages/discovery/dist/testing.js')).href);
  const place = () => undefined;
  const everything = { place, overrides: true, loses: true, leaseMs: 1, follows: true, fails: true };
  const all = [...suites.registryContract(everything), ...suites.readingContract(everything)];
  const tests = await testReport();
  const cases = rowsOf(tests.report, new Set(all.map(({ name }) => name)), backends);
  const reached = tests.code === 0 && cases.every((row) => row.reached);
  const width = Math.max(...cases.map((row) => row.case.length));
  const line = (name, ...cells) =>
    `${name.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(8)).join('  ')}\n`;
  process.stdout.write(line('backend', 'promises', 'kept', 'broken', 'not run'));
  for (const row of cases) process.stdout.write(line(row.case, row.promises, row.kept, row.broken, row.notRun));
  for (const failure of failuresOf(tests.report)) process.stderr.write(`${failure}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ name: 'registries', reached, cases })}\n`);
  }
  return reached ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
