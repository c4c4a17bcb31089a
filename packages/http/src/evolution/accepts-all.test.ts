import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ZodType, z } from 'zod';
import { acceptsAll } from './accepts-all.js';
import type { JsonSchema } from './json-schema.js';

const inputOf = (schema: ZodType) => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
const accepts = (wider: ZodType, narrower: ZodType) => acceptsAll(inputOf(wider), inputOf(narrower));

describe('a schema takes every value of another', () => {
  const tree: ZodType = z.object({ name: z.string(), children: z.array(z.lazy(() => tree)) });
  test.each<[string, ZodType, ZodType]>([
    ['that is the same', z.object({ a: z.string().min(2) }), z.object({ a: z.string().min(2) })],
    ['with a narrower range', z.number().min(0).max(10), z.number().min(1).max(9)],
    ['with an open bound inside a closed one', z.number().min(0), z.number().gt(0)],
    ['with whole numbers among numbers', z.number(), z.int()],
    ['with fewer values', z.enum(['a', 'b', 'c']), z.enum(['a', 'c'])],
    ['with values of a text', z.string().max(3), z.enum(['a', 'abc'])],
    [
      'with an optional field fewer',
      z.object({ a: z.string(), b: z.string().optional() }),
      z.object({ a: z.string() }),
    ],
    ['with a field that it does not look at', z.object({ a: z.string() }), z.object({ a: z.string(), b: z.number() })],
    ['with a field that it needs no longer', z.object({ a: z.string().optional() }), z.object({ a: z.string() })],
    ['with one of several alternatives', z.union([z.string(), z.number()]), z.number()],
    ['where alternatives were joined', z.union([z.string(), z.number(), z.null()]), z.union([z.string(), z.null()])],
    [
      'with a further kind of a tagged value',
      z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b'), x: z.number() })]),
      z.object({ k: z.literal('b'), x: z.int() }),
    ],
    ['with longer lists', z.array(z.string()), z.array(z.string()).min(2).max(3)],
    ['with a fixed list', z.array(z.union([z.string(), z.number()])), z.tuple([z.string(), z.number()])],
    ['with further fields of a kind', z.record(z.string(), z.number()), z.record(z.string(), z.int())],
    ['that holds itself', tree, tree],
    [
      'of both of two',
      z.object({ a: z.string() }),
      z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
    ],
  ])('%s', (_, wider, narrower) => expect(accepts(wider, narrower)).toEqual([]));
});

