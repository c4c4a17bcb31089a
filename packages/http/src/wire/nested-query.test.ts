import type { StandardSchema } from '@fwk/kernel';
import { type } from 'arktype';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { validateQuery } from './validate-query.js';
import { formatQuery, parseQuery, type QueryValues, wireQuery } from './wire-values.js';

const refuse = (name: string, why = ''): never => {
  throw new Error(`${name} ${why}`);
};

/** The query part of a URL. */
const written = (given: object, plain?: ReadonlySet<string>) => formatQuery(wireQuery(given, refuse, plain)).slice(1);

/** What a server's schema gives out for a query as it stands in a URL. */
async function read(schema: StandardSchema, url: string, plain?: ReadonlySet<string>): Promise<unknown> {
  return validateQuery(schema, parseQuery(url) as QueryValues, plain);
}

test('nested values stand by names in brackets, and lists of objects by their places', () => {
  const decoded = (given: object) => decodeURIComponent(written(given));
  expect(decoded({ filter: { color: 'red', sizes: [1, 2], since: new Date(0), none: undefined, no: null } })).toBe(
    'filter[color]=red&filter[sizes]=1&filter[sizes]=2&filter[since]=1970-01-01T00:00:00.000Z',
  );
  expect(decoded({ lines: [{ sku: 'a', n: 1 }, { sku: 'b' }] })).toBe('lines[0][sku]=a&lines[0][n]=1&lines[1][sku]=b');
  expect(decoded({ mixed: ['a', ['b', 'c']], empty: {}, inner: { tags: [] } })).toBe(
    'mixed[0]=a&mixed[1]=b&mixed[1]=c&empty&inner[tags]',
  );
});

const text = z.string();
const shapes: [string, StandardSchema][] = [
  ['zod', z.object({ filter: z.object({ tags: z.array(text), size: z.object({ min: text }) }) })],
  ['valibot', v.object({ filter: v.object({ tags: v.array(v.string()), size: v.object({ min: v.string() }) }) })],
  ['arktype', type({ filter: { tags: 'string[]', size: { min: 'string' } } })],
  [
    'zod, async',
    z.object({ filter: z.object({ tags: z.array(text.refine(async () => true)), size: z.object({ min: text }) }) }),
  ],
];

describe.each(shapes)('a nested list (%s) arrives as it was given', (_name, schema) => {
  test.each([[[]], [['a']], [['a', 'b']]])('%j', async (tags) => {
    const value = { filter: { tags, size: { min: 'x' } } };
    expect(await read(schema, written(value))).toMatchObject({ value });
  });
});

test.each<[string, StandardSchema, object]>([
  [
    'a list of objects',
    z.object({ lines: z.array(z.object({ sku: text, tags: z.array(text) })) }),
    {
      lines: [
        { sku: 'a', tags: ['x'] },
        { sku: 'b', tags: [] },
      ],
    },
  ],
  ['a list of one object', z.object({ lines: z.array(z.object({ sku: text })) }), { lines: [{ sku: 'a' }] }],
  ['a list of lists', z.object({ grid: z.array(z.array(text)) }), { grid: [['a', 'b'], ['c']] }],
  ['a list of lists of one', z.object({ grid: z.array(z.array(text)) }), { grid: [['a']] }],
  ['a record', z.object({ labels: z.record(text, text) }), { labels: { a: '1', 'b.c': '2' } }],
  ['an empty object', z.object({ filter: z.object({ a: text.optional() }) }), { filter: {} }],
  ['an empty nested object', z.object({ f: z.object({ g: z.strictObject({}) }) }), { f: { g: {} } }],
  ['a set', z.object({ f: z.object({ tags: z.set(text) }) }), { f: { tags: new Set(['a']) } }],
  [
    'numbers and dates',
    z.object({ f: z.object({ n: z.coerce.number(), at: z.coerce.date(), big: z.coerce.bigint() }) }),
    { f: { n: 7, at: new Date(7), big: 2n ** 70n } },
  ],
  [
    'a nested union',
    z.object({ f: z.union([z.object({ ids: z.array(text) }), z.object({ tags: z.array(text) })]) }),
    { f: { tags: ['a'] } },
  ],
  ['text of any kind', z.object({ f: z.object({ 'ä &=?#%\u0000': text }) }), { f: { 'ä &=?#%\u0000': '[b]\r\n😀' } }],
])('%s arrives as it was given', async (_name, schema, value) => {
  expect(await read(schema, written(value))).toEqual({ value });
});

