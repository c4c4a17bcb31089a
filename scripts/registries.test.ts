import { expect, test } from 'vitest';
import { failuresOf, rowsOf } from './registries.mjs';

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
  const must = 'kept = promises > 0';
  expect(rowsOf(report, new Set(['keeps services apart', 'lists the services']))).toEqual([
    { case: 'memory registry', promises: 1, kept: 1, broken: 0, notRun: 0, must, reached: true },
    { case: 'Consul registry', promises: 2, kept: 0, broken: 1, notRun: 1, must, reached: false },
  ]);
});

test('has an empty row, and the failure, of a backend whose tests could not be read', () => {
  const name = '/packages/discovery/src/registries/dns/dns-registry.test.ts';
  const report = { testResults: [{ name, status: 'failed', message: 'it threw\n  at line 1', assertionResults: [] }] };
  expect(rowsOf(report, new Set(['keeps services apart']), ['DNS registry'])).toMatchObject([
    { case: 'DNS registry', promises: 0, reached: false },
  ]);
  expect(failuresOf(report)).toEqual([`${name} failed: it threw`]);
});
