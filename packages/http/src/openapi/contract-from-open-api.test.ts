import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isFwkError } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { describeContract } from '../evolution/contract-description.js';
import { contractFromOpenApi } from './contract-from-open-api.js';
import { contractModule } from './contract-module.js';
import { readOpenApi } from './read-document.js';

const pet = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: 'string' } },
  required: ['id', 'name'],
};
const answering = (schema: unknown) => ({
  responses: { 200: { description: '', content: { 'application/json': { schema } } } },
});
const document = (paths: object, more: object = {}) => ({
  ...{ openapi: '3.1.0', info: { title: 'pets', version: '1.0.0' }, paths },
  ...more,
});
const one = (operation: object, more: object = {}) =>
  contractFromOpenApi(
    document(
      {
        '/ok': { get: { operationId: 'ok', responses: {} } },
        '/pets': { post: { operationId: 'pets', ...operation } },
      },
      more,
    ),
  );
const described = (operation: object, more?: object) => describeContract(one(operation, more).contract).operations.pets;
const bodyOf = (schema: unknown, openapi = '3.1.0') =>
  described({ requestBody: { required: true, content: { 'application/json': { schema } } } }, { openapi })?.body?.input;

describe('parameters', () => {
  const parameters = (...given: object[]) => described({ parameters: given });

  test('become fields of the path, the query and headers', () => {
    const { contract, named } = contractFromOpenApi(
      document({
        '/owners/{owner-id}/pets/{petId}': {
          parameters: [
            { name: 'owner-id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'limit', in: 'query', schema: { type: 'string' } },
          ],
          get: {
            parameters: [
              { name: 'petId', in: 'path', required: true, schema: { type: 'integer' } },
              { name: 'limit', in: 'query', required: true, schema: { type: 'integer' } },
              { name: 'X-Tenant', in: 'header', required: true, schema: { type: 'string' } },
              { name: 'Accept', in: 'header', required: true, schema: { type: 'string' } },
            ],
            ...answering(pet),
          },
        },
      }),
    );
    const [plan] = contract.plans;
    expect(plan).toMatchObject({
      name: 'getOwnersOwnerIdPetsPetId',
      method: 'GET',
      template: { path: '/owners/:owner_id/pets/:petId' },
    });
    expect(named).toEqual([
      {
        place: '#/paths/~1owners~1{owner-id}~1pets~1{petId}/get',
        why: 'has no operationId; it is called getOwnersOwnerIdPetsPetId',
      },
    ]);
    expect(plan?.query?.['~standard'].validate({ limit: '5' })).toEqual({ value: { limit: 5 } });
    expect(plan?.params?.['~standard'].validate({ owner_id: 'a', petId: '7' })).toEqual({
      value: { owner_id: 'a', petId: 7 },
    });
    expect(plan?.headerNames).toEqual(['x-tenant']);
  });

  test('lists of a query are repeated names, or one text where the document says so', () => {
    const list = { type: 'array', items: { type: 'integer' } };
    const { contract } = one({
      parameters: [
        { name: 'ids', in: 'query', schema: list },
        { name: 'some', in: 'query', explode: false, schema: list },
        { name: 'piped', in: 'query', style: 'pipeDelimited', schema: list },
      ],
    });
    const plan = contract.plans.find(({ name }) => name === 'pets');
    expect(plan?.separators).toEqual({ some: ',', piped: '|' });
    expect(plan?.query?.['~standard'].validate({ ids: ['1', '2'], some: '1,2', piped: '3|4' })).toEqual({
      value: { ids: [1, 2], some: [1, 2], piped: [3, 4] },
    });
  });

  test.each([
    [
      { name: 'filter', in: 'query', style: 'deepObject', schema: { type: 'object' } },
      'is an object in a query (style "deepObject")',
    ],
    [{ name: 'where', in: 'query', content: { 'application/json': {} } }, 'is a parameter with a media type'],
    [{ name: 'list', in: 'header', schema: { type: 'array' } }, 'is a list in a header'],
    [
      { name: 'session', in: 'cookie', required: true, schema: {} },
      'is a parameter in cookie: cookies belong to no operation',
    ],
    [{ name: 'Host', in: 'header', schema: {} }, 'is the header "host", which belongs to the connection'],
    [{ name: 'gone', in: 'path', required: false, schema: {} }, 'is a parameter "gone" that its path does not have'],
  ])('%j is left out, and the rest is usable', (given, why) => {
    const { leftOut } = one({ parameters: [given, { name: 'q', in: 'query', schema: {} }] });
    expect(leftOut).toEqual([{ place: '#/paths/~1pets/post/parameters/0', why: expect.stringContaining(why) }]);
    expect(
      Object.keys(Object(parameters(given, { name: 'q', in: 'query', schema: {} })?.query?.input).properties),
    ).toEqual(['q']);
  });

  test('an operation that needs what cannot be sent is left out', () => {
    const { contract, leftOut } = one({
      parameters: [{ name: 'f', in: 'query', required: true, schema: { type: 'object' } }],
    });
    expect(contract.plans.map(({ name }) => name)).toEqual(['ok']);
    expect(leftOut).toEqual([
      { place: '#/paths/~1pets/post', why: expect.stringMatching(/^is left out: .*\/parameters\/0 is an object/) },
    ]);
  });
});

describe('bodies and answers', () => {
  const content = (...types: string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }]));

  test.each([
    [['application/xml', 'application/json; charset=utf-8'], { kind: 'json', type: 'application/json' }],
    [['application/hal+json'], { kind: 'json', type: 'application/json' }],
    [['text/csv', 'image/png'], { kind: 'text', type: 'text/csv' }],
    [['application/x-www-form-urlencoded'], { kind: 'text', type: 'application/x-www-form-urlencoded' }],
    [['image/png'], { kind: 'bytes', type: 'image/png' }],
  ])('a body of %j', (types, expected) => {
    const { contract } = one({ requestBody: { required: true, content: content(...types) } });
    expect(contract.plans[1]?.content).toEqual(expected);
  });

  test('a body of forms with parts is left out, with its operation where it is required', () => {
    const body = (required: boolean) => one({ requestBody: { required, content: content('multipart/form-data') } });
    expect(body(false).contract.plans).toHaveLength(2);
    expect(body(true).contract.plans).toHaveLength(1);
    expect(body(false).leftOut[0]?.why).toContain('is "multipart/form-data": contracts have JSON, text and bytes');
  });

  test.each([
    ['one of status 200 as it is', { 200: { content: content('application/json') }, 404: {} }, { response: {} }],
    ['none', { 204: {}, 500: {} }, {}],
    [
      'others by their statuses',
      { 201: { content: content('application/json') } },
      { responses: { 201: { body: {} } } },
    ],
    ['a range', { '2XX': { content: content('application/json') } }, { response: {} }],
    ['what stands for all', { default: { content: content('application/json') } }, { response: {} }],
    [
      'headers',
      { 200: { headers: { 'X-Next': { schema: { type: 'string' } } } } },
      { responses: { 200: { headers: {} } } },
    ],
  ])('answers: %s', (_what, responses, expected) => {
    const { response, responses: byStatus } = described({ responses }) ?? {};
    expect({ ...(response && { response }), ...(byStatus && { responses: byStatus }) }).toMatchObject(expected);
    expect([response === undefined, byStatus === undefined]).toEqual([
      !('response' in expected),
      !('responses' in expected),
    ]);
  });

  test('what only answers have need not be sent, and the other way round', () => {
    const schemas = {
      User: {
        type: 'object',
        required: ['id', 'name', 'password'],
        properties: {
          id: { type: 'integer', readOnly: true },
          name: { type: 'string' },
          password: { type: 'string', writeOnly: true },
        },
      },
      Team: { type: 'array', items: { $ref: '#/components/schemas/User' } },
      Name: { type: 'string' },
    };
    const ref = { $ref: '#/components/schemas/Team' };
    const operation = described(
      {
        requestBody: { content: { 'application/json': { schema: ref } } },
        ...answering({ anyOf: [ref, { $ref: '#/components/schemas/Name' }] }),
      },
      { components: { schemas } },
    );
    expect(operation?.body?.input).toMatchObject({
      $ref: '#/$defs/TeamInput',
      $defs: { UserInput: { required: ['name', 'password'] } },
    });
    expect(operation?.response?.input).toMatchObject({
      $defs: { User: { required: ['id', 'name'] }, Team: {}, Name: {} },
    });
  });
});

