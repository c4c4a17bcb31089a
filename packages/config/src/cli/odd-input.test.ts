/** What people, generators and attackers put into files: told by the program, and refused by a configuration that runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StandardSchema } from '@fwk/kernel';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { main } from './main.js';

let folder: string;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-config-odd-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(content: string | Uint8Array, kind = 'yaml'): Promise<string> {
  const path = join(folder, `${++number}.${kind}`);
  await writeFile(path, content);
  return path;
}

async function run(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

const open = '$' + '{';
const line = (name: string, item: string) => `${name}: &${name} [${Array(9).fill(item).join(', ')}]`;
const laughs = [line('a', 'x'), ...['b', 'c', 'd', 'e', 'f'].map((name, at) => line(name, `*${'abcde'[at]}`))].join(
  '\n',
);

const odd: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['a list that never ends', 'shop:\n  items: [1,\n', /:\d+:\d+: /],
  ['a tab for spaces', 'shop:\n\titems: 1\n', /:2:\d+: /],
  ['a list at its root', '- a\n', /an object of settings is needed, not a list/],
  ['a text at its root', 'hello\n', /an object of settings is needed, not a string/],
  ['a key twice', 'a: 1\nb: 2\na: 3\n', /:3:1: this key occurs twice/],
  ['a thousand brackets', `a: ${'['.repeat(1000)}`, /nested more than 32 levels deep/],
  ['a billion laughs', laughs, /aliases stand for more than 10000 values/],
  ['an alias to itself', 'a: &a [*a]\n', /refers to what it stands in/],
  ['an alias to nothing', 'a: *b\n', /.*/],
  [
    'a key that reaches prototypes',
    'a:\n  __proto__: { admin: true }\n',
    /:2:\d+: the key "__proto__" in "a" is not allowed/,
  ],
  ['ten megabytes', `a: ${'x'.repeat(10 * 1024 * 1024)}\n`, /above the limit of 1 MiB|1048576/],
  ['bytes that are no text', Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe), /UTF-8/],
  ['nothing', '', /empty|no value/],
  ['two documents', 'a: 1\n---\nb: 2\n', /:2:\d+: a second document/],
  ['settings that refer to each other', `a: ${open}b}\nb: ${open}a}\n`, /refers to itself: a → b → a/],
  ['a secret that is not there', `a: ${open}file:/run/secrets/nowhere}\n`, /cannot be read: there is no such file/],
  ['a variable that is not there', `a: ${open}env:FWK_NOT_THERE_AT_ALL}\n`, /is a variable that is not set/],
  ['a value sealed with a lost key', 'a: enc:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n', /key|encrypted/],
];

describe('a file with', () => {
  test.each(odd)('%s is told by the program, and refused by what runs', async (_, content, why) => {
    const path = await file(content);
    const told = await run('validate', '--file', path, '--no-environment');
    expect([told.code, told.out]).toEqual([1, '']);
    expect(told.err).toContain(path);
    expect(told.err).toMatch(why);
    expect(told.err.length).toBeLessThan(2000);

    const good = await file('a: 1\n');
    const config = await loadConfig({ files: [good], environment: false, watch: false });
    await writeFile(good, content);
    await config.reload();
    expect(config.current.value).toEqual({ a: 1 });
    expect(config.lastRefusal?.reason).toMatch(why);
    await writeFile(good, 'a: 2\n');
    await config.reload();
    expect([config.current.value, config.lastRefusal]).toEqual([{ a: 2 }, undefined]);
  });
});

