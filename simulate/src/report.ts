/** How results are told: a table for people, one line of JSON for programs. */
import type { CaseResult, RowResult } from './row.js';

/** A row's cases as a table, one line a case. */
export function tableOf(result: RowResult): string {
  const names = [...new Set(result.cases.flatMap(({ figures }) => Object.keys(figures)))];
  const header = ['case', ...names, 'must', 'reached'];
  const lines = result.cases.map((each) => [
    each.name,
    ...names.map((name) => shown(each.figures[name])),
    each.must || '(for comparison)',
    each.must === '' ? '' : each.reached ? 'yes' : 'NO',
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column]!.length)));
  const format = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const table = [format(header), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)];
  return `${result.name}: ${result.about}\n\n${table.join('\n')}\n\n${result.reached ? 'reached' : 'NOT reached'}\n`;
}

/** A row as plain data, in the form of the other measures. A figure that never came is null. */
export function dataOf({ name, reached, cases }: RowResult): Readonly<Record<string, unknown>> {
  return { name, reached, cases: cases.map(caseData) };
}

function caseData({ name, figures, must, reached }: CaseResult): Readonly<Record<string, unknown>> {
  const rounded = Object.entries(figures).map(([figure, value]) => [
    figure,
    Number.isFinite(value) ? round(value) : null,
  ]);
  return { case: name, ...Object.fromEntries(rounded), must, reached };
}

function shown(value: number | undefined): string {
  if (value === undefined) return '';
  if (value === Number.POSITIVE_INFINITY) return 'never';
  return Number.isNaN(value) ? 'not measured' : String(round(value));
}

/** Four decimals: 0.9999 and 1 must stay two numbers. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
