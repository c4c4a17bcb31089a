import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import type { RequestOf, ResponseOf } from '../contract/contract-types.js';
import { type Dog, type DogInput, kennel } from '../fixtures/openapi/kennel.js';
import * as http from '../index.js';
import * as jsonSchema from '../json-schema.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { contractFromOpenApi } from './contract-from-open-api.js';
import { contractModule } from './contract-module.js';
import { readOpenApi } from './read-document.js';

const file = (name: string) => readFile(new URL(`../fixtures/openapi/${name}`, import.meta.url), 'utf8');

test('the module of a document stays the same, and what is left out is told', async () => {
  const { source, leftOut } = contractModule(await readOpenApi(await file('kennel.yaml')));
  await expect(source).toMatchFileSnapshot('../fixtures/openapi/kennel.ts');
  expect(leftOut).toEqual([
    {
      place: '#/paths/~1dogs/get/parameters/4',
      why: expect.stringContaining('is an object in a query (style "deepObject")'),
    },
  ]);
});

test('nothing that a document says can leave its comment or its text', () => {
  const hostile = `*/ evil() /*\n\u2028\`\${evil()}\\'"`;
  const { source } = contractModule({
    openapi: '3.1.0',
    info: { title: hostile, version: hostile },
    paths: {
      '/a': {
        get: {
          summary: hostile,
          parameters: [{ name: hostile, in: 'query', schema: { enum: [hostile] } }],
          responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/default' } } } } },
        },
      },
    },
    components: { schemas: { default: { properties: { [hostile]: { const: hostile } }, required: [hostile] } } },
  });
  // Nobody has defined what it would call.
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs' });
  const module: { exports: Record<string, unknown> } = { exports: {} };
  runInNewContext(code, { module, require: (name: string) => (name === '@fwk/http' ? http : jsonSchema) });
  expect(module.exports.evilEvil).toMatchObject({
    name: 'evil-evil',
    operations: { getA: { spec: { query: { shape: { [hostile]: { enum: [hostile] } } } } } },
  });
  expect(source).toContain('export interface Default ');
});

describe('the types of the module', () => {
  test('are those of the document', () => {
    expectTypeOf<RequestOf<typeof kennel, 'listDogs'>['query']>().toEqualTypeOf<{
      readonly breeds: readonly ('terrier' | 'great "dane"' | "o'hound")[];
      readonly ids?: readonly number[] | undefined;
      readonly limit?: number | undefined;
    }>();
    expectTypeOf<RequestOf<typeof kennel, 'addDog'>['body']>().toEqualTypeOf<DogInput>();
    expectTypeOf<ResponseOf<typeof kennel, 'getDog'>>().toEqualTypeOf<Dog>();
    expectTypeOf<Dog['id']>().toEqualTypeOf<number>();
    expectTypeOf<DogInput['id']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Dog['nick-name']>().toEqualTypeOf<string | null | undefined>();
    expectTypeOf<NonNullable<Dog['owner']>['kind']>().toEqualTypeOf<'club' | 'person'>();
    expectTypeOf<ResponseOf<typeof kennel, 'addDog'>['status']>().toEqualTypeOf<201 | 202>();
    expectTypeOf<ResponseOf<typeof kennel, 'removeDog'>>().toEqualTypeOf<undefined>();
    expectTypeOf<ResponseOf<typeof kennel, 'setPhoto'>>().toEqualTypeOf<string>();
  });
});

