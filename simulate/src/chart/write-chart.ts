import { writeFile } from 'node:fs/promises';
import type { RowResult } from '../row.js';
import { balancingChart } from './balancing-chart.js';
import { figuresOf } from './figures.js';

/** Where the chart stands, and the figures that it is drawn from. */
export const chartFiles = Object.freeze({
  chart: new URL('../../../docs/balancing.svg', import.meta.url),
  figures: new URL('../../../docs/balancing.json', import.meta.url),
});

/** Draws the chart, and writes it and its figures. @param results - of its rows */
export async function writeChart(results: readonly RowResult[]): Promise<void> {
  const figures = figuresOf(results);
  await writeFile(chartFiles.figures, `${JSON.stringify(figures, undefined, 2)}\n`);
  await writeFile(chartFiles.chart, balancingChart(figures));
}