describe('schemas', () => {
  test.each([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [{ nullable: true, allOf: [{ type: 'object' }] }, { anyOf: [{ allOf: [{ type: 'object' }] }, { type: 'null' }] }],
    [
      { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
      { type: 'number', exclusiveMinimum: 0, maximum: 9 },
    ],
    [{ type: 'string', example: 'a', xml: {}, 'x-more': 1, description: 'text' }, { type: 'string' }],
  ])('of OpenAPI 3.0: %j', (given, expected) => {
    expect(bodyOf(given, '3.0.3')).toEqual(expected);
  });

  test('say what they leave unsaid', () => {
    expect(bodyOf({ properties: { a: {} } })).toEqual({ type: 'object', properties: { a: {} } });
    expect(bodyOf({ items: { required: true, type: 'string' } })).toEqual({ type: 'array', items: { type: 'string' } });
    expect(bodyOf({ oneOf: [{ type: 'object' }, {}], discriminator: { propertyName: 'kind' } })).toEqual({
      anyOf: [{ type: 'object' }, {}],
    });
    expect(bodyOf({ $ref: '#/components/schemas/A', maxLength: 3 }) ?? 'none').toBe('none');
  });

  test('that hold themselves work', () => {
    const schemas = {
      Node: {
        type: 'object',
        properties: {
          next: { $ref: '#/components/schemas/Node' },
          at: { $ref: '#/components/schemas/Node/properties/value' },
          value: { type: 'integer' },
        },
      },
    };
    const { contract } = one(answering({ $ref: '#/components/schemas/Node' }), { components: { schemas } });
    const validate = contract.plans[1]?.response?.['~standard'].validate;
    expect(validate?.({ next: { next: { value: 1, at: 2 } } })).not.toHaveProperty('issues');
    expect(validate?.({ next: { next: { at: 'x' } } })).toEqual({
      issues: [{ path: ['next', 'next', 'at'], message: 'expected integer' }],
    });
  });

  test.each([
    [
      'a remote reference',
      { $ref: 'https://example.com/pet.json' },
      'refers to "https://example.com/pet.json", which is outside the document and never fetched',
    ],
    ['a reference to a file', { $ref: './pet.yaml#/Pet' }, 'is outside the document and never fetched'],
    [
      'one that leads nowhere',
      { $ref: '#/components/schemas/None' },
      'refers to "#/components/schemas/None", which leads nowhere',
    ],
    ['one to a prototype', { $ref: '#/components/schemas/constructor' }, 'which leads nowhere'],
    ['one that is written wrongly', { $ref: '#/components/%zz' }, 'which leads nowhere'],
    ['one by name', { $ref: '#pet' }, 'only pointers such as'],
    ['one that leads to itself', { $ref: '#/components/schemas/A' }, '#/components/schemas/A refers only to itself'],
    [
      'one that needs such a one',
      { items: { $ref: '#/components/schemas/C' } },
      '#/components/schemas/D refers to "x.json"',
    ],
    ['a type that is none', { type: 'file' }, 'schema/type is "file", which JSON Schema does not allow there'],
    ['a base of its own', { $id: 'https://example.com/pet' }, 'has "$id", which is not supported'],
  ])('with %s leave their operation out', (_what, schema, why) => {
    const schemas = {
      A: { allOf: [{ $ref: '#/components/schemas/B' }] },
      B: { $ref: '#/components/schemas/A' },
      C: { $ref: '#/components/schemas/D' },
      D: { $ref: 'x.json' },
    };
    const { contract, leftOut } = one(answering(schema), { components: { schemas } });
    expect(contract.plans.map(({ name }) => name)).toEqual(['ok']);
    expect(leftOut).toEqual([{ place: '#/paths/~1pets/post', why: expect.stringContaining(why) }]);
  });

  test('with a keyword or pattern that cannot be checked are checked without it', () => {
    const { leftOut } = one(answering({ type: 'string', pattern: '(a)\\1', minLength: -1 }));
    expect(leftOut.map(({ why }) => why)).toEqual([
      'is -1, which JSON Schema does not allow there',
      'is checked without its pattern "(a)\\\\1", which refers back to a group, which cannot be matched in linear time',
    ]);
  });
});

test('what is not called as contracts call it gets a name, which is told', () => {
  const get = (operationId?: string) => ({ get: { ...(operationId !== undefined && { operationId }), responses: {} } });
  const paths = {
    '/a': get('list'),
    '/b': get('list'),
    '/c': get('pets/list-all'),
    '/d/{x}': get(),
    '/e': get('then'),
    '/f': get('日本'),
    '/9': get(),
  };
  const { contract, named } = contractFromOpenApi({
    openapi: '3.0.0',
    info: { title: 'Pet Store!', version: 'v2.1' },
    paths,
  });
  expect(contract.plans.map(({ name }) => name)).toEqual([
    'list',
    'list2',
    'petsListAll',
    'getDX',
    'then2',
    'getF',
    'get9',
  ]);
  expect(contract).toMatchObject({ name: 'pet-store', version: '2.1.0' });
  expect(named.map(({ place, why }) => `${place} ${why}`).slice(0, 4)).toEqual([
    '#/info/title "Pet Store!" is no name of a contract; it is called pet-store',
    '#/info/version "v2.1" is no semantic version; it is taken as 2.1.0',
    '#/paths/~1b/get has the operationId "list", which is taken already or reserved; it is called list2',
    '#/paths/~1c/get has the operationId "pets/list-all", which is no name that an operation may have; it is called petsListAll',
  ]);
});

test('the path of a server stands before those of operations; its address, and how callers show who they are, are told', () => {
  const more = {
    servers: [{ url: 'https://{region}.example.com/v1/', variables: { region: { default: 'eu' } } }],
    components: {
      securitySchemes: {
        key: { type: 'apiKey', in: 'header', name: 'X-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  };
  const imported = one({ servers: [{ url: '/v2' }] }, more);
  expect(imported.contract.plans.map(({ template }) => template.path)).toEqual(['/v1/ok', '/v2/pets']);
  expect(imported.servers).toEqual([{ url: 'https://eu.example.com', prefix: '/v1' }]);
  expect(imported.security).toEqual([
    { name: 'key', type: 'apiKey', in: 'header', parameter: 'X-Key' },
    { name: 'bearer', type: 'http', scheme: 'bearer' },
  ]);
  const { contract } = contractFromOpenApi(document({ '/a': { get: {} } }, more), {
    name: 'mine',
    version: '3.0.0',
    prefix: '',
  });
  expect(contract).toMatchObject({ name: 'mine', version: '3.0.0', plans: [{ template: { path: '/a' } }] });
});

test('callbacks, webhooks and other methods are told', () => {
  const { leftOut } = one({ callbacks: { done: {} } }, { webhooks: { news: {} } });
  expect(leftOut.map(({ place }) => place)).toEqual(['#/paths/~1pets/post/callbacks/done', '#/webhooks/news']);
});

test('a document of OpenAPI 3.2 is read as one of 3.1, and what 3.2 added is told', () => {
  const { contract, leftOut } = contractFromOpenApi({
    ...document({
      '/pets': {
        get: { operationId: 'pets', ...answering({ type: ['string', 'null'] }) },
        query: { operationId: 'find' },
        additionalOperations: { COPY: { operationId: 'copy' } },
      },
      '/search': {
        get: { parameters: [{ name: 'filter', in: 'querystring', content: { 'application/json': { schema: {} } } }] },
      },
    }),
    openapi: '3.2.0',
  });
  expect(contract.plans.map(({ name }) => name)).toEqual(['pets', 'getSearch']);
  expect(describeContract(contract).operations.pets?.response).toMatchObject({ output: { type: ['string', 'null'] } });
  expect(leftOut).toEqual([
    { place: '#/paths/~1pets/query', why: 'has a method that contracts do not have' },
    { place: '#/paths/~1pets/additionalOperations/COPY', why: 'has a method that contracts do not have' },
    {
      place: '#/paths/~1search/get/parameters/0',
      why: 'is a parameter in querystring: contracts have them in the path, the query and headers',
    },
  ]);
});

describe('a document that gives no contract is refused', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at]},`.repeat(9)}]`).join('\n')}\n`;
  test.each([
    [
      'Swagger 2.0',
      '{"swagger":"2.0","paths":{}}',
      'it is Swagger 2.0, which is not read: convert it to OpenAPI 3 first',
    ],
    ['a later version', 'openapi: 4.0.0', 'its "openapi" must be 3.0.x, 3.1.x or 3.2.x, not "4.0.0"'],
    ['no object', '[]', 'it is no object'],
    ['nothing', '', 'it is no object'],
    ['no JSON', '{"openapi":', 'it is no JSON'],
    ['no YAML', 'openapi: [3.0.0', 'it is no YAML: line 1, column'],
    ['several documents', 'openapi: 3.0.0\n---\nopenapi: 3.0.0', 'it holds several YAML documents'],
    [
      'a key that is not allowed',
      '{"openapi":"3.0.0","paths":{"__proto__":{}}}',
      'the key "paths.__proto__" is not allowed',
    ],
    ['such a key in YAML', 'openapi: 3.0.0\npaths:\n  __proto__: {}', 'the key "paths.__proto__" is not allowed'],
    ['aliases that multiply', `openapi: 3.0.0\n${bomb}`, 'Excessive alias count'],
    [
      'deep JSON',
      `{"openapi":"3.0.0","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'it is nested deeper than 200 levels',
    ],
    ['deep YAML', `openapi: 3.0.0\na: ${'['.repeat(50_000)}`, 'it is nested deeper than 200 levels'],
    [
      'YAML that is indented deeply',
      Array.from({ length: 2000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      'nested deeper',
    ],
    ['indicators in a row', `openapi: 3.0.0\na:\n  ${'- '.repeat(5000)}x`, 'it is nested deeper than 200 levels'],
    [
      'no operation',
      '{"openapi":"3.0.0","info":{"title":"a","version":"1.0.0"}}',
      'it has no operation that a contract can have',
    ],
  ])('%s', async (_what, text, message) => {
    const error: unknown = await readOpenApi(text)
      .then(contractFromOpenApi)
      .catch((thrown: unknown) => thrown);
    expect(isFwkError(error, 'FWK_HTTP_OPENAPI_INVALID')).toBe(true);
    expect(String(error)).toContain(message);
  });

  test('data that holds itself', () => {
    const paths: Record<string, unknown> = {};
    paths.again = paths;
    expect(() => contractFromOpenApi(document(paths))).toThrow('it is nested deeper than 200 levels');
  });
});

