import { Validator } from '@cfworker/json-schema';
import { isFwkError, type StandardSchema } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeSchema, type JsonSchema } from '../evolution/json-schema.js';
import { type JsonSchemas, jsonSchemas } from './json-schemas.js';

/** What is wrong with a value, as `path: message`; undefined where it fits. */
function issuesOf(schema: StandardSchema, value: unknown): readonly string[] | undefined {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) throw new Error('answers later');
  return result.issues?.map(({ path, message }) => `${path?.join('.')}: ${message}`);
}

const { json, fields } = jsonSchemas();
const takes = (schema: JsonSchema, value: unknown, { json: make }: JsonSchemas = jsonSchemas()) =>
  issuesOf(make(schema), value) === undefined;

describe('what a schema takes is what another validator takes', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'constructor');
  const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 3, 1.1);
  const count = fc.nat(3);
  const plain = fc.oneof(number, fc.constantFrom('', 'a', 'ab', 'aab', '😀', null, true, false));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      plain,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const type = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');
  const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => {
    const inner = tie('schema');
    const several = fc.array(inner, { minLength: 1, maxLength: 3 });
    const named = fc.dictionary(name, inner, { maxKeys: 3, noNullPrototype: true });
    return {
      schema: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.boolean(),
        fc.record({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) }),
        fc.record({
          enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: (each) => JSON.stringify(each) }),
        }),
        fc.record({ const: value }),
        fc.record(
          { minimum: number, maximum: number, multipleOf: fc.constantFrom(0.1, 0.5, 1, 2) },
          { requiredKeys: [] },
        ),
        fc.record({ exclusiveMinimum: number, exclusiveMaximum: number }, { requiredKeys: [] }),
        fc.record(
          { minLength: count, maxLength: count, pattern: fc.constantFrom('^a', 'b$', 'a+b', '^.$') },
          { requiredKeys: [] },
        ),
        fc.record({ items: inner, prefixItems: several }, { requiredKeys: [] }),
        fc.record({ items: inner, contains: inner, minContains: count, maxContains: count }, { requiredKeys: [] }),
        fc.record({ minItems: count, maxItems: count, uniqueItems: fc.boolean() }, { requiredKeys: [] }),
        fc.record(
          { properties: named, required: fc.uniqueArray(name, { maxLength: 2 }), additionalProperties: inner },
          { requiredKeys: [] },
        ),
        fc.record(
          {
            patternProperties: fc.dictionary(fc.constantFrom('^a', 'c'), inner, { noNullPrototype: true }),
            propertyNames: inner,
          },
          { requiredKeys: [] },
        ),
        fc.record({ minProperties: count, maxProperties: count, dependentSchemas: named }, { requiredKeys: [] }),
        fc.record({
          dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { noNullPrototype: true }),
        }),
        fc.record({ allOf: several, anyOf: several, oneOf: several, not: inner }, { requiredKeys: [] }),
        fc.tuple(inner, inner, inner).map(([condition, yes, no]) =>
          Object.fromEntries([
            ['if', condition],
            ['then', yes],
            ['else', no],
          ]),
        ),
        fc.record(
          { allOf: several, unevaluatedProperties: inner, unevaluatedItems: inner },
          { requiredKeys: ['allOf'] },
        ),
        fc.record({ $ref: fc.constantFrom('#/$defs/List', '#/$defs/Tree') }),
      ),
    };
  });
  const definitions: Record<string, JsonSchema> = {
    List: { type: 'array', items: { anyOf: [{ type: 'number' }, { $ref: '#/$defs/List' }] } },
    Tree: { type: 'object', properties: { a: { $ref: '#/$defs/Tree' }, b: true }, additionalProperties: false },
  };

  test('for any schema and value', () => {
    const ours = jsonSchemas(definitions);
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 5, maxLength: 20 }), (each, values) => {
        const theirs = new Validator(typeof each === 'boolean' ? each : { ...each, $defs: definitions }, '2020-12');
        for (const one of values) {
          const expected = theirs.validate(one).valid;
          if (expected) taken++;
          else refused++;
          expect([one, takes(each, one, ours)]).toEqual([one, expected]);
        }
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(500);
  });
});

describe('what is wrong is told with its place', () => {
  const pet = json({
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 2 },
      kind: { enum: ['cat', 'dog'] },
      tags: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, uniqueItems: true },
      weight: { type: 'number', exclusiveMinimum: 0 },
    },
    required: ['name', 'kind'],
    additionalProperties: false,
  });

  test.each([
    [{ name: 'Rex', kind: 'dog', tags: ['big'], weight: 30 }, undefined],
    [{ name: 'Rex', kind: 'dog', weight: undefined }, undefined],
    [{ name: 'R', kind: 'cow' }, ['name: expected at least 2 characters', 'kind: expected "cat" or "dog"']],
    [{ kind: 'cat', name: undefined }, ['name: is required']],
    [
      { name: 'Rex', kind: 'dog', tags: ['a', 'B', 'a'] },
      ['tags: expected no entry twice', 'tags.1: expected text like "^[a-z]+$"'],
    ],
    [{ name: 'Rex', kind: 'dog', weight: 0, size: 1 }, ['weight: expected a number above 0', 'size: is not allowed']],
    ['Rex', [': expected object']],
  ])('%j', (value, expected) => {
    expect(issuesOf(pet, value)?.toSorted()).toEqual(expected?.toSorted());
  });
});

