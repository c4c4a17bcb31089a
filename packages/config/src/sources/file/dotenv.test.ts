import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv as parseByNode } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../app/load-config.js';
import { parseEnv } from '../../format/parse-env.js';
import { configSourceContract } from '../../testing/source-contract.js';
import { dotenvSource } from './dotenv.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fwk-config-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
const valuesOf = (text: string) => Object.fromEntries(parseEnv(text, 'x').map(({ name, value }) => [name, value]));

describe('a .env file', () => {
  for (const { name, run } of configSourceContract({
    async open() {
      const file = join(await mkdtemp(join(tmpdir(), 'fwk-config-')), '.env');
      await writeFile(file, 'FWK_SHOP__MAX_ITEMS=5\nOTHER=1\n');
      return {
        source: dotenvSource(file),
        says: { shop: { maxItems: 5 } },
        async change() {
          await writeFile(file, 'FWK_SHOP__MAX_ITEMS=6\n');
          return { shop: { maxItems: 6 } };
        },
        damage: () => writeFile(file, 'what is this\n'),
        close: () => rm(join(file, '..'), { recursive: true }),
      };
    },
  })) {
    test(name, run);
  }

  test('lies below the environment, and lends its other variables to references', async () => {
    const file = join(await folder(), '.env');
    await writeFile(file, 'FWK_A=1\nFWK_B=1\nREGION=eu\nUSER=nobody\n');
    const config = await loadConfig({
      defaults: { a: 0, b: 0, where: `${'$'}{env:REGION}`, who: `${'$'}{env:USER}` },
      envFiles: [file, { path: join(await folder(), '.env.local'), optional: true }],
      environment: { source: { FWK_B: '2', USER: 'me' } },
      watch: false,
    });
    expect(config.current.value).toEqual({ a: 1, b: 2, where: 'eu', who: 'me' });
    expect(config.explain('a').winner?.where).toBe(`${file}:1:1`);
    expect(process.env.REGION).toBeUndefined();
  });
});

test.each([
  ['A=1\nexport B = 2 # note\n\n# C=3\n', { A: '1', B: '2' }],
  ['A=\'a # b \\n\'\nB="a\\nb\\"\\\\c\\q" # note', { A: 'a # b \\n', B: 'a\nb"\\c\\q' }],
  ['A="line 1\nline 2"\nB=x', { A: 'line 1\nline 2', B: 'x' }],
  ['A=a#b\nB=\nC=#x\r\nD=1', { A: 'a#b', B: '', C: '', D: '1' }],
])('%j is read', (text, values) => expect(valuesOf(text)).toEqual(values));

test.each([
  ['A', 1, 1],
  ['A=1\n  1B=2', 2, 3],
  ['A=1\nA=2', 2, 1],
  ['A="1', 1, 1],
  ["A='1' 2", 1, 1],
])('%j is refused at line %d, column %d, without quoting it', (text, line, column) => {
  expect(() => parseEnv(text, '.env')).toThrow(
    expect.objectContaining({ code: 'FWK_CONFIG_SYNTAX', origin: { source: '.env', file: '.env', line, column } }),
  );
});

test('plain lines mean what they mean to Node', () => {
  const line = fc.tuple(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/), fc.stringMatching(/^[a-z0-9:/.,=+ -]{0,20}$/));
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: ([name]) => name }), (lines) => {
      const text = lines.map(([name, value]) => `${name}=${value}`).join('\n');
      expect(valuesOf(text)).toEqual({ ...parseByNode(text) });
    }),
  );
});
