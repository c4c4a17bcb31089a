import type { StandardSchema } from '@fwk/kernel';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { validateQuery } from './validate-query.js';
import { formatQuery, parseQuery, type QueryValues, wireQuery } from './wire-values.js';

const refuse = (name: string): never => {
  throw new Error(name);
};

/** What a server's schema gives out for what a client was given. */
async function arrives(schema: StandardSchema, given: object): Promise<unknown> {
  const wire = parseQuery(formatQuery(wireQuery(given, refuse)).slice(1)) as QueryValues;
  return validateQuery(schema, wire);
}

const text = z.string();
const lists: [string, StandardSchema][] = [
  ['zod', z.object({ tags: z.array(text) })],
  ['zod, optional', z.object({ tags: z.array(text).optional() })],
  ['zod, with a default', z.object({ tags: z.array(text).default(['none']) })],
  ['zod, strict', z.strictObject({ tags: z.array(text) })],
  ['zod, piped', z.object({ tags: z.array(text).transform((tags) => [...tags]) })],
  ['zod, async', z.object({ tags: z.array(text).refine(async () => true) })],
  ['zod, of a union of objects', z.union([z.object({ ids: z.array(text) }), z.object({ tags: z.array(text) })])],
  ['valibot', v.object({ tags: v.array(v.string()) })],
  ['valibot, optional', v.object({ tags: v.optional(v.array(v.string())) })],
  ['arktype', type({ tags: 'string[]' })],
  ['arktype, optional', type({ 'tags?': 'string[]' })],
];

describe.each(lists)('a list (%s) arrives as it was given', (_name, schema) => {
  test.each([[[]], [['a']], [['']], [['a', 'b']], [['a', 'a', 'c']]])('%j', async (tags) => {
    const { value } = (await arrives(schema, { tags })) as { readonly value: { readonly tags: object } };
    expect(value).toEqual({ tags });
    const { tags: list } = value;
    expect(Reflect.ownKeys(list)).not.toContain(Symbol.toPrimitive);
  });
});

test.each<[string, StandardSchema]>([
  ['zod', z.object({ tags: z.set(text) })],
  ['valibot', v.object({ tags: v.set(v.string()) })],
  ['arktype', type({ tags: 'Set' })],
])('a set (%s) arrives as it was given', async (_name, schema) => {
  for (const tags of [new Set(), new Set(['a']), new Set(['a', 'b'])]) {
    expect(await arrives(schema, { tags })).toMatchObject({ value: { tags } });
  }
});

test('a required list that is absent is empty, whoever asks', async () => {
  expect(await validateQuery(z.object({ tags: z.array(text) }), {})).toMatchObject({ value: { tags: [] } });
  expect(await validateQuery(type({ tags: 'string[]' }), {})).toMatchObject({ value: { tags: [] } });
  expect(await validateQuery(v.object({ tags: v.array(v.string()) }), {})).toMatchObject({ value: { tags: [] } });
});

test('an absent or bad value never becomes one by way of a list', async () => {
  for (const schema of [z.coerce.number(), z.coerce.date(), z.coerce.bigint(), z.number(), z.string().min(1)]) {
    const query = z.object({ value: schema });
    for (const wire of [{}, { value: '' }, { value: '?' }] as QueryValues[]) {
      if (query.safeParse(wire).success) continue;
      const result = await validateQuery(query, wire);
      expect(result.issues?.[0]).toMatchObject({ in: 'query', path: 'value' });
    }
  }
});

test('text stays text, also where a list would do, and a bare name is empty text for a schema of text', async () => {
  const both = z.object({ tags: z.union([text, z.array(text)]) });
  expect(await validateQuery(both, { tags: 'a' })).toEqual({ value: { tags: 'a' } });
  expect(await arrives(both, { tags: [] })).toMatchObject({ value: { tags: [] } });
  const wire = parseQuery('verbose&page=2') as QueryValues;
  expect(await validateQuery(z.object({ verbose: text, page: z.coerce.number() }), wire)).toEqual({
    value: { verbose: '', page: 2 },
  });
});

test('numbers in lists, and lists beside other values', async () => {
  const schema = z.object({ ids: z.array(z.coerce.number()), page: z.coerce.number(), sort: text.optional() });
  expect(await arrives(schema, { ids: [7], page: 2 })).toEqual({ value: { ids: [7], page: 2 } });
  const bad = await arrives(schema, { ids: [7], page: 'x' });
  expect(bad).toMatchObject({ issues: [{ path: 'page' }] });
  const worse = await arrives(schema, { ids: ['x'], page: 1 });
  expect(worse).toMatchObject({ issues: [{ path: 'ids.0' }] });
});

test('a name with dots may be a list too', async () => {
  const schema = z.strictObject({
    'filter.tags': z.array(text),
    'a.b': z.array(text).optional(),
    a: z.array(text).min(1),
  });
  const value = { 'filter.tags': ['x'], a: ['y'] };
  expect(await arrives(schema, value)).toEqual({ value });
  expect(await arrives(schema, { ...value, 'filter.tags': [], 'a.b': [] })).toMatchObject({
    value: { 'filter.tags': [], 'a.b': [] },
  });
  expect(await validateQuery(schema, { a: 'y' })).toEqual({ value: { 'filter.tags': [], a: ['y'] } });
  expect(await arrives(schema, { a: [] })).toMatchObject({ issues: [{ path: 'a' }] });
});

test('a list that is refused says why as a list too', async () => {
  const result = await arrives(z.object({ tags: z.array(text).min(2) }), { tags: ['a'] });
  const { issues } = result as { readonly issues: readonly { readonly path: string; readonly message: string }[] };
  expect(issues[0]).toMatchObject({ path: 'tags', message: expect.stringMatching(/as a list: Too small/) });
});

test('many unknown names cost a bounded number of tries', async () => {
  let tries = 0;
  const schema: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        tries++;
        return { issues: [{ message: 'no' }] };
      },
    },
  };
  for (const size of [1, 4, 5, 500]) {
    tries = 0;
    const result = await validateQuery(
      schema,
      Object.fromEntries(Array.from({ length: size }, (_, i) => [`n${i}`, 'x'])),
    );
    expect(result.issues).toHaveLength(1);
    expect(tries).toBeLessThanOrEqual(16);
  }
});
