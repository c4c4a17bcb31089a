import type { RowResult } from '../row.js';

/** What a chart is drawn from: figures by row, case and name. One that never came is null. */
export type Figures = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number | null>>>>>>;

/** Takes the figures of rows, with so many digits as can be seen. */
export function figuresOf(results: readonly RowResult[]): Figures {
  const byRow = results.map(({ name, cases }) => {
    const byCase = cases.map((each) => {
      const figures = Object.entries(each.figures).map(([figure, value]) => [figure, shortened(value)] as const);
      return [each.name, Object.fromEntries(figures)] as const;
    });
    return [name, Object.fromEntries(byCase)] as const;
  });
  return Object.fromEntries(byRow);
}

/** @throws Error for a figure that is not there. */
export function figureOf(figures: Figures, row: string, name: string, figure: string): number {
  const value = figures[row]?.[name]?.[figure];
  if (typeof value !== 'number') throw new Error(`the chart needs "${figure}" of "${name}" in ${row}`);
  return value;
}

function shortened(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
