import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { visit } from './fixtures/both-dialects.js';
import { fill } from './fixtures/legacy-only.js';

/**
 * The fixtures as users compile them. Compiled copies are run by plain Node against the built package; they lie below
 * dist/, where `@fwk/core` resolves as it does for users.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const tsc = join(root, 'node_modules/.bin/tsc');
let folder: string;

const expectedVisit = {
  label: 'shelf',
  singleton: true,
  transients: true,
  motto: 'always open',
  accessor: true,
  doors: 'UP',
  doorsChecked: true,
  roof: 'DOWN',
  plain: 'shelf',
  reflectLeft: false,
};

beforeAll(async () => {
  folder = await mkdtemp(join(root, 'packages/core/dist/.fixtures-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Compiles with tsc into a folder of its own and answers the compiled file. */
async function byTsc(name: string, fixture: string, options: object): Promise<string> {
  const outDir = join(folder, name);
  const config = join(folder, `${name}.json`);
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    skipLibCheck: true,
    rootDir: folder,
    outDir,
    ...options,
  };
  const source = join(folder, `${name}-${fixture}.ts`);
  await writeFile(source, await readFile(join(fixtures, `${fixture}.ts`), 'utf8'));
  await writeFile(config, JSON.stringify({ compilerOptions, files: [source] }));
  await run(tsc, ['-p', config]).catch((error: { stdout?: string }) => {
    throw new Error(`tsc ${name} ${fixture}: ${error.stdout}`, { cause: error });
  });
  return join(outDir, `${name}-${fixture}.js`);
}

async function byEsbuild(name: string, fixture: string, compilerOptions: object): Promise<string> {
  const source = await readFile(join(fixtures, `${fixture}.ts`), 'utf8');
  // A target below its newest, or esbuild leaves standard decorators as they are, which Node cannot read.
  const { code } = await transform(source, { loader: 'ts', target: 'es2022', tsconfigRaw: { compilerOptions } });
  const file = join(folder, `${name}-${fixture}.js`);
  await writeFile(file, code);
  return file;
}

async function outcome(file: string, call: 'visit' | 'fill'): Promise<unknown> {
  const script = `import(process.argv[1]).then(async (m) => console.log(JSON.stringify(await m.${call}())))`;
  const { stdout } = await run(process.execPath, ['-e', script, file]);
  return JSON.parse(stdout);
}

describe('decorators as users compile them', () => {
  test.each([
    ['tsc, legacy with metadata', { experimentalDecorators: true, emitDecoratorMetadata: true }],
    ['tsc, legacy', { experimentalDecorators: true }],
    ['tsc, standard', {}],
  ])('%s', async (name, options) => {
    const file = await byTsc(name.replace(/\W+/g, '-'), 'both-dialects', options);
    expect(await outcome(file, 'visit')).toEqual(expectedVisit);
  });

  test.each([
    ['esbuild, legacy', { experimentalDecorators: true, useDefineForClassFields: true }],
    ['esbuild, standard', {}],
  ])('%s', async (name, options) => {
    const file = await byEsbuild(name.replace(/\W+/g, '-'), 'both-dialects', options);
    expect(await outcome(file, 'visit')).toEqual(expectedVisit);
  });

  test('vitest (oxc), legacy with metadata', async () => {
    expect(await visit()).toEqual(expectedVisit);
    expect(fill()).toEqual({ explicit: 'Ledger EUR', byType: 'Ledger EUR' });
  });
});

describe('constructor parameters, which only legacy decorators have', () => {
  test('are filled by type and by @Inject where tsc emits metadata', async () => {
    const options = { experimentalDecorators: true, emitDecoratorMetadata: true };
    const file = await byTsc('parameters-metadata', 'legacy-only', options);
    expect(await outcome(file, 'fill')).toEqual({ explicit: 'Ledger EUR', byType: 'Ledger EUR' });
  });

  test('are filled by @Inject where there is no metadata, and the rest is refused by name', async () => {
    const expected = { explicit: 'Ledger EUR', byType: 'FWK_CORE_PARAMETERS_UNKNOWN' };
    const compiled = await byTsc('parameters', 'legacy-only', { experimentalDecorators: true });
    expect(await outcome(compiled, 'fill')).toEqual(expected);
    const bundled = await byEsbuild('parameters-esbuild', 'legacy-only', { experimentalDecorators: true });
    expect(await outcome(bundled, 'fill')).toEqual(expected);
  });
});
