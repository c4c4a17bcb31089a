/** The tables of errors and events against the code: neither may know of more than the other. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { resilienceErrors } from './errors.js';
import { resilienceEvents } from './events.js';

async function sources(): Promise<string> {
  const root = new URL('./', import.meta.url);
  const files = (await readdir(root, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/^(errors|events)\.ts$/.test(file),
  );
  return (await Promise.all(files.map((file) => readFile(new URL(file, root), 'utf8')))).join('\n');
}

test('every code that is raised stands in the table, and every row is raised', async () => {
  const raised = (await sources()).matchAll(/(?:super\((?:\s*\w+,)?\s*|code: )'(FWK_RESILIENCE_[A-Z_]+)'/g);
  expect([...new Set([...raised].map(([, code]) => code))].sort()).toEqual(Object.keys(resilienceErrors).sort());
});

test('every event that is emitted stands in the table, and every row is emitted', async () => {
  const emitted = (await sources()).matchAll(/[eE]mit(?:InCall\([^']*?|\(\s*)'([a-z-]+\.[a-z-]+)'/g);
  expect([...new Set([...emitted].map(([, name]) => name))].sort()).toEqual(Object.keys(resilienceEvents).sort());
});

test('the README names a test for each of opossum’s defects, and the test exists', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const tests = await readFile(new URL('./breaker/opossum-defects.test.ts', import.meta.url), 'utf8');
  const named = [...readme.matchAll(/\| [*_](.+)[*_] +\|$/gm)].map(([, name]) => name as string);
  const existing = [...(tests.split("describe('the engine")[0] as string).matchAll(/test\('(.+)', /g)].map(
    ([, name]) => name,
  );
  expect(named.sort()).toEqual(existing.sort());
});
