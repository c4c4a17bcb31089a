import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { secretsOf } from '../secret/secret.js';
import type { ConfigTree } from '../tree/tree.js';
import { readOutside } from './outside-texts.js';
import { resolveTree } from './resolve-tree.js';

const open = '$' + '{';
/** The text with `<a.b>` written as a reference. */
const ref = (text: string) => text.replaceAll('<', open).replaceAll('>', '}');

async function resolved(raw: ConfigTree, variables: Record<string, string> = {}, declared: string[] = []) {
  const outside = await readOutside(raw, variables, background);
  const secrets = secretsOf(declared);
  const {
    tree,
    issues,
    secrets: found,
  } = resolveTree(raw, { secrets, outside, keys: new Map(), originOf: () => undefined });
  return {
    tree,
    problems: issues.map(({ path, message }) => `${path}: ${message}`),
    judge: secrets.with(found),
    found,
  };
}

describe('references', () => {
  test('take the whole value when they stand alone, of whatever kind, and its text within others', async () => {
    const { tree, problems } = await resolved({
      db: { host: 'localhost', port: 5432, tags: ['a', 'b'] },
      url: ref('pg://<db.host>:<db.port>/shop'),
      port: ref('<db.port>'),
      copy: ref('<db>'),
      second: ref('<db.tags.1>'),
      far: ref('<copy.host>'),
    });
    expect(problems).toEqual([]);
    expect(tree).toMatchObject({
      url: 'pg://localhost:5432/shop',
      port: 5432,
      copy: { host: 'localhost', port: 5432, tags: ['a', 'b'] },
      second: 'b',
      far: 'localhost',
    });
  });

  test('follow each other, in whatever order they stand, and with units', async () => {
    const { tree } = await resolved({ a: ref('<b>!'), b: ref('<c>?'), c: 'x', timeoutMs: ref('<short>'), short: '2s' });
    expect(tree).toEqual({ a: 'x?!', b: 'x?', c: 'x', timeoutMs: 2000, short: '2s' });
    expect((await resolved({ timeoutMs: ref('<n>s'), n: 2 })).tree).toEqual({ timeoutMs: 2000, n: 2 });
  });

  test('read variables as the environment is read, with what stands there when they are not set', async () => {
    const variables = { PORT: '80', NAME: 'x', CODE: '007', DB_PASSWORD: '12345' };
    const { tree } = await resolved(
      {
        port: ref('<env:PORT>'),
        code: ref('<env:CODE>'),
        usual: ref('<env:NO:-5>'),
        none: ref('<env:NO:->'),
        p: ref('<env:DB_PASSWORD>'),
      },
      variables,
    );
    expect(tree).toEqual({ port: 80, code: '007', usual: 5, none: '', p: '12345' });
  });

  test('that lead back to themselves are named as the way they go', async () => {
    const { problems } = await resolved({
      a: ref('<b.c>'),
      b: { c: ref('x<a>') },
      own: ref('<own>'),
      up: { in: ref('<up>') },
    });
    expect(problems).toContainEqual(expect.stringContaining('a: refers to itself: a → b.c → a'));
    expect(problems).toContainEqual(expect.stringContaining('own: refers to itself: own → own'));
    expect(problems).toContainEqual(expect.stringContaining('up.in: refers to itself: up.in → up.in'));
  });

  test('that name nothing are all told at once, with the path that was probably meant', async () => {
    const { problems } = await resolved({
      shop: { name: 'x', title: ref('<name>') },
      b: ref('<no>'),
      c: ref('<env:NO>'),
      d: ref('<file:/no/file>'),
    });
    expect(problems).toEqual([
      ref('shop.title: <name> is not set; paths start at the root: write "shop.name"'),
      ref('b: <no> is not set'),
      ref('c: <env:NO> is a variable that is not set'),
      ref('d: <file:/no/file> cannot be read: there is no such file'),
    ]);
  });

  test('to objects and lists cannot stand within a text', async () => {
    expect((await resolved({ a: { b: 1 }, c: ref('x<a>') })).problems).toEqual([
      ref('c: <a> is an object; only single values can stand within a text'),
    ]);
  });

  test('never let what they bring in be read as references or escapes', async () => {
    const { tree } = await resolved({ a: ref('<env:X>') }, { X: ref('<b>$<c>') });
    expect(tree).toEqual({ a: ref('<b>$<c>') });
  });

  test('cannot reach what objects inherit', async () => {
    expect((await resolved({ a: ref('<b.toString>'), b: {} })).problems).toHaveLength(1);
    expect((await resolved({ a: ref('<env:toString>') })).problems).toHaveLength(1);
  });

  test('that multiply without end are refused: long texts, large objects, long rows', async () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`t${at}`, ref(`<t${at + 1}><t${at + 1}>`)]),
    );
    expect((await resolved({ ...doubling, t30: 'x' })).problems[0]).toContain('characters together');
    const growing = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`o${at}`, { a: ref(`<o${at + 1}>`), b: ref(`<o${at + 1}>`) }]),
    );
    expect((await resolved({ ...growing, o20: { x: 1 } })).problems[0]).toContain('values together');
    const row = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`r${at}`, ref(`<r${at + 1}>`)]));
    expect((await resolved({ ...row, r100: 1 })).problems[0]).toContain('in a row');
  });

  test('to something large are refused in a time that does not grow with how often it is referred to', async () => {
    const big = Array.from({ length: 60_000 }, (_, index) => index);
    const whole = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`r${index}`, ref('<big>')]));
    expect((await resolved({ big, ...whole })).problems).toHaveLength(5000);
    const within = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`r${index}`, ref('x<big>')]));
    expect((await resolved({ big, ...within })).problems[0]).toContain('only single values');
  });

  test('leave alone what has none, in whatever tree', async () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.string().filter((text) => !text.includes(open)),
        tie('object'),
      ),
      object: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('value'), { maxKeys: 4 }),
    }));
    await fc.assert(
      fc.asyncProperty(plain.object, async (tree) => {
        expect((await resolved(tree as ConfigTree)).tree).toBe(tree);
      }),
    );
  });

  test('give back any text that was escaped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const escaped = `${open}empty}`.concat(text.replaceAll(open, () => `$${open}`));
        // A dollar before an opening would double as its escape.
        fc.pre(!text.includes(`$${open}`) && !text.startsWith('{'));
        expect((await resolved({ a: escaped, empty: '' })).tree.a).toBe(text);
      }),
    );
  });
});

