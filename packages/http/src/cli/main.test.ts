import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/fwk-contract.js', import.meta.url));
let folder: string;

/** Contracts as a program exports them; zod is found from here. */
const moduleOf = (version: string, most: number) => `
  import { contract, get, post } from ${JSON.stringify(import.meta.resolve('@fwk/http'))};
  import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
  export const stock = contract('stock', { version: '${version}', operations: {
    reserve: post('/reserve', { body: z.object({ quantity: z.int().max(${most}) }) }),
  } });
  export const shelves = contract('shelves', { version: '1.0.0', operations: { list: get('/shelves') } });
`;

const petsOf = (limit: string) => `
openapi: 3.1.0
info: { title: pets, version: 1.0.0 }
servers: [{ url: https://pets.example/v1 }]
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - { name: limit, in: query, schema: ${limit} }
        - { name: session, in: cookie, schema: {} }
      responses: { 200: { content: { application/json: { schema: { type: array, items: { type: string } } } } } }
components: { securitySchemes: { key: { type: http, scheme: bearer } } }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-contract-'));
  const files = {
    'old.mjs': moduleOf('1.0.0', 9),
    'wider.mjs': moduleOf('1.1.0', 99),
    'narrower.mjs': moduleOf('1.1.0', 5),
  };
  for (const [name, text] of Object.entries({
    ...files,
    'none.mjs': 'export {};',
    'no.json': '{"a":',
    'other.json': '{"kind":"other"}',
    'pets.yaml': petsOf('{ type: integer }'),
    'strict.yaml': petsOf('{ type: integer, maximum: 9 }'),
    'old-pets.json': '{"swagger":"2.0"}',
    'bad.yaml': 'openapi: [',
  })) {
    await writeFile(join(folder, name), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

function run(...args: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd: folder }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('says what breaks whom, and that the version does not say so', async () => {
  expect(await run('diff', 'old.mjs#stock', 'narrower.mjs#stock')).toEqual({
    code: 1,
    out: [
      'stock 1.0.0 → 1.1.0',
      '',
      'Breaks clients of the old contract at servers of the new one:',
      '  reserve body /quantity: the new contract takes numbers up to 5',
      '',
      'Breaking: a major change.',
      'The version went from 1.0.0 to 1.1.0, which is less than a major change needs.',
      '',
    ].join('\n'),
    err: '',
  });
});

test('lets a compatible change pass, also against a description that was kept', async () => {
  const kept = await run('describe', 'old.mjs#stock');
  await writeFile(join(folder, 'kept.json'), kept.out);
  const { code, out } = await run('diff', 'kept.json', 'wider.mjs#stock', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ breaking: false, serversFirst: true, needs: 'minor', versionFits: true });
});

test('writes OpenAPI, of a module and of a description', async () => {
  const { code, out } = await run('openapi', 'old.mjs#stock');
  expect(code).toBe(0);
  await writeFile(join(folder, 'kept.json'), (await run('describe', 'old.mjs#stock')).out);
  expect((await run('openapi', 'kept.json')).out).toBe(out);
  expect(JSON.parse(out)).toMatchObject({
    openapi: '3.1.1',
    paths: { '/reserve': { post: { operationId: 'reserve' } } },
  });
});

test('makes a contract of an OpenAPI document, and says what to know about it', async () => {
  const { code, out, err } = await run('import', 'pets.yaml');
  expect(code).toBe(0);
  expect(out).toContain("export const pets = contract('pets', {\n  version: '1.0.0',");
  expect(out).toContain("listPets: get('/v1/pets', {");
  expect(err).toBe(
    [
      'Endpoints for its client:',
      '  https://pets.example',
      'Its callers show who they are; give the headers of the client:',
      '  key http bearer',
      'Left out:',
      '  #/paths/~1pets/get/parameters/1 is a parameter in cookie: cookies belong to no operation; a client sends them by its headers',
      '',
    ].join('\n'),
  );
  const named = await run('import', 'pets.yaml', '--name', 'animals', '--prefix', '');
  expect(named.out).toContain("export const animals = contract('animals', {");
  expect(named.out).toContain("listPets: get('/pets', {");
});

test('compares, describes and writes documents as contracts', async () => {
  const { code, out } = await run('diff', 'pets.yaml', 'strict.yaml');
  expect(code).toBe(1);
  expect(out).toContain('listPets query /limit: the new contract takes numbers up to 9');
  expect((await run('diff', 'strict.yaml', 'pets.yaml')).code).toBe(0);
  expect(JSON.parse((await run('describe', 'pets.yaml')).out)).toMatchObject({
    kind: 'fwk.contract-description',
    name: 'pets',
  });
  expect(JSON.parse((await run('openapi', 'pets.yaml')).out)).toMatchObject({
    openapi: '3.1.1',
    info: { title: 'pets' },
  });
});

test.each([
  [
    ['import', 'old-pets.json'],
    'old-pets.json: the OpenAPI document cannot be used: it is Swagger 2.0, which is not read',
  ],
  [['import', 'bad.yaml'], 'bad.yaml: the OpenAPI document cannot be used: it is no YAML: line 1'],
  [['import', 'gone.yaml'], 'gone.yaml cannot be read: '],
  [['import'], 'import takes 1 place, not 0'],
  [['import', 'pets.yaml', '--prefix', 'v1'], 'prefix must be a path such as "/v1", or empty'],
  [['import', 'pets.yaml', '--name', 'My Pets'], 'its name must be lowercase letters and digits'],
  [['diff', 'pets.yaml', 'old-pets.json'], 'it is Swagger 2.0, which is not read'],
  [['diff', 'old.mjs', 'wider.mjs'], 'old.mjs exports several contracts; say one of old.mjs#shelves, old.mjs#stock'],
  [['diff', 'old.mjs#shelf', 'wider.mjs'], 'old.mjs exports no contract as "shelf"; say one of old.mjs#shelves'],
  [['openapi', 'none.mjs'], 'none.mjs exports no contract'],
  [['openapi', 'gone.mjs'], 'gone.mjs cannot be read: '],
  [['openapi', 'no.json'], 'no.json cannot be read: '],
  [['openapi', 'other.json'], 'other.json is no description of a contract'],
  [['diff', 'old.mjs'], 'diff takes 2 places, not 1'],
  [['merge'], '"merge" is no command'],
])('says what is wrong with %j', async (args, message) => {
  const { code, out, err } = await run(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
  expect(err).toContain('fwk-contract diff OLD NEW');
});
