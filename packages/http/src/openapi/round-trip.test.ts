/** A contract that goes through OpenAPI decides as before. */
import type { StandardSchema } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { del, get, post, put } from '../contract/operation.js';
import { compareContracts } from '../evolution/compare-contracts.js';
import { openApi } from '../evolution/open-api.js';
import { contractFromOpenApi } from './contract-from-open-api.js';

const Category = z.object({
  name: z.string().min(1),
  get parts() {
    return z.array(Category).optional();
  },
});
const Animal = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cat'), lives: z.int().min(0).max(9) }),
  z.object({ kind: z.literal('dog'), weight: z.number().gt(0), tags: z.array(z.string().regex(/^[a-z]+$/)).max(3) }),
]);
const sku = z.object({ sku: z.string() });
const stock = contract('stock', {
  version: '1.4.0',
  operations: {
    find: get('/stock/:sku', {
      params: sku,
      query: z.object({ at: z.string().optional(), tag: z.array(z.string()), exact: z.enum(['yes', 'no']).optional() }),
      headers: z.object({ 'x-tenant': z.string().max(3), 'x-trace': z.string().optional() }),
      response: Category,
      timeoutMs: 300,
      priority: 'critical',
    }),
    add: post('/stock', {
      body: Animal,
      responses: { 201: Animal, 202: { headers: z.object({ location: z.string() }) }, 304: {} },
    }),
    reserve: post('/stock/:sku', {
      params: sku,
      body: z.strictObject({ count: z.int().nullable() }),
      idempotencyKey: true,
    }),
    rename: put('/stock/:sku', {
      params: sku,
      body: z.record(z.string(), z.union([z.number(), z.null()])),
      response: z.tuple([z.string(), z.number()]),
    }),
    drop: del('/stock/:sku', {
      params: sku,
      errors: {
        OutOfStock: { status: 409, data: z.object({ left: z.number() }) },
        Closed: { status: 503, retryable: false },
      },
    }),
    photo: put('/photos/:sku', {
      params: sku,
      body: bytes('image/png'),
      response: text('text/csv'),
      idempotent: false,
    }),
    ticks: get('/ticks', { stream: z.object({ seq: z.number() }) }),
    load: post('/load', { bodyStream: z.object({ seq: z.number() }) }),
  },
});

const imported = contractFromOpenApi(JSON.parse(JSON.stringify(openApi(stock))));

/** Values near to what the schemas take. */
const { value } = fc.letrec<{ value: unknown }>((tie) => {
  const leaf = fc.constantFrom<unknown>('a', '', 'yes', 'abcd', 'A', 'cat', 'dog', 0, 1, -1, 0.5, 10, null, true);
  const category = fc.record(
    {
      name: fc.oneof({ weight: 4, arbitrary: fc.constant('a') }, leaf),
      parts: fc.array(tie('value'), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  );
  const cat = fc.record(
    { kind: fc.constantFrom('cat', 'dog'), lives: leaf, weight: leaf, tags: fc.array(leaf, { maxLength: 4 }) },
    { requiredKeys: ['kind'] },
  );
  const count = fc.record({ count: leaf, more: leaf }, { requiredKeys: ['count'] });
  return {
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      category,
      cat,
      count,
      fc.tuple(leaf, leaf),
      fc.dictionary(fc.constantFrom('a', 'b'), leaf, { noNullPrototype: true }),
    ),
  };
});
const texts = fc.record(
  {
    sku: fc.constantFrom('a', ''),
    at: fc.constantFrom('x', '1'),
    tag: fc.oneof(fc.constant('a'), fc.array(fc.constantFrom('a', '1'), { maxLength: 2 })),
    exact: fc.constantFrom('yes', 'maybe'),
    'x-tenant': fc.constantFrom('ab', 'abcd'),
    'x-trace': fc.constantFrom('1', 'true'),
  },
  { requiredKeys: [] },
);

function takes(schema: StandardSchema | undefined, given: unknown): boolean {
  const result = schema?.['~standard'].validate(given);
  if (result instanceof Promise) throw new Error('answers later');
  return result !== undefined && result.issues === undefined;
}

describe.each(stock.plans.map((plan) => [plan.name, plan] as const))('%s', (name, before) => {
  const after = imported.contract.plans.find((plan) => plan.name === name);

  test('is what it was', () => {
    const facts = ({
      method,
      template,
      idempotent,
      idempotencyKey,
      priority,
      timeoutMs,
      content,
      errors,
    }: typeof before) => ({
      ...{ method, path: template.path, idempotent, idempotencyKey, priority, timeoutMs, content },
      errors: errors?.map(({ data: _, traits, ...error }) => ({ ...error, traits: traits(undefined) })),
    });
    expect(after && facts(after)).toEqual(facts(before));
    expect(after?.answers && [...after.answers.byStatus.keys()]).toEqual(
      before.answers && [...before.answers.byStatus.keys()],
    );
  });

  const schemas = (plan: typeof before | undefined) => ({
    body: plan?.body,
    response: plan?.response,
    stream: plan?.stream?.schema,
    bodyStream: plan?.bodyStream?.schema,
    created: plan?.answers?.byStatus.get(201)?.body,
    left: plan?.errors?.[0]?.data,
  });
  const [was, is] = [schemas(before), schemas(after)];
  const parts = (Object.keys(was) as (keyof typeof was)[]).filter((part) => was[part] !== undefined);

  test.each(parts)('decides of its %s as before', (part) => {
    fc.assert(
      fc.property(value, (each) => {
        expect([each, takes(is[part], each)]).toEqual([each, takes(was[part], each)]);
      }),
      { numRuns: 500 },
    );
  });

  test.each((['params', 'query', 'headers'] as const).filter((part) => before[part] !== undefined))(
    'decides of its %s as before',
    (part) => {
      fc.assert(
        fc.property(texts, (each) => {
          // A single text is shown to other libraries as a list too, where a query needs one.
          const shown = part === 'query' && typeof each.tag === 'string' ? { ...each, tag: [each.tag] } : each;
          expect([each, takes(after?.[part], each)]).toEqual([each, takes(before[part], shown)]);
        }),
      );
    },
  );
});

test('nothing is left out or called otherwise', () => {
  expect(imported).toMatchObject({ leftOut: [], named: [], servers: [], security: [] });
  expect(imported.contract).toMatchObject({ name: 'stock', version: '1.4.0' });
});

test('the comparison of contracts finds nothing that breaks anybody', () => {
  expect(compareContracts(stock, imported.contract).changes).toEqual([]);
  expect(compareContracts(imported.contract, stock).changes).toEqual([]);
});

test('it may go that way again', () => {
  const again = contractFromOpenApi(JSON.parse(JSON.stringify(openApi(imported.contract))));
  expect(again.leftOut).toEqual([]);
  expect(compareContracts(stock, again.contract).changes).toEqual([]);
  expect(compareContracts(again.contract, stock).changes).toEqual([]);
});