test('names in brackets that the schema names stay as they are, and so do other brackets', async () => {
  const schema = z.object({ 'page[number]': z.coerce.number(), 'expand[]': z.array(text).optional() });
  const plain = new Set(['page[number]']);
  const value = { 'page[number]': 2, 'expand[]': ['a'] };
  expect(await read(schema, written(value, plain), plain)).toEqual({ value });
  expect(() => written(value)).toThrow('page[number] would be read as nested');
  for (const name of ['[a]', 'a[b', 'a]b[', 'a[][b]', 'a[b]c', 'a[b[c]]', '[]']) {
    expect(await read(z.object({ [name]: text }), `${name}=1`)).toEqual({ value: { [name]: '1' } });
  }
});

test('names of a list that lack a place, and a record of numbers, are an object', async () => {
  const record = z.object({ f: z.record(text, text) });
  expect(await read(record, 'f[1]=a&f[3]=b')).toEqual({ value: { f: { 1: 'a', 3: 'b' } } });
  expect(await read(record, 'f[0]=a&f[1]=b')).toEqual({ value: { f: { 0: 'a', 1: 'b' } } });
  expect(await read(z.object({ f: z.array(text) }), 'f[1]=b&f[0]=a')).toEqual({ value: { f: ['a', 'b'] } });
});

test.each([
  ['a=1&a[b]=2', 'a[b]', /is nested in "a", which has a value itself/],
  ['a[b]=2&a=1', 'a', /has a value, and values nested in it/],
  ['a[b]=1&a[b][c]=2', 'a[b][c]', /is nested in "a.b"/],
  ['a[b][c][d][e][f]=1', 'a[b][c][d][e][f]', /is nested 5 deep; at most 4 are read/],
  ['a[__proto__]=1', 'a[__proto__]', /may not name a value __proto__/],
  ['a[__proto__][polluted]=1', 'a[__proto__][polluted]', /may not name a value __proto__/],
])('%s is refused', async (url, path, message) => {
  expect(await read(z.object({ a: z.any() }), url)).toMatchObject({
    issues: [{ in: 'query', path, message: expect.stringMatching(message) }],
  });
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('what cannot be written is refused by its place', () => {
  const loop: Record<string, unknown> = {};
  loop.loop = loop;
  const refused: [object, RegExp][] = [
    [{ f: { 0: 'a', 1: 'b' } }, /^f has the names 0, 1, … of a list/],
    [{ f: { 'a[b]': 1 } }, /^f\[a\[b\]\] is not allowed as a name/],
    [{ f: { '': 1 } }, /^f\[\] is not allowed as a name/],
    [{ f: JSON.parse('{"__proto__":1}') }, /is not allowed as a name/],
    [{ f: ['a', null, {}] }, /^f\[1\]/],
    [{ f: new Map() }, /^f /],
    [{ f: { g: Symbol('x') } }, /^f\[g\]/],
    [{ f: loop }, /is nested deeper than 4 names/],
  ];
  for (const [given, why] of refused) expect(() => written(given)).toThrow(why);
});

test('whatever is nested arrives as it was given', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
    .filter((each) => !/[[\]]|^\d+$|^__proto__$/.test(each));
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 3 }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(
      name,
      fc.oneof(
        { depthSize: 'small', maxDepth: 3 },
        leaf,
        tie('tree'),
        fc.array(tie('tree'), { minLength: 1, maxLength: 2 }),
      ),
      { minKeys: 1, maxKeys: 3 },
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      let url: string;
      try {
        url = written(value as object);
      } catch (error) {
        expect(String(error)).toMatch(/deeper than/);
        return;
      }
      const result = await read(z.any(), url);
      expect(JSON.parse(JSON.stringify(result))).toEqual({ value });
    }),
  );
});

test('a query of many nested names is read in linear time', async () => {
  let validated = 0;
  const schema: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        validated++;
        return { issues: [{ message: 'no' }] };
      },
    },
  };
  const names = Array.from({ length: 5000 }, (_, i) => `a[${i}][b]=1`).join('&');
  expect(await read(schema, names)).toMatchObject({ issues: [{ message: 'no' }] });
  expect(await read(schema, `a${'[b]'.repeat(5000)}=1`)).toMatchObject({ issues: [{ message: /at most 4/ }] });
  expect(validated).toBeLessThan(20);
});
