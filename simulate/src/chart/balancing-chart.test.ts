import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rows } from '../rows/index.js';
import { balancingChart, chartRows } from './balancing-chart.js';
import { type Figures, figureOf, figuresOf } from './figures.js';
import { chartFiles } from './write-chart.js';

const figures = JSON.parse(await readFile(chartFiles.figures, 'utf8')) as Figures;

test('the chart in the docs is drawn from the figures beside it', async () => {
  expect(await readFile(chartFiles.chart, 'utf8')).toBe(balancingChart(figures));
});

test('its figures are those of all cases of its rows, by the names that they have now', () => {
  for (const name of chartRows) {
    const row = rows.find((each) => each.name === name);
    expect(Object.keys(figures[name] ?? {})).toEqual(row?.cases.map((each) => each.name));
  }
});

test.each([
  ['slow-server', 'two choices by peak EWMA', 'answered', 0.002],
  ['ramp', '10 servers, prequal', 'p999', 0.3],
  ['queueing', 'two choices by calls under way, load 0.5', 'time', 0.03],
] as const)('the simulator still gives what it shows of %s, %s', async (row, name, figure, within) => {
  const shown = figureOf(figures, row, name, figure);
  const found = rows.find((each) => each.name === row)?.cases.find((each) => each.name === name);
  const measured = (await found?.simulate(1))?.[figure];
  // Of one seed; the chart shows one of five.
  expect(Math.abs((measured as number) / shown - 1)).toBeLessThan(within);
});

test('it can be read by those who do not see it, and in the dark', () => {
  const chart = balancingChart(figures);
  expect(chart).toMatch(/<svg [^>]*role="img" aria-labelledby="title desc"/);
  const [, described = ''] = /<desc id="desc">(.*)<\/desc>/.exec(chart) ?? [];
  for (const said of ['round robin', 'published: 5 %', 'prequal', 'supermarket model'])
    expect(described).toContain(said);
  expect(chart).toContain('prefers-color-scheme: dark');
  expect(chart).not.toMatch(/NaN|undefined|Infinity/);
});

test('a figure that is not there is missed by name', () => {
  expect(() => balancingChart({})).toThrow(/needs "answered" of "round robin" in slow-server/);
});

test('figures keep as many digits as can be seen, and nothing where nothing came', () => {
  const cases = [{ name: 'one', figures: { a: 1.234_567_89, b: Number.POSITIVE_INFINITY }, must: '', reached: true }];
  expect(figuresOf([{ name: 'row', about: '', cases, reached: true }])).toEqual({
    row: { one: { a: 1.234_57, b: null } },
  });
});
