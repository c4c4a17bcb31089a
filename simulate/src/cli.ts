import { dataOf, tableOf } from './report.js';
import type { Row, RowResult } from './row.js';
import { runRow } from './run-row.js';

/** Where the command writes. */
export interface Output {
  /** To stdout. */
  write(text: string): void;
  /** To stderr. */
  complain(text: string): void;
}

/**
 * The command: a row's name or `all`, and `--json` for one JSON object on the last line.
 * @returns the exit code: 0 everything reached, 1 something not reached, 2 asked for wrongly.
 */
export async function runCommand(given: readonly string[], rows: readonly Row[], output: Output): Promise<0 | 1 | 2> {
  const json = given.includes('--json');
  const names = given.filter((argument) => argument !== '--json');
  const [name] = names;
  const chosen = name === 'all' ? rows : rows.filter((row) => row.name === name);
  if (names.length !== 1 || chosen.length === 0) {
    output.complain(usage(rows));
    return 2;
  }
  const results: RowResult[] = [];
  for (const row of chosen) {
    const result = await runRow(row);
    output.write(`${tableOf(result)}\n`);
    results.push(result);
  }
  const reached = results.every((result) => result.reached);
  const told = results.map(dataOf);
  if (json) output.write(`${JSON.stringify(name === 'all' ? { reached, rows: told } : told[0])}\n`);
  return reached ? 0 : 1;
}

function usage(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const list = rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n');
  return `usage: npm run simulate -- NAME [--json]\n\n${list}\n  ${'all'.padEnd(width)}  all of these\n`;
}
