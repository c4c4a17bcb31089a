/** How results are told: a table for people, one JSON object for programs. */
import type { Demand, Outcome } from './drill.js';

/** A judged case. */
export interface CaseReport {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  /** The demands in words. */
  readonly must: string;
  readonly reached: boolean;
}

/** A judged drill. */
export interface DrillReport {
  readonly name: string;
  readonly reached: boolean;
  readonly cases: readonly CaseReport[];
}

/** Judges a drill; one without cases has shown nothing. */
export function judge(name: string, outcomes: readonly Outcome[]): DrillReport {
  const cases = outcomes.map(({ name: of, figures, must }): CaseReport => {
    const demands = Object.entries(must);
    return {
      name: of,
      figures,
      must: demands.map(([figure, demand]) => inWords(figure, demand)).join(', '),
      reached: demands.every(([figure, demand]) => holds(figures[figure], demand)),
    };
  });
  return { name, reached: cases.length > 0 && cases.every(({ reached }) => reached), cases };
}

/** A drill as plain data. A figure that never came is null. */
export function dataOf({ name, reached, cases }: DrillReport): Readonly<Record<string, unknown>> {
  return { name, reached, cases: cases.map(caseData) };
}

/** A drill as a table, one line a case. */
export function tableOf({ name, reached, cases }: DrillReport): string {
  const figures = [...new Set(cases.flatMap((each) => Object.keys(each.figures)))];
  const header = ['case', ...figures, 'must', 'reached'];
  const lines = cases.map((each) => [
    each.name,
    ...figures.map((figure) => shown(each.figures[figure])),
    each.must,
    each.reached ? 'yes' : 'NO',
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const table = [header, widths.map((width) => '-'.repeat(width)), ...lines].map(format).join('\n');
  return `${name}\n\n${table}\n\n${reached ? 'reached' : 'NOT reached'}\n`;
}

function holds(value: number | undefined, { atMost, atLeast }: Demand): boolean {
  // What was not measured fails every comparison.
  if (value === undefined || Number.isNaN(value)) return false;
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
}

function inWords(figure: string, { atMost, atLeast }: Demand): string {
  const most = atMost === undefined ? [] : [`${figure} <= ${round(atMost)}`];
  return [...most, ...(atLeast === undefined ? [] : [`${figure} >= ${round(atLeast)}`])].join(', ');
}

function caseData({ name, figures, must, reached }: CaseReport): Readonly<Record<string, unknown>> {
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

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
