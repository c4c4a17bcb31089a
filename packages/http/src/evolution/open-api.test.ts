import { expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { openApi } from './open-api.js';

const Item = z.object({
  sku: z.string().max(40),
  get parts() {
    return z.array(Item).optional();
  },
});
const stock = contract('stock', {
  version: '1.4.0',
  operations: {
    find: get('/stock/:sku', {
      params: z.object({ sku: z.string() }),
      query: z.object({
        at: z.string().optional(),
        tag: z.array(z.string()),
        filter: z.object({ color: z.string() }).optional(),
        lines: z.array(z.object({ sku: z.string() })).optional(),
      }),
      response: Item,
      timeoutMs: 300,
    }),
    reserve: post('/stock/:sku', { params: z.object({ sku: z.string() }), body: Item, idempotencyKey: true }),
    take: post('/taken', {
      errors: {
        OutOfStock: { status: 409, data: z.object({ left: z.int().default(0) }) },
        Taken: { status: 409 },
        Closed: { status: 503, retryable: false },
        Nested: { status: 422, data: Item },
      },
    }),
    photo: post('/photo', {
      body: bytes('image/png'),
      responses: {
        200: Item,
        202: {
          body: text('text/csv'),
          headers: z.object({ location: z.string(), 'x-left': z.coerce.number().optional() }),
        },
        304: {},
      },
    }),
    dated: get('/dated', { response: z.object({ at: z.date() }) }),
  },
});

test('a contract becomes an OpenAPI document: paths, parameters, bodies, answers, and what OpenAPI has no word for', () => {
  const { openapi, info, paths } = openApi(stock);
  expect({ openapi, info }).toEqual({ openapi: '3.1.1', info: { title: 'stock', version: '1.4.0' } });
  expect(Object.keys(paths)).toEqual(['/stock/{sku}', '/taken', '/photo', '/dated']);
  expect(paths['/stock/{sku}']?.get).toMatchObject({
    operationId: 'find',
    parameters: [
      { name: 'sku', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'at', in: 'query', required: false },
      { name: 'tag', in: 'query', required: true, schema: { type: 'array', items: { type: 'string' } } },
      { name: 'filter', in: 'query', required: false, style: 'deepObject', explode: true },
      { name: 'lines', in: 'query', required: false, style: 'deepObject', explode: true },
    ],
    'x-fwk': { idempotent: true, timeoutMs: 300 },
  });
  expect(paths['/stock/{sku}']?.post).toMatchObject({
    operationId: 'reserve',
    parameters: [{ name: 'sku' }, { name: 'idempotency-key', in: 'header', required: true }],
    requestBody: { required: true },
    responses: { 204: { description: 'Done.' }, default: { content: { 'application/problem+json': {} } } },
  });
});

test('a schema that holds itself has a name, so that its references lead to it', () => {
  const { paths, components } = openApi(stock);
  const answer = paths['/stock/{sku}']?.get?.responses[200];
  expect(answer).toMatchObject({
    content: { 'application/json': { schema: { $ref: '#/components/schemas/find.response' } } },
  });
  const references = JSON.stringify({ paths, components }).match(/"\$ref":"[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(3);
  for (const reference of references) {
    const pointer = reference.slice('"$ref":"#/'.length, -1).split('/');
    expect(pointer.reduce<unknown>((at, step) => Reflect.get(Object(at), step), { paths, components })).toBeDefined();
  }
});

test('a schema that cannot say what it takes stands there as anything, with the reason', () => {
  expect(openApi(stock).paths['/dated']?.get?.responses[200]).toMatchObject({
    content: { 'application/json': { schema: { description: 'Date cannot be represented in JSON Schema' } } },
  });
});

test('errors stand by their statuses, each a problem document that its type tells from the others', () => {
  const responses = openApi(stock).paths['/taken']?.post?.responses ?? {};
  expect(Object.keys(responses)).toEqual(['204', '409', '422', '503', 'default']);
  expect(responses[409]).toMatchObject({
    description: 'Out of stock; Taken.',
    content: {
      'application/problem+json': {
        schema: {
          oneOf: [
            {
              title: 'Out of stock',
              allOf: [
                { $ref: '#/components/schemas/Problem' },
                {
                  properties: {
                    type: { const: 'urn:fwk:problem:stock:OutOfStock' },
                    data: { properties: { left: { type: 'integer' } }, required: ['left'] },
                  },
                  required: ['type', 'data'],
                },
              ],
              'x-fwk': { error: 'OutOfStock', failure: false, retryable: false },
            },
            { title: 'Taken' },
          ],
        },
      },
    },
  });
  expect(JSON.stringify(responses[422])).toContain('#/components/schemas/take.Nested');
});

test('answers stand by their statuses, with their headers and content', () => {
  const photo = openApi(stock).paths['/photo']?.post;
  expect(photo?.requestBody).toEqual({ required: true, content: { 'image/png': {} } });
  expect(photo?.responses).toMatchObject({
    200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/photo.response200' } } } },
    202: {
      content: { 'text/csv': {} },
      headers: { location: { required: true, schema: { type: 'string' } }, 'x-left': { required: false } },
    },
    304: { description: 'An answer without a body.' },
  });
});
