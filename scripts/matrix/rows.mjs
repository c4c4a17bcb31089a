/** All rows of the matrix, and how one is run. */
import { RowFailure } from './command.mjs';
import { badInputRows } from './rows/bad-input.mjs';
import { bundlerRows } from './rows/bundlers.mjs';
import { createRows } from './rows/create.mjs';
import { managerRows } from './rows/managers.mjs';
import { quickStartRows } from './rows/quick-start.mjs';
import { runtimeRows } from './rows/runtimes.mjs';
import { testRunnerRows } from './rows/test-runners.mjs';
import { typescriptRows } from './rows/typescript.mjs';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} what for people
 * @property {Record<string, string>} tools what its project installs beside our packages
 * @property {string} [gap] why it is known to fail; then failing is as it should be, and passing is not
 * @property {(project: object) => Promise<void>} run
 */

/** @type {readonly Row[]} */
export const matrixRows = [
  ...runtimeRows,
  ...typescriptRows,
  ...testRunnerRows,
  ...bundlerRows,
  ...managerRows,
  ...badInputRows,
  ...quickStartRows,
  ...createRows,
];

/**
 * Runs a row in a project of its own.
 * @param {Row} row
 * @param {{ project(name: string, tools: Record<string, string>): Promise<object> }} workshop
 * @returns {Promise<{ row: string, what: string, result: 'pass' | 'fail' | 'gap', reason: string, seconds: number }>}
 */
export async function runRow(row, workshop) {
  const startMs = performance.now();
  const failure = await reasonOf(row, workshop);
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  return { row: row.name, what: row.what, ...verdict(row, failure), seconds };
}

/** Why it failed; undefined when it passed. What is no failure of a row is a mistake of ours, with its stack. */
async function reasonOf(row, workshop) {
  try {
    await row.run(await workshop.project(row.name, row.tools));
    return undefined;
  } catch (error) {
    return error instanceof RowFailure ? error.message : String(error?.stack ?? error);
  }
}

function verdict({ gap }, failure) {
  if (gap === undefined)
    return failure === undefined ? { result: 'pass', reason: '' } : { result: 'fail', reason: failure };
  if (failure === undefined) return { result: 'fail', reason: `it passes, though this was said: ${gap}` };
  return { result: 'gap', reason: `${gap} (${failure})` };
}
