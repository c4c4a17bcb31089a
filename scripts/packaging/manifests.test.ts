import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../workspace.mjs';
import { licenceProblems } from './licences.mjs';
import { checkManifests, manifestProblems } from './manifests.mjs';

test('the manifests of all packages are as resolvers need them', () => expect(checkManifests()).toEqual([]));

describe('a manifest', () => {
  const good = () => JSON.parse(readFileSync(join(root, 'packages/config/package.json'), 'utf8'));
  const imported = ['@fwk/kernel', 'yaml', '@openfeature/server-sdk'];
  const problems = (change: object) => manifestProblems('config', { ...good(), ...change }, imported);

  test('without a fault has no problems', () => expect(problems({})).toEqual([]));

  test('that old resolvers cannot follow is told with what it must say', () => {
    expect(problems({ main: undefined })).toEqual(['"main" must be "./dist/cjs/index.js"']);
    expect(problems({ typesVersions: undefined })).toEqual([
      expect.stringMatching(/^"typesVersions" must be .*openfeature/),
    ]);
  });

  test('whose exports lack a form is told', () => {
    const { exports } = good();
    const { require: _, ...rest } = exports['./testing'];
    expect(problems({ exports: { ...exports, './testing': rest } })).toEqual([
      expect.stringMatching(/^"exports" must be/),
    ]);
  });

  test('that declares what nothing imports is told', () => {
    const { dependencies } = good();
    expect(problems({ dependencies: { ...dependencies, lodash: '^4.0.0' } })).toEqual([
      '"lodash" is declared, and nothing imports it',
    ]);
  });

  test('may name an optional peer that the application hands over', () => {
    const peers = (optional: boolean) => ({
      peerDependencies: { ...good().peerDependencies, '@grpc/grpc-js': '^1.8.0' },
      peerDependenciesMeta: { ...good().peerDependenciesMeta, '@grpc/grpc-js': { optional } },
    });
    expect(problems(peers(true))).toEqual([]);
    expect(problems(peers(false))).toEqual(['"@grpc/grpc-js" is declared, and nothing imports it']);
  });

  test('that wants another version of our packages than its own is told', () => {
    const { dependencies } = good();
    expect(problems({ dependencies: { ...dependencies, '@fwk/kernel': '^0.0.1' } })).toEqual([
      expect.stringContaining('"@fwk/kernel" is wanted as ^0.0.1'),
    ]);
  });
});

describe('licences', () => {
  const lock = (license: string | undefined, dev = false) => ({
    '': { license: 'Proprietary' },
    'node_modules/a/node_modules/@b/c': { version: '1.0.0', ...(license && { license }), ...(dev && { dev }) },
  });

  test.each(['MIT', '(MIT OR GPL-3.0)', 'Apache-2.0 AND MIT'])('%s may be passed on', (license) => {
    expect(licenceProblems(lock(license))).toEqual([]);
  });

  test.each(['GPL-3.0', 'MPL-2.0', 'MIT AND GPL-2.0', 'SEE LICENSE IN file'])('%s may not', (license) => {
    expect(licenceProblems(lock(license))).toEqual([`@b/c@1.0.0 is under ${license}`]);
  });

  test('what only we work with may have a licence that is not passed on', () => {
    expect(licenceProblems(lock('MPL-2.0', true))).toEqual([]);
    expect(licenceProblems(lock('MPL-2.0'), { tools: true })).toEqual([]);
    expect(licenceProblems(lock('AGPL-3.0', true))).toHaveLength(1);
  });

  test('a package that says none is told', () => {
    expect(licenceProblems(lock(undefined))).toEqual(['@b/c@1.0.0 says no licence']);
  });
});