describe('secrets', () => {
  test('stay secret wherever references put them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'x'), 'from the file\n');
    const { tree, judge } = await resolved(
      {
        db: { password: 'hunter2' },
        billing: { account: 'B-1234', plan: 'gold' },
        line: ref('user:<db.password>@'),
        again: ref('<line>!'),
        whole: ref('<billing>'),
        mounted: ref(`<file:${folder}/x>`),
        key: ref('<env:API_TOKEN>'),
        open: ref('<env:REGION>'),
      },
      { API_TOKEN: 't0ken', REGION: 'eu' },
      ['billing.account'],
    );
    expect(tree).toMatchObject({ again: 'user:hunter2@!', mounted: 'from the file', whole: { account: 'B-1234' } });
    expect(judge.masked(tree, [])).toEqual({
      db: { password: '******' },
      billing: { account: '******', plan: 'gold' },
      line: '******',
      again: '******',
      whole: { account: '******', plan: 'gold' },
      mounted: '******',
      key: '******',
      open: 'eu',
    });
    expect(judge.messagesOf(tree)('refused: from the file, hunter2, t0ken')).toBe('refused: ******, ******, ******');
  });

  test('in a file that is too large, no file or not UTF-8 are refused with the reason', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'large'), 'x'.repeat(70_000));
    await writeFile(join(folder, 'bytes'), Buffer.from([0xff, 0xfe]));
    const names = ['large', 'bytes', '.'].map((name) => [
      name === '.' ? 'folder' : name,
      ref(`<file:${join(folder, name)}>`),
    ]);
    const { problems } = await resolved(Object.fromEntries(names));
    expect(problems).toEqual([
      expect.stringMatching(/^large: .*cannot be read: .*above the limit/),
      expect.stringMatching(/^bytes: .*cannot be read: it is not UTF-8/),
      expect.stringMatching(/^folder: .*cannot be read: it is a directory/),
    ]);
  });
});
