import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/fwk-config.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-config-cli-'));
  const open = '$' + '{';
  const files = {
    'config.yaml': `shop:\n  maxItems: 5\n  name: lamp\n  title: ${open}shop.name} shop\n  apiKey: hunter2\n`,
    'config.production.yaml': 'shop: { maxItems: 20, apiKey: hunter3 }\n',
    'bad.yaml': 'shop: [\n',
    'schema.mjs': `export const Shop = { '~standard': { version: 1, vendor: 'x', validate: (value) =>
      typeof value.shop?.maxItem === 'number' ? { value } : { issues: [{ message: 'a number is needed', path: ['shop', 'maxItem'] }] } } };`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs it in the folder of the files. */
function run(args: readonly string[], { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {}) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } };
    const child = execFile(process.execPath, [program, ...args], options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(input);
  });
}

describe('fwk-config', () => {
  test('finds the settings of a project by its package.json, and adds what is given', async () => {
    const manifest = (text: string) => writeFile(join(folder, 'package.json'), text);
    await manifest('{ "fwk-config": ["--file", "config.yaml", "--no-environment"] }');
    expect((await run(['explain', 'shop.maxItems'])).out).toBe('shop.maxItems = 5\n  set at config.yaml:2:13: 5\n');
    expect(
      (await run(['explain', 'shop.maxItems', '--profile', 'production', '--set', 'shop.maxItems=9'])).out,
    ).toMatch(/^shop\.maxItems = 9\n.*\n {2}over config\.production\.yaml:1:19: 20\n {2}over config\.yaml:2:13: 5\n$/);
    expect((await run(['validate', '--schema', 'schema.mjs#Shop'])).code).toBe(1);
    // Who names a file means that one alone.
    expect((await run(['explain', 'shop.name', '--file', 'config.production.yaml'])).code).toBe(1);
    for (const [text, problem] of [
      ['{ "fwk-config": "config.yaml" }', '"fwk-config" in package.json must be a list of options'],
      ['{ "fwk-config": ["--fil", "config.yaml"] }', "Unknown option '--fil'"],
      ['{', 'package.json is not JSON'],
    ] as const) {
      await manifest(text);
      expect(await run(['validate'])).toMatchObject({ code: 2, err: expect.stringContaining(problem) });
    }
    await rm(join(folder, 'package.json'));
  });

  test('explains a setting: who set it, over what, and what it refers to', async () => {
    const files = ['--file', 'config.yaml', '--profile', 'production'];
    expect(await run(['explain', 'shop.maxItems', ...files])).toEqual({
      code: 0,
      out: 'shop.maxItems = 20\n  set at config.production.yaml:1:19: 20\n  over config.yaml:2:13: 5\n',
      err: '',
    });
    expect((await run(['explain', 'shop.maxItems', ...files], { env: { FWK_SHOP__MAX_ITEMS: '7' } })).out).toContain(
      'set at variable FWK_SHOP__MAX_ITEMS: 7',
    );
    expect((await run(['explain', 'shop.title', ...files])).out).toContain(
      `refers to ${'$'}{shop.name}: "lamp", config.yaml:3:9`,
    );
    expect(await run(['explain', 'shop.no', ...files])).toMatchObject({ code: 1, out: 'shop.no is not set\n' });
    expect((await run(['explain', 'shop.apiKey', ...files])).out).not.toContain('hunter');
  });

  test('says whether everything is valid, and names what is not', async () => {
    expect(await run(['validate', '--file', 'config.yaml', '--no-environment'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('config.yaml: 4 settings'),
    });
    expect(await run(['validate', '--file', 'config.yaml', '--schema', 'schema.mjs#Shop'])).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'shop.maxItem: a number is needed; "shop.maxItems" is set at config.yaml:2:13: a misspelling?',
      ),
    });
    expect(await run(['validate', '--file', 'bad.yaml'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^bad\.yaml:\d+:\d+: /),
    });
  });

  test('says what differs between two files, without secrets', async () => {
    expect(await run(['diff', 'config.yaml', 'config.yaml'])).toEqual({ code: 0, out: '', err: '' });
    const { code, out } = await run(['diff', 'config.yaml', 'config.production.yaml', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual([
      { path: 'shop.maxItems', before: 5, after: 20 },
      { path: 'shop.name', before: 'lamp' },
      { path: 'shop.title', before: 'lamp shop' },
      { path: 'shop.apiKey', before: '******', after: '******' },
    ]);
  });

  test('encrypts a value that settings may hold, and does so anew with another key', async () => {
    const [old, next] = [(await run(['key'])).out.trim(), (await run(['key'])).out.trim()];
    const sealed = (await run(['encrypt'], { input: 'hunter2\n', env: { FWK_SETTINGS_KEY: old } })).out.trim();
    const again = (await run(['encrypt'], { input: sealed, env: { FWK_SETTINGS_KEY: `${next},${old}` } })).out.trim();
    await writeFile(join(folder, 'sealed.yaml'), `account: ${again}\n`);
    expect(
      await run(['explain', 'account', '--file', 'sealed.yaml'], { env: { FWK_SETTINGS_KEY: next } }),
    ).toMatchObject({
      code: 0,
      out: expect.stringContaining('account = "******"'),
    });
    expect(
      await run(['explain', 'account', '--file', 'sealed.yaml'], { env: { FWK_SETTINGS_KEY: old } }),
    ).toMatchObject({ code: 1 });
    expect(await run(['encrypt'], { input: 'x' })).toMatchObject({ code: 1, err: expect.stringContaining('no key') });
  });

  test.each([[['explain']], [['fly']], [['validate', 'x']], [['validate', '--nothing']]])(
    'called wrongly (%j) says how it is called',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining('fwk-config explain PATH') });
    },
  );
});
