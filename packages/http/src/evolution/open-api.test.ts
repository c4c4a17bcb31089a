import { expect, test } from 'vitest';
import { z } from 'zod';
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
      query: z.object({ at: z.string().optional(), tag: z.array(z.string()) }),
      response: Item,
      timeoutMs: 300,
    }),
    reserve: post('/stock/:sku', { params: z.object({ sku: z.string() }), body: Item, idempotencyKey: true }),
    dated: get('/dated', { response: z.object({ at: z.date() }) }),
  },
});

test('a contract becomes an OpenAPI document: paths, parameters, bodies, answers, and what OpenAPI has no word for', () => {
  const { openapi, info, paths } = openApi(stock);
  expect({ openapi, info }).toEqual({ openapi: '3.1.1', info: { title: 'stock', version: '1.4.0' } });
  expect(Object.keys(paths)).toEqual(['/stock/{sku}', '/dated']);
  expect(paths['/stock/{sku}']?.get).toMatchObject({
    operationId: 'find',
    parameters: [
      { name: 'sku', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'at', in: 'query', required: false },
      { name: 'tag', in: 'query', required: true, schema: { type: 'array', items: { type: 'string' } } },
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
