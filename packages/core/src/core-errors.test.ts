import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelEvents } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { coreErrors } from './core-errors.js';
import { coreEvents } from './core-events.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/core-(errors|events)|fixtures/.test(file))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

test('every code that is raised has its row, and every row is raised', () => {
  const raised = new Set([...sources.matchAll(/^\s+(?:super\(\s*)?'(FWK_CORE_[A-Z_]+)'/gm)].map((match) => match[1]));
  expect([...raised].sort()).toEqual(Object.keys(coreErrors).sort());
});

test('every event that is emitted is listed, and every listed one is emitted', () => {
  const emitted = new Set([...sources.matchAll(/\.emit\('([a-z-]+\.[a-z.-]+)'/g)].map((match) => match[1]));
  // Those of the kernel stand in its table.
  const own = [...emitted].filter((name) => name !== undefined && !(name in kernelEvents));
  expect(own.sort()).toEqual(Object.keys(coreEvents).sort());
});
