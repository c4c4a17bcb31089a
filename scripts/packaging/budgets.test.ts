/** Budgets of each package. Raise one on purpose, in the commit that needs it, and say there what users get for it. */
import { beforeAll, expect, test } from 'vitest';
import { ensureBundled } from '../bundle.mjs';
import { packageNames } from '../workspace.mjs';
import { importCost, publishedBytes } from './budgets.mjs';

/** In kB: what an import reads, with our other packages; all that is published, sources and both forms included. */
const budgets: Record<string, { importKB: number; publishedKB: number; foreign?: string[] }> = {
  kernel: { importKB: 185, publishedKB: 1500 },
  create: { importKB: 220, publishedKB: 200 },
  mux: { importKB: 270, publishedKB: 560 },
  config: { importKB: 440, publishedKB: 1750 },
  resilience: { importKB: 610, publishedKB: 2600, foreign: ['opossum'] },
  discovery: { importKB: 650, publishedKB: 3400 },
  core: { importKB: 500, publishedKB: 1800 },
  http: { importKB: 1750, publishedKB: 4600, foreign: ['opossum'] },
};

beforeAll(() => ensureBundled(), 60_000);

test('every package has a budget', () => expect(Object.keys(budgets).sort()).toEqual(packageNames()));

test.each(Object.entries(budgets))('what an import of %s reads stays within its budget', (name, { importKB }) => {
  expect(importCost(name).bytes / 1000).toBeLessThanOrEqual(importKB);
});

test.each(Object.entries(budgets))('%s loads no package of others before it is needed', (name, { foreign = [] }) => {
  expect(importCost(name).foreign).toEqual(foreign);
});

test.each(Object.entries(budgets))('what is published of %s stays within its budget', (name, { publishedKB }) => {
  expect(publishedBytes(name) / 1000).toBeLessThanOrEqual(publishedKB);
});

test('an import is counted with all files that it reads, and only those', () => {
  const [kernel, core] = [importCost('kernel'), importCost('core')];
  expect(core.files).toBeGreaterThan(kernel.files);
  expect(core.bytes).toBeGreaterThan(kernel.bytes);
  expect(importCost('config', 'openfeature').foreign).toEqual(['@openfeature/server-sdk']);
});
