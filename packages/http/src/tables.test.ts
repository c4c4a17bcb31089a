/** What is written about errors and defaults must be what the code has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { clientFields } from './client/client-fields.js';
import { clientDefaults } from './client/client-options.js';
import { httpErrors } from './errors.js';
import { httpEvents } from './events.js';
import { idempotencyDefaults } from './idempotency/idempotency-options.js';
import { serverDefaults } from './server/server-options.js';
import { serverTlsDefaults } from './server/server-tls.js';
import { serverPolicyRules } from './serving/server-policy-options.js';
import { shadowDefaults } from './shadow/shadow-options.js';

const root = fileURLToPath(new URL('.', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('fixtures') && name !== 'errors.ts',
);

test('every code in the table is raised somewhere, and every code that is raised is in the table', () => {
  const code = sources.map((name) => read(name).replaceAll(/\/\*\*[\s\S]*?\*\//g, '')).join('\n');
  const raised = new Set(code.match(/(?<=')FWK_HTTP_[A-Z_]+(?=')/g));
  expect([...raised].sort()).toEqual(Object.keys(httpErrors).sort());
});

test('every event in the table is emitted somewhere, and every event that is emitted is in the table', () => {
  const code = sources
    .filter((name) => name !== 'events.ts')
    .map(read)
    .join('\n');
  const emitted = new Set(code.match(/(?<=')(?:credentials|failover|shadow|variant)\.[a-z-]+(?=')/g));
  expect([...emitted].sort()).toEqual(Object.keys(httpEvents).sort());
});

test('every code is explained in the README', () => {
  const readme = read('../README.md');
  expect(Object.keys(httpErrors).filter((code) => !readme.includes(code))).toEqual([]);
});

/** What the policy of a server takes is documented with the policy, and has no default of the server's own. */
const ownServerDefaults = Object.fromEntries(
  Object.entries(serverDefaults).filter(([option]) => !Object.hasOwn(serverPolicyRules, option)),
);

/** Options that only policies of clients have are documented with those. */
const isField = ([option]: readonly [string, unknown]) => clientFields.some(({ name }) => name === option);
const fieldDefaults = Object.fromEntries(Object.entries(clientDefaults).filter(isField));
const ownClientDefaults = Object.fromEntries(Object.entries(clientDefaults).filter((entry) => !isField(entry)));

test('the options of a policy have no default of the server beside that of the policy', () => {
  const ofPolicy = Object.keys(serverPolicyRules).map((option) => [option, Reflect.get(serverDefaults, option)]);
  expect(ofPolicy.filter(([, value]) => value !== undefined)).toEqual([]);
});

test.each([
  ['client/client-options.ts', 'ClientOptions', ownClientDefaults],
  ['client/client-fields.ts', 'ClientFields', fieldDefaults],
  ['shadow/shadow-options.ts', 'ShadowOptions', shadowDefaults],
  ['server/server-options.ts', 'ServerSettings', ownServerDefaults],
  ['server/server-tls.ts', 'ServerTls', serverTlsDefaults],
  ['idempotency/idempotency-options.ts', 'IdempotencyOptions', idempotencyDefaults],
])('documented defaults in %s are the real ones', (file, type, defaults: object) => {
  const text = read(file);
  const body = text.slice(text.indexOf(`export interface ${type}`));
  const documented = body.slice(0, body.indexOf('\n}'));
  for (const [option, value] of Object.entries(defaults)) {
    const doc = documented.match(
      new RegExp(`((?:/\\*\\*|\\n {3}\\*)(?:(?!\\*/)[\\s\\S])*)\\*/\\s+readonly ${option}\\??:`),
    )?.[1];
    expect(doc, `${option} has a docstring`).toBeDefined();
    const said = doc?.match(/@defaultValue ([^*\n]+)/)?.[1];
    const plain = said?.replaceAll("'", '').trim();
    if (value !== undefined && typeof value !== 'object')
      expect(plain?.startsWith('0o') ? String(Number(plain)) : plain, option).toBe(String(value));
  }
});
