import { background } from '@fwk/kernel';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { contract } from './contract.js';
import type { AnswerOf, Call, Client, Handlers, RequestHeaders, RequestOf, ResponseOf } from './contract-types.js';
import { del, get, post, put } from './operation.js';

const inventory = contract('inventory', {
  version: '1.4.0',
  operations: {
    stock: get('/stock/:sku', {
      params: z.object({ sku: z.string() }),
      query: z.object({ page: z.coerce.number<string>().default(1), tags: z.array(z.string()).optional() }),
      response: z.object({ left: z.number(), note: z.string().default('') }),
    }),
    list: get('/stock', { response: z.array(z.string()) }),
    search: get('/search', { query: z.object({ text: z.string() }), response: z.array(z.string()) }),
    of: get('/of', { headers: z.object({ 'x-tenant': z.string(), 'x-depth': z.coerce.number<number>().optional() }) }),
    traced: get('/traced', { headers: z.object({ 'x-trail': z.string().optional() }) }),
    reserve: post('/reservations', { body: z.object({ sku: z.string() }), idempotencyKey: true }),
    forget: del('/stock/:sku', { params: z.object({ sku: z.string() }) }),
  },
});
type Inventory = typeof inventory;

test('a handler gets what the schemas give out', () => {
  expectTypeOf<Call<Inventory, 'stock'>['params']>().toEqualTypeOf<{ sku: string }>();
  expectTypeOf<Call<Inventory, 'stock'>['query']>().toEqualTypeOf<{ page: number; tags?: string[] | undefined }>();
  expectTypeOf<Call<Inventory, 'stock'>['body']>().toEqualTypeOf<undefined>();
  expectTypeOf<Call<Inventory, 'reserve'>['body']>().toEqualTypeOf<{ sku: string }>();
});

test('a handler gets the headers of its schema, and all of them where there is none', () => {
  expectTypeOf<Call<Inventory, 'of'>['headers']>().toEqualTypeOf<{
    'x-tenant': string;
    'x-depth'?: number | undefined;
  }>();
  expectTypeOf<Call<Inventory, 'list'>['headers']>().toEqualTypeOf<RequestHeaders>();
});

test('a caller gives the headers that the schema takes, and need not where all may be absent', () => {
  expectTypeOf<RequestOf<Inventory, 'of'>['headers']>().toEqualTypeOf<{
    'x-tenant': string;
    'x-depth'?: number | undefined;
  }>();
  const use = (client: Client<Inventory>) => {
    client.of({ headers: { 'x-tenant': 'acme' } });
    client.traced();
    // @ts-expect-error the tenant is missing
    client.of();
    // @ts-expect-error the schema has no such header
    client.of({ headers: { 'x-tenant': 'acme', 'x-other': '1' } });
    // @ts-expect-error the operation has no headers schema
    client.list({ headers: { 'x-tenant': 'acme' } });
  };
  expect(use).toBeTypeOf('function');
});

test('an operation may be described by its path alone', () => {
  const bare = contract('bare', { version: '1.0.0', operations: { ping: get('/ping'), poke: post('/poke') } });
  expectTypeOf<Call<typeof bare, 'ping'>['params']>().toEqualTypeOf<undefined>();
  expectTypeOf<AnswerOf<typeof bare, 'poke'>>().toEqualTypeOf<void>();
  const use = (client: Client<typeof bare>) => {
    expectTypeOf(client.ping()).toEqualTypeOf<Promise<undefined>>();
    client.poke();
    // @ts-expect-error the operation has no body
    client.poke({ body: {} });
  };
  expect(use).toBeTypeOf('function');
});

test('a handler answers what the response schema takes, and nothing where there is none', () => {
  expectTypeOf<AnswerOf<Inventory, 'stock'>>().toEqualTypeOf<{ left: number; note?: string | undefined }>();
  expectTypeOf<AnswerOf<Inventory, 'reserve'>>().toEqualTypeOf<void>();
});

test('a caller gives what the schemas take and gets what the response schema gives out', () => {
  expectTypeOf<RequestOf<Inventory, 'stock'>['query']>().toEqualTypeOf<
    { page?: string | undefined; tags?: string[] | undefined } | undefined
  >();
  expectTypeOf<RequestOf<Inventory, 'search'>['query']>().toEqualTypeOf<{ text: string }>();
  expectTypeOf<ResponseOf<Inventory, 'stock'>>().toEqualTypeOf<{ left: number; note: string }>();
  expectTypeOf<ResponseOf<Inventory, 'reserve'>>().toEqualTypeOf<undefined>();
});

test('a client’s calls are checked', () => {
  const use = (client: Client<Inventory>) => {
    expectTypeOf(client.list()).toEqualTypeOf<Promise<string[]>>();
    client.stock({ params: { sku: 'lamp' } }, { context: background });
    client.reserve({ body: { sku: 'lamp' } }, { idempotencyKey: 'order-7' });
    // @ts-expect-error the parameter is missing
    client.stock({});
    // @ts-expect-error a request is needed
    client.search();
    // @ts-expect-error the parameter is a string
    client.stock({ params: { sku: 7 } });
    // @ts-expect-error the operation has no body
    client.forget({ params: { sku: 'lamp' }, body: {} });
    // @ts-expect-error there is no such operation
    client.restock();
  };
  expect(use).toBeTypeOf('function');
});

test('a class that serves a contract has every handler, with the right answers', () => {
  class Complete implements Handlers<Inventory> {
    async stock({ params }: Call<Inventory, 'stock'>) {
      return { left: params.sku.length };
    }
    list() {
      return ['lamp'];
    }
    async search() {
      return [];
    }
    of({ headers }: Call<Inventory, 'of'>) {
      expectTypeOf(headers['x-tenant']).toEqualTypeOf<string>();
    }
    traced() {}
    async reserve() {}
    forget() {}
  }
  // @ts-expect-error handlers are missing
  class Lacking implements Handlers<Inventory> {
    list() {
      return [];
    }
  }
  const wrong = (complete: Complete): Handlers<Inventory> => ({
    ...complete,
    // @ts-expect-error numbers where the contract says strings
    list: () => [7],
  });
  expect([Complete, Lacking, wrong]).toHaveLength(3);
});

test('operations that cannot be right do not compile', () => {
  const specs = () => {
    // @ts-expect-error the path has a parameter, so a params schema is needed
    get('/stock/:sku');
    // @ts-expect-error so it is with other options given
    get('/stock/:sku', { response: z.string() });
    // @ts-expect-error the schema has another parameter than the path
    put('/stock/:sku', { params: z.object({ id: z.string() }) });
    // @ts-expect-error the path has no parameter
    get('/stock', { params: z.object({ sku: z.string() }) });
    // @ts-expect-error a GET has no body
    get('/stock', { body: z.object({}) });
    // @ts-expect-error no such priority
    get('/stock', { priority: 'urgent' });
    // @ts-expect-error not a schema
    get('/stock', { response: String });
  };
  expect(specs).toBeTypeOf('function');
});
