/**
 * `npm run matrix [-- NAME… --json --list]`: packs all packages, installs the tarballs into empty projects, and runs one row a
 * toolchain and runtime. Takes minutes, and needs a registry. Exit code 0: every row passes, or fails where its gap says so.
 */
import { parseArgs } from 'node:util';
import { matrixRows, runRow } from './matrix/rows.mjs';
import { openWorkshop } from './matrix/workshop.mjs';
import { prepare } from './prepare.mjs';

const longestMs = 45 * 60_000;
const usage = 'usage: npm run matrix [-- NAME… --json --list]   NAME is a row, or the beginning of several\n';

/** What is asked for. @throws Error that says what is wrong. */
function parse(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const unknown = positionals.find((name) => !matrixRows.some((row) => row.name.startsWith(name)));
  if (unknown !== undefined) throw new Error(`there is no row "${unknown}"; --list shows all`);
  const exact = (row) => positionals.includes(row.name);
  const begins = (row) =>
    positionals.some((name) => row.name.startsWith(name) && !matrixRows.some((each) => each.name === name));
  const rows = positionals.length === 0 ? matrixRows : matrixRows.filter((row) => exact(row) || begins(row));
  // `npm run matrix --json`, without `--`, is told by npm in the environment.
  return { ...values, json: values.json || process.env.npm_config_json === 'true', rows };
}

async function main({ rows, json }) {
  const code = await prepare();
  if (code !== 0) return code;
  const stopping = new AbortController();
  const end = () => stopping.abort();
  const timer = setTimeout(end, longestMs);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
  const say = (text) => process.stderr.write(`${text}\n`);
  let workshop;
  const results = [];
  try {
    workshop = await openWorkshop({ signal: stopping.signal, say });
    for (const row of rows) {
      const result = await runRow(row, workshop);
      results.push(result);
      say(
        `${result.result.padEnd(4)}  ${result.row.padEnd(26)} ${String(result.seconds).padStart(5)} s  ${result.reason}`,
      );
    }
  } finally {
    workshop?.close();
    clearTimeout(timer);
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, end);
  }
  const failed = results.filter(({ result }) => result === 'fail').length;
  if (json) process.stdout.write(`${JSON.stringify({ name: 'matrix', reached: failed === 0, rows: results })}\n`);
  else process.stdout.write(`${results.length - failed} of ${results.length} rows are as they should be\n`);
  return failed === 0 ? 0 : 1;
}

let asked;
try {
  asked = parse(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n\n${usage}`);
}
// Installers read this too, and would answer in JSON.
delete process.env.npm_config_json;
if (asked === undefined) process.exitCode = 2;
else if (asked.help) process.stdout.write(usage);
else if (asked.list) for (const { name, what } of matrixRows) process.stdout.write(`${name.padEnd(26)} ${what}\n`);
else process.exitCode = await main(asked);
