import { parseArgs } from 'node:util';
import { chartRows } from './chart/balancing-chart.js';
import { writeChart } from './chart/write-chart.js';
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
 * The command: a row's name, `all`, or `chart` for the rows of the chart in `docs/`, which is drawn anew; `--json` for one JSON
 * object on the last line; or `--help`.
 * @returns the exit code: 0 everything reached, 1 something not reached, 2 asked for wrongly.
 */
export async function runCommand(given: readonly string[], rows: readonly Row[], output: Output): Promise<0 | 1 | 2> {
  let asked: Asked | 'help';
  try {
    asked = parse(given, rows);
  } catch (error) {
    output.complain(`${error instanceof Error ? error.message : String(error)}\n\n${usage(rows)}`);
    return 2;
  }
  if (asked === 'help') {
    output.write(usage(rows));
    return 0;
  }
  const { name, chosen, json } = asked;
  const results: RowResult[] = [];
  for (const row of chosen) {
    const result = await runRow(row);
    output.write(`${tableOf(result)}\n`);
    results.push(result);
  }
  if (name === chart) await writeChart(results);
  const reached = results.every((result) => result.reached);
  const told = results.map(dataOf);
  if (json) output.write(`${JSON.stringify(name === 'all' || name === chart ? { reached, rows: told } : told[0])}\n`);
  return reached ? 0 : 1;
}

const chart = 'chart';

interface Asked {
  readonly name: string;
  readonly chosen: readonly Row[];
  readonly json: boolean;
}

/** @throws Error that says what is wrong. */
function parse(given: readonly string[], rows: readonly Row[]): Asked | 'help' {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) return 'help';
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new Error('one name is wanted');
  const isChosen = (row: Row) => (name === chart ? chartRows.includes(row.name) : row.name === name);
  const chosen = name === 'all' ? rows : rows.filter(isChosen);
  if (chosen.length === 0) throw new Error(`there is no simulation "${name}"`);
  return { name, chosen, json: values.json };
}

function usage(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const list = rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n');
  return `usage: npm run simulate -- NAME [--json]\n\n${list}\n  ${'all'.padEnd(width)}  all of these\n  ${chart.padEnd(width)}  those of docs/balancing.svg, which is drawn anew\n`;
}