describe('a schema may refuse a value of another', () => {
  test.each<[string, ZodType, ZodType, string, string]>([
    ['with a wider range', z.number().max(9), z.number().max(10), '', 'takes numbers up to 9'],
    ['with the bound itself', z.number().gt(0), z.number().min(0), '', 'takes numbers above 0'],
    ['of another type', z.object({ a: z.string() }), z.object({ a: z.number() }), '/a', 'takes string, not number'],
    ['with fractions', z.int(), z.number().min(1).max(2), '', 'takes integer, not number'],
    ['with a further value', z.enum(['a']), z.enum(['a', 'b']), '', 'does not take "b"'],
    ['with any text', z.enum(['a', 'b']), z.string(), '', 'takes only "a", "b"'],
    [
      'with a value that is too long',
      z.string().max(2),
      z.enum(['a', 'abc']),
      '',
      'takes texts of at most 2 characters',
    ],
    ['without a required field', z.object({ a: z.string() }), z.object({}), '/a', 'is required'],
    [
      'with a field too many',
      z.strictObject({}),
      z.object({ a: z.string() }),
      '/a',
      'is a field that it does not take',
    ],
    ['with nothing', z.string(), z.string().nullable(), '', 'takes string, not null'],
    ['with short lists', z.array(z.string()).min(2), z.array(z.string()).min(1), '', 'needs at least 2 entries'],
    ['with other entries', z.array(z.string()), z.array(z.number()), '/*', 'takes string, not number'],
    [
      'deep inside',
      z.object({ a: z.array(z.object({ b: z.int() })) }),
      z.object({ a: z.array(z.object({ b: z.string() })) }),
      '/a/*/b',
      'takes integer, not string',
    ],
    ['with any text for a pattern', z.string().regex(/^a/), z.string(), '', 'takes texts of the pattern "^a"'],
    [
      'with an alternative too many',
      z.union([z.string(), z.boolean()]),
      z.union([z.string(), z.number()]),
      '',
      'takes string or boolean, not number',
    ],
    [
      'with any fields',
      z.object({ a: z.string().optional() }),
      z.record(z.string(), z.number()),
      '/a',
      'takes string, not number',
    ],
  ])('%s', (_, wider, narrower, path, why) => expect(accepts(wider, narrower)).toContainEqual({ path, why }));

  test('that says something which cannot be compared', () => {
    expect(acceptsAll({ type: 'string', not: { const: 'a' } }, { type: 'string' })).toEqual([
      { path: '', why: 'its "not" differs, which cannot be compared' },
    ]);
  });

  test('that refers to what is not there, or out of the document', () => {
    for (const $ref of ['#/$defs/gone', 'https://schemas.example/stock.json', '#/$defs/loop']) {
      const [reason] = acceptsAll(
        { type: 'object', properties: { a: { $ref } }, $defs: { loop: { $ref: '#/$defs/loop' } } },
        {
          type: 'object',
          properties: { a: { type: 'string' } },
        },
      );
      expect(reason).toEqual({ path: '/a', why: 'refers to a schema that cannot be found' });
    }
  });

  test('where looking at everything would take for ever', () => {
    const nested = (depth: number): JsonSchema => {
      let schema: JsonSchema = { type: 'string', minLength: depth };
      for (let at = 0; at < 40; at++) {
        schema = {
          anyOf: [
            { type: 'array', items: schema },
            { type: 'array', minItems: at, items: schema },
          ],
        };
      }
      return schema;
    };
    expect(JSON.stringify(acceptsAll(nested(2), nested(1)))).toMatch(/comparisons|alternatives|needs/);
  });
});

describe('any two schemas', () => {
  const scalar = fc.oneof(
    fc.constant(z.string()),
    fc.tuple(fc.nat(3), fc.nat(3)).map(([min, more]) =>
      z
        .string()
        .min(min)
        .max(min + more),
    ),
    fc.constant(z.boolean()),
    fc.constant(z.null()),
    fc.constantFrom(z.enum(['a', 'b']), z.enum(['b', 'ccc']), z.literal(1), z.literal([0, 'a'])),
    fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(4)).map(([min, more]) =>
      z
        .number()
        .min(min)
        .max(min + more),
    ),
    fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(4)).map(([min, more]) =>
      z
        .int()
        .gt(min)
        .max(min + more + 1),
    ),
  );
  const { schema } = fc.letrec<{ schema: ZodType }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.tuple(tie('schema'), fc.nat(2)).map(([entry, min]) => z.array(entry).min(min)),
      fc
        .dictionary(fc.constantFrom('a', 'b', 'c'), fc.tuple(tie('schema'), fc.boolean()), { maxKeys: 3 })
        .chain((fields) => {
          const shape = Object.entries(fields).map(([name, [field, optional]]) => [
            name,
            optional ? field.optional() : field,
          ]);
          return fc.constantFrom(z.object(Object.fromEntries(shape)), z.strictObject(Object.fromEntries(shape)));
        }),
      fc.array(tie('schema'), { minLength: 2, maxLength: 3 }).map((members) => z.union(members as [ZodType, ZodType])),
      tie('schema').map((inner) => inner.nullable()),
    ),
  }));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 'a', 'b', 'ccc', '', 'xx', 0, 1, 2, -1, 0.5, 3.5),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  }));

  test('never take a value from each other that they then refuse', () => {
    let compatible = 0;
    fc.assert(
      fc.property(schema, schema, fc.array(value, { minLength: 20, maxLength: 20 }), (wider, narrower, values) => {
        if (accepts(wider, narrower).length > 0) return;
        compatible++;
        for (const each of values) {
          const sent = narrower.safeParse(each);
          // What the narrower schema does not name is taken as absent.
          if (sent.success) expect(wider.safeParse(sent.data).success).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
    expect(compatible).toBeGreaterThan(0);
  });

  test('take all of themselves', () => {
    fc.assert(fc.property(schema, (each) => void expect(accepts(each, each)).toEqual([])));
  });
});