describe('a provider that another framework serves', () => {
  let provider: FastifyInstance;
  let endpoint: string;
  const dogs = new Map<number, Dog>([
    [7, { id: 7, name: 'Rex', breed: 'terrier', mother: { id: 3, name: 'Ada', breed: "o'hound" } }],
  ]);
  const seen: { url: string; tenant: unknown }[] = [];

  beforeAll(async () => {
    provider = fastify();
    provider.addContentTypeParser('image/png', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    provider.get('/v2/dogs', (request, reply) => {
      seen.push({ url: request.url, tenant: request.headers['x-tenant'] });
      return reply.headers({ 'x-total': '1', 'x-next': 'page-2' }).send([...dogs.values()]);
    });
    provider.post<{ Body: DogInput }>('/v2/dogs', (request, reply) => {
      if (request.body.name === 'Rex') return reply.code(409).send({ title: 'Known already', owner: 'somebody' });
      if (request.body.name === 'Ill') return reply.code(202).send();
      return reply.code(201).send({ ...request.body, id: 8 });
    });
    provider.get<{ Params: { id: string } }>('/v2/dogs/:id', (request, reply) => {
      const dog = dogs.get(Number(request.params.id));
      if (request.params.id === '9') return reply.send({ id: 'nine', name: 'Odd', breed: 'terrier' });
      return dog ? reply.send(dog) : reply.code(404).send();
    });
    provider.delete('/v2/dogs/:id', (_request, reply) => reply.code(204).send());
    provider.put('/v2/dogs/:id/photo', (request, reply) => {
      return reply.type('text/plain').send(`${(request.body as Buffer).length} bytes`);
    });
    endpoint = await provider.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => provider.close());

  test('is called by the typed client of the module', async () => {
    await using client = createClient(kennel, { endpoints: [endpoint] });
    const page = await client.listDogs({
      query: { breeds: ['terrier'], ids: [1, 2], limit: 5 },
      headers: { 'x-tenant': 'a' },
    });
    expect(page).toMatchObject({ status: 200, headers: { 'x-total': 1, 'x-next': 'page-2' }, body: [{ name: 'Rex' }] });
    expect(seen).toEqual([{ url: '/v2/dogs?breeds=terrier&ids=1%2C2&limit=5', tenant: 'a' }]);
    expect((await client.getDog({ params: { dog_id: 7 } })).mother?.name).toBe('Ada');
    expect(await client.addDog({ body: { name: 'Bo', breed: 'great "dane"', 'nick-name': null } })).toMatchObject({
      status: 201,
      body: { id: 8 },
    });
    expect(await client.addDog({ body: { name: 'Ill', breed: 'terrier' } })).toMatchObject({ status: 202 });
    expect(await client.removeDog({ params: { dog_id: 7 } })).toBeUndefined();
    expect(await client.setPhoto({ params: { dog_id: 7 }, body: new Uint8Array(5) })).toBe('5 bytes');
  });

  test('is called by the contract of the document at run time', async () => {
    const { contract } = contractFromOpenApi(await readOpenApi(await file('kennel.yaml')));
    await using client = createClient(contract, { endpoints: [endpoint] });
    expect(await client.getDog?.({ params: { dog_id: 7 } })).toMatchObject({ name: 'Rex' });
  });

  test('gives errors with what it says of them, and is told where it does not keep to its document', async () => {
    await using client = createClient(kennel, { endpoints: [endpoint] });
    await expect(client.getDog({ params: { dog_id: 1 } })).rejects.toMatchObject({
      code: 'FWK_HTTP_REMOTE',
      status: 404,
    });
    await expect(client.addDog({ body: { name: 'Rex', breed: 'terrier' } })).rejects.toMatchObject({
      status: 409,
      problem: { title: 'Known already', owner: 'somebody' },
    });
    await expect(client.getDog({ params: { dog_id: 9 } })).rejects.toMatchObject({
      code: 'FWK_HTTP_ANSWER_INVALID',
      message: expect.stringContaining('id: expected integer'),
    });
    await expect(client.addDog({ body: { name: '', breed: 'terrier' } })).rejects.toThrow(
      'body.name: expected at least 1 characters',
    );
    await expect(client.listDogs({ query: { breeds: ['terrier'], limit: 0 } })).rejects.toThrow(
      'query.limit: expected a number from 1',
    );
  });
});

test('a server of ours may serve the contract of a document', async () => {
  const dog = { id: 7, name: 'Rex', breed: 'terrier' } as const;
  const server = createServer({
    serve: [
      served(kennel, {
        listDogs: ({ query }) => ({ status: 200, headers: { 'x-total': query.ids?.length ?? 0 }, body: [dog] }),
        addDog: () => ({ status: 202 }),
        getDog: ({ params }) => ({ ...dog, id: params.dog_id }),
        removeDog: () => {},
        setPhoto: ({ body }) => String(body.length),
      }),
    ],
  });
  await server.start();
  await using client = createClient(kennel, { endpoints: [server.url] });
  expect(await client.listDogs({ query: { breeds: [], ids: [4, 5, 6] } })).toMatchObject({
    headers: { 'x-total': 3 },
    body: [dog],
  });
  expect(await client.getDog({ params: { dog_id: 9 } })).toEqual({ ...dog, id: 9 });
  const answer = await fetch(`${server.url}/v2/dogs?breeds=cat`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ issues: [{ in: 'query', path: 'breeds.0' }] });
  await server.close();
});
