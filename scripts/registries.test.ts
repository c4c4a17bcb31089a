import { expect, test } from 'vitest';
import { rowsOf } from './registries.mjs';

const assertion = (ancestorTitles: readonly string[], title: string, status = 'passed') => ({
  ancestorTitles,
  title,
  status,
});

test('counts the promises of each backend, and none of its other tests', () => {
  const report = {
    testResults: [
      {
        assertionResults: [
          assertion(['a memory registry'], 'keeps services apart'),
          assertion(['a memory registry'], 'does something of its own'),
        ],
      },
      {
        assertionResults: [
          assertion(['on a real agent', 'a Consul registry'], 'keeps services apart', 'failed'),
          assertion(['on a real agent', 'a Consul registry'], 'lists the services', 'skipped'),
        ],
      },
    ],
  };
  const must = 'kept = promises';
  expect(rowsOf(report, new Set(['keeps services apart', 'lists the services']))).toEqual([
    { case: 'memory registry', promises: 1, kept: 1, broken: 0, notRun: 0, must, reached: true },
    { case: 'Consul registry', promises: 2, kept: 0, broken: 1, notRun: 1, must, reached: false },
  ]);
});