describe('no value takes more time or depth than it may', () => {
  const nested = (depth: number) => JSON.parse(`${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`);

  test('alternatives of which each looks at the same part again', () => {
    const branching = jsonSchemas({
      Twice: {
        anyOf: [
          { properties: { x: { $ref: '#/$defs/Twice' } }, required: ['never'] },
          { properties: { x: { $ref: '#/$defs/Twice' } }, required: ['never'] },
        ],
      },
    });
    const schema = branching.json({ $ref: '#/$defs/Twice' });
    expect(issuesOf(schema, nested(5))).toEqual([': fits none of 2 alternatives']);
    expect(issuesOf(schema, nested(60))).toEqual([expect.stringMatching(/takes more than 5000000 steps/)]);
  });

  test('a value that is nested deeper than the stack is', () => {
    const { json: make } = jsonSchemas({ Tree: { properties: { x: { $ref: '#/$defs/Tree' } } } });
    expect(issuesOf(make({ $ref: '#/$defs/Tree' }), nested(100_000))).toEqual([
      expect.stringMatching(/deeper than 500/),
    ]);
    expect(issuesOf(json({ uniqueItems: true }), [nested(100_000), nested(100_000)])).toEqual([
      expect.stringMatching(/deeper than 500/),
    ]);
  });

  test('a long list whose entries must differ is compared with no more work than it has entries', () => {
    const list = Array.from({ length: 200_000 }, (_, at) => ({ at }));
    expect(issuesOf(json({ uniqueItems: true }), list)).toBeUndefined();
    expect(issuesOf(json({ uniqueItems: true }), [...list, { at: 7 }])).toEqual([': expected no entry twice']);
  });

  test('only so many issues are told', () => {
    expect(issuesOf(json({ items: { type: 'string' } }), new Array(5000).fill(1))).toHaveLength(100);
  });
});

describe('fields that are text on the wire', () => {
  const query = fields<Readonly<Record<string, unknown>>>(
    {
      type: 'object',
      properties: {
        limit: { type: 'integer', maximum: 50 },
        exact: { type: 'boolean' },
        tags: { type: 'array', items: { type: 'string' } },
        ids: { type: 'array', items: { type: 'integer' } },
        either: { type: ['integer', 'string'] },
        code: { type: 'string' },
        level: { enum: [1, 2] },
      },
      required: ['limit'],
    },
    { ids: ',' },
  );
  const read = (value: unknown) => {
    const result = query['~standard'].validate(value);
    if (result instanceof Promise) throw new Error('answers later');
    return result.issues ? result.issues.map(({ path, message }) => `${path?.join('.')}: ${message}`) : result.value;
  };

  test('are read as their schemas mean them', () => {
    expect(read({ limit: '7', exact: 'false', tags: 'a', ids: '1,2', either: '5', code: '5', level: '2' })).toEqual({
      ...{ limit: 7, exact: false, tags: ['a'], ids: [1, 2], either: 5, code: '5', level: 2 },
    });
    expect(read({ limit: '1', tags: ['a', 'b'], ids: '', either: 'five' })).toEqual({
      ...{ limit: 1, tags: ['a', 'b'], ids: [], either: 'five' },
    });
  });

  test.each([
    [{ limit: '51' }, ['limit: expected a number up to 50']],
    [{ limit: '0x10' }, ['limit: expected integer']],
    [{ limit: '1e400' }, ['limit: expected integer']],
    [{ limit: '' }, ['limit: expected integer']],
    [{ limit: '1', exact: 'yes' }, ['exact: expected boolean']],
    [{ limit: '1', ids: '1,b' }, ['ids.1: expected integer']],
    [{}, ['limit: is required']],
  ])('%j is refused', (value, issues) => {
    expect(read(value)).toEqual(issues);
  });

  test('can be seen, as those of other libraries', () => {
    expect(Object.keys(query.shape)).toContain('limit');
  });
});

describe('a schema that cannot be used is refused when it is made', () => {
  test.each([
    ['a pattern that is none', {}, { pattern: '(' }, 'the pattern "(" of # is no regular expression'],
    ['a pattern that refers back', {}, { pattern: '(a)\\1' }, 'cannot be matched in linear time'],
    ['a name of fields that is no pattern', {}, { patternProperties: { '[': true } }, 'the pattern "[" of #'],
    ['an unknown reference', {}, { items: { $ref: '#/$defs/Pet' } }, '#/items refers to "#/$defs/Pet", which is none'],
    ['a reference out of it', {}, { $ref: 'https://example.com/pet.json' }, 'which is none of the definitions'],
    ['a reference to a prototype', {}, { $ref: '#/$defs/constructor' }, 'which is none of the definitions'],
    [
      'a circle',
      { A: { $ref: '#/$defs/B' }, B: { allOf: [{ $ref: '#/$defs/A' }] } },
      true,
      '#/$defs/A refers only to itself',
    ],
    [
      'what leads to a circle',
      { A: { not: { $ref: '#/$defs/A' } }, C: { $ref: '#/$defs/A' } },
      true,
      '#/$defs/C refers only',
    ],
  ])('%s', (_what, definitions, schema, message) => {
    let thrown: unknown;
    try {
      jsonSchemas(definitions).json(schema);
    } catch (error) {
      thrown = error;
    }
    expect(isFwkError(thrown, 'FWK_KERNEL_OPTIONS_INVALID')).toBe(true);
    expect(String(thrown)).toContain(message);
  });
});

test('says itself as JSON Schema, with the definitions that it needs', () => {
  const { json: make } = jsonSchemas({ Used: { $ref: '#/$defs/Inner' }, Inner: { type: 'null' }, Other: true });
  expect(describeSchema(make({ items: { $ref: '#/$defs/Used' } })).input).toEqual({
    items: { $ref: '#/$defs/Used' },
    $defs: { Used: { $ref: '#/$defs/Inner' }, Inner: { type: 'null' } },
  });
  expect(describeSchema(make({ type: 'string' })).output).toEqual({ type: 'string' });
});