describe('every problem is told at once', () => {
  test('of several files', async () => {
    const [one, two] = [await file('a: [\n'), await file('- b\n')];
    const { code, err } = await run('validate', '--file', one, '--file', two, '--no-environment');
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^${one}:.*; ${two}`));
  });

  test('of several references, each with its place', async () => {
    const path = await file(`a: ${open}b}\nc: ${open}env:NOT_THERE}\nd: ${open}file:/nowhere}\n`);
    const { err } = await run('validate', '--file', path, '--no-environment');
    expect(err.trim().split('\n')).toEqual([
      expect.stringContaining(`${path}:1:4: a: `),
      expect.stringContaining(`${path}:2:4: c: `),
      expect.stringContaining(`${path}:3:4: d: `),
    ]);
  });

  test('of the schema and of the feature flags, as text and as JSON', async () => {
    const schema = await file(
      `export default { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [
        { message: 'must be less', path: ['a'] }, { message: 'must be there', path: ['other'] }] }) } };`,
      'mjs',
    );
    const path = await file('a: 1\nflags:\n  sale: { default: maybe }\n');
    const args = ['validate', '--file', path, '--schema', schema, '--no-environment'];
    const { code, err } = await run(...args);
    expect([code, err.trim().split('\n')]).toEqual([
      1,
      [
        `${path}:1:4: a: must be less`,
        'set by no source: other: must be there',
        `${path}:3:20: flags.sale.default: must be the name of a variant (on, off)`,
      ],
    ]);
    expect(JSON.parse((await run(...args, '--json')).out)).toMatchObject({
      error: { code: 'FWK_CONFIG_INVALID', issues: [{ path: 'a', where: `${path}:1:4` }, { path: 'other' }, {}] },
    });
  });
});

describe('feature flags', () => {
  test.each([
    ['an unknown variant', 'sale: { default: maybe }', '2:20: ', /flags\.sale\.default: must be the name of a variant/],
    ['an unknown prerequisite', 'sale: { requires: { other: on } }', '2:30: ', /flags\.sale\.requires/],
    ['a cycle', 'a: { requires: { b: on } }\n  b: { requires: { a: on } }', '', /flags\.(a|b)\.requires/],
    [
      'a rule without an end',
      'sale: { rules: [{ if: { attribute: country, in: [DE] } }] }',
      '2:19: ',
      /needs either "serve" or/,
    ],
    ['more than all', 'sale: { rules: [{ rollout: { on: 90, off: 20 } }] }', '2:', /at most 100 % can be given/],
    ['a misspelt key', 'sale: { defualt: on }', '2:20', /is not known, perhaps "default" is meant/],
    ['a date that is none', 'sale: { expires: soon }', '2:20', /flags\.sale\.expires: must be/],
  ])('with %s are refused with file, line and column', async (_, flags, place, why) => {
    const path = await file(`flags:\n  ${flags}\n`);
    const { code, err } = await run('validate', '--file', path, '--no-environment');
    expect(code).toBe(1);
    expect(err).toMatch(why);
    expect(err).toContain(`${path}:${place}`);
  });

  test('that have expired are a warning, and "flags" may be something else', async () => {
    const path = await file('flags:\n  sale: { default: on, expires: 2020-01-31 }\n');
    const { code, out } = await run('validate', '--file', path, '--no-environment');
    expect(code).toBe(0);
    expect(out).toContain(
      `warning: ${path}:2:33: the flag "sale" has expired (2020-01-31); it still answers, remove it`,
    );
    const own = await file('flags: [a, b]\n');
    expect((await run('validate', '--file', own, '--no-environment')).code).toBe(1);
    expect((await run('validate', '--file', own, '--no-environment', '--no-flags')).code).toBe(0);
  });
});

describe('a schema that', () => {
  const schemas: readonly (readonly [string, string, RegExp])[] = [
    ['throws', '() => { throw new TypeError("hunter2"); }', /the schema threw \(TypeError\)/],
    ['rejects', '() => Promise.reject(new Error("hunter2"))', /the schema threw \(Error\)/],
    ['never answers', '() => new Promise(() => {})', /took longer than 300 ms/],
    ['answers nothing', '() => undefined', /neither a value nor a list of issues/],
    ['answers nothing later', 'async () => null', /neither a value nor a list of issues/],
    ['answers a text for issues', '() => ({ issues: "hunter2" })', /neither a value nor a list of issues/],
    ['answers no issue', '() => ({ issues: [] })', /\(whole\): is not valid/],
    [
      'answers odd issues',
      '() => ({ issues: [null, 1, { path: ["a"] }, { message: "x", path: [null] }] })',
      /a: is not valid/,
    ],
    ['answers a proxy that throws', '() => new Proxy({}, { has() { throw 1; } })', /the schema threw \(number\)/],
  ];

  test.each(schemas)('%s is told by the program, and refused by what runs', async (_, validate, why) => {
    const schema = await file(
      `export default { '~standard': { version: 1, vendor: 'x', validate: ${validate} } };`,
      'mjs',
    );
    const path = await file('a: 1\n');
    const told = await run('validate', '--file', path, '--schema', schema, '--no-environment', '--timeout-ms', '300');
    expect([told.code, told.out]).toEqual([1, '']);
    expect(told.err).toMatch(why);
    expect(told.err).not.toContain('hunter2');

    let broken: StandardSchema<unknown, { a: number }> | undefined;
    const sound = {
      '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value: value as { a: number } }) },
    } as const;
    const turning: StandardSchema<unknown, { a: number }> = {
      '~standard': { version: 1, vendor: 'x', validate: (value) => (broken ?? sound)['~standard'].validate(value) },
    };
    const config = await loadConfig({
      schema: turning,
      files: [path],
      environment: false,
      watch: false,
      loadTimeoutMs: 300,
    });
    broken = ((await import(schema)) as { default: typeof sound }).default;
    await writeFile(path, 'a: 2\n');
    await config.reload();
    expect([config.current.value, config.lastRefusal?.reason]).toEqual([{ a: 1 }, expect.stringMatching(why)]);
    broken = undefined;
    // More than once where the machine is so busy that even a sound document takes too long.
    await vi.waitFor(async () => {
      await config.reload();
      expect([config.current.value, config.lastRefusal]).toEqual([{ a: 2 }, undefined]);
    }, 10_000);
  });
});
