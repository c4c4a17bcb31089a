/** What is written about errors, events and defaults must be what the code has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configErrors } from './errors.js';
import { configEvents } from './events.js';
import { flagDefaults } from './flags/flag-options.js';
import { configDefaults } from './live/options.js';
import { environmentDefaults } from './sources/environment.js';
import { fileSourceDefaults } from './sources/file/file.js';

const root = fileURLToPath(new URL('.', import.meta.url));
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('fixtures'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
const except = (file: string) => sources.filter(({ name }) => name !== file).map(({ text }) => text);

test('every code in the table is raised somewhere, and every code that is raised is in the table', () => {
  const code = except('errors.ts')
    .join('\n')
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, '');
  const raised = new Set(code.match(/FWK_CONFIG_[A-Z_]+[A-Z]/g));
  raised.add('FWK_CONFIG_INVALID');
  expect([...raised].sort()).toEqual(Object.keys(configErrors).sort());
});

test('every event in the list is emitted, and every one that is emitted is in the list', () => {
  const emitted = except('events.ts').flatMap((text) =>
    [...text.matchAll(/emit\('([^']+)'/g)].map((match) => match[1]),
  );
  expect([...new Set(emitted)].sort()).toEqual(Object.keys(configEvents).sort());
});

test.each([
  ['live/options.ts', 'ConfigOptions', { ...configDefaults, environment: environmentDefaults.prefix }],
  ['sources/environment.ts', 'EnvironmentOptions', environmentDefaults],
  ['sources/file/file.ts', 'FileSourceOptions', fileSourceDefaults],
  ['flags/flag-options.ts', 'FlagOptions', flagDefaults],
])('documented defaults in %s are the real ones', (file, type, defaults: object) => {
  const text = sources.find(({ name }) => name === file)?.text ?? '';
  const body = text.slice(text.indexOf(`export interface ${type}`));
  const documented = body.slice(0, body.indexOf('\n}'));
  for (const [option, value] of Object.entries(defaults)) {
    const doc = documented.match(
      new RegExp(`((?:/\\*\\*|\\n   \\*)(?:(?!\\*/)[\\s\\S])*)\\*/\\s+readonly ${option}\\??:`),
    )?.[1];
    const said = doc?.match(/@defaultValue ([^\n]+)/)?.[1];
    if (value === undefined) expect(said, option).toBeUndefined();
    else expect(said?.replaceAll(/[{}'\s]/g, ''), option).toContain(plain(value));
  }
});

/** A default as it would be written, without what differs in writing only. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(',')}]`;
  return typeof value === 'object' ? '' : String(value);
}
