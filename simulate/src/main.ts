/** `npm run simulate -- NAME [--json]`: what is run, and the exit code: 0 reached, 1 not reached, 2 asked for wrongly. */
import { dataOf, tableOf } from './report.js';
import { rows } from './rows/index.js';
import { runRow } from './run-row.js';

async function main(given: readonly string[]): Promise<number> {
  const json = given.includes('--json');
  const names = given.filter((argument) => argument !== '--json');
  const [name] = names;
  const chosen = name === 'all' ? rows : rows.filter((row) => row.name === name);
  if (names.length !== 1 || chosen.length === 0) {
    process.stderr.write(usage());
    return 2;
  }
  const results = [];
  for (const row of chosen) {
    const result = await runRow(row);
    process.stdout.write(`${tableOf(result)}\n`);
    results.push(result);
  }
  const reached = results.every((result) => result.reached);
  if (json) {
    const [first] = results;
    const data = name === 'all' || !first ? { reached, rows: results.map(dataOf) } : dataOf(first);
    process.stdout.write(`${JSON.stringify(data)}\n`);
  }
  return reached ? 0 : 1;
}

function usage(): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const list = rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n');
  return `usage: npm run simulate -- NAME [--json]\n\n${list}\n  ${'all'.padEnd(width)}  all of these\n`;
}

// Errors are made by the million here and nobody reads where: their traces are half of the time a run takes.
Error.stackTraceLimit = 0;
process.exitCode = await main(process.argv.slice(2));