test('a large document takes a time in proportion to it', () => {
  const count = 3000;
  const ref = (at: number) => ({ $ref: `#/components/schemas/S${at % count}` });
  const schemas = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `S${at}`,
      { type: 'object', properties: { a: ref(at + 1), b: ref(at * 7) } },
    ]),
  );
  const paths = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`/p${at}`, { get: { ...answering(ref(at)) } }]),
  );
  const { contract, leftOut } = contractFromOpenApi(document(paths, { components: { schemas } }));
  expect(contract.plans).toHaveLength(count);
  expect(leftOut).toEqual([]);
  // Each refers to a bad one in the end, so that all are left out.
  const bad = { ...schemas, S0: { $ref: 'other.json' } };
  expect(() => contractFromOpenApi(document(paths, { components: { schemas: bad } }))).toThrow(
    '#/components/schemas/S0 refers to',
  );
});

describe('documents that others published', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@readme/oas-examples/package.json'));
  const files = ['3.0', '3.1'].flatMap((version) =>
    ['json', 'yaml'].flatMap((form) =>
      readdirSync(join(folder, version, form))
        .filter((name) => name.endsWith(form))
        .map((name) => `${version}/${form}/${name}`),
    ),
  );

  test.each(files.filter((name) => !name.includes('/webhooks.')))(
    '%s gives a contract, at run time and as a module',
    async (name) => {
      const given = await readOpenApi(readFileSync(join(folder, name), 'utf8'));
      const imported = contractFromOpenApi(given);
      const made = contractModule(given);
      expect(imported.contract.plans.length).toBeGreaterThan(0);
      for (const { name: operation } of imported.contract.plans) expect(made.source).toContain(`    ${operation}: `);
      expect(made.leftOut).toEqual(imported.leftOut);
      expect(contractModule(given).source).toBe(made.source);
    },
  );

  test.each(
    ['2.0/json', '2.0/yaml']
      .flatMap((form) => readdirSync(join(folder, form)).map((name) => `${form}/${name}`))
      .filter((name) => /\.(json|yaml)$/.test(name)),
  )('%s is refused by name', async (name) => {
    const given = await readOpenApi(readFileSync(join(folder, name), 'utf8'));
    expect(() => contractFromOpenApi(given)).toThrow('it is Swagger 2.0');
  });
});
