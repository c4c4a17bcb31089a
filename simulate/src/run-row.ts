import type { Case, CaseResult, Figure, Row, RowResult } from './row.js';

/** The seeds of every row. */
export const seeds: readonly number[] = Object.freeze([1, 2, 3, 4, 5]);

/** Runs a row's cases with all seeds, one after the other. */
export async function runRow(row: Row, given: readonly number[] = seeds): Promise<RowResult> {
  const cases: CaseResult[] = [];
  for (const each of row.cases) cases.push(await runCase(each, given));
  return { name: row.name, about: row.about, cases, reached: cases.every(({ reached }) => reached) };
}

async function runCase(definition: Case, given: readonly number[]): Promise<CaseResult> {
  const runs: Readonly<Record<string, number>>[] = [];
  for (const seed of given) runs.push(await definition.simulate(seed));
  const figures: Record<string, number> = {};
  const demands: string[] = [];
  let reached = true;
  for (const [name, figure] of Object.entries(definition.figures)) {
    const value = pick(
      runs.map((run) => run[name] ?? Number.NaN),
      figure,
    );
    figures[name] = value;
    const { atMost, atLeast } = figure;
    // A figure that is no number has not been measured, so it fails every comparison.
    if (atMost !== undefined && !(value <= atMost)) reached = false;
    if (atLeast !== undefined && !(value >= atLeast)) reached = false;
    if (atMost !== undefined) demands.push(`${name} <= ${atMost}`);
    if (atLeast !== undefined) demands.push(`${name} >= ${atLeast}`);
  }
  return { name: definition.name, figures, must: demands.join(', '), reached };
}

function pick(values: readonly number[], { of }: Figure): number {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = values.toSorted((left, right) => left - right);
  const index = of === 'lowest' ? 0 : of === 'highest' ? sorted.length - 1 : sorted.length >> 1;
  return sorted[index] ?? Number.NaN;
}
