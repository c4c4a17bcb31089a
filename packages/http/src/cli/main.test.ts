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

test.each([
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
