/** The decorator as users compile it: tsc and esbuild, legacy and standard dialect, run by Node itself. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OnMembership } from '../membership/on-membership.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const fixture = fileURLToPath(new URL('./fixtures/price-board.ts', import.meta.url));
const aliases = Object.fromEntries(
  ['kernel', 'discovery'].map((name) => [`@fwk/${name}`, `${root}packages/${name}/src/index.ts`]),
);
let work = '';

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'fwk-on-membership-'));
});
afterAll(() => rm(work, { recursive: true }));

/** Puts a program and our sources into one file, so that no build has to exist. */
async function bundle(entry: string, name: string, experimentalDecorators: boolean): Promise<string> {
  const outfile = join(work, `${name}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    alias: aliases,
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    logLevel: 'error',
  });
  return outfile;
}

/** Compiles the fixture with types checked, against the sources. */
async function tsc(name: string, compilerOptions: Record<string, unknown>): Promise<string> {
  const config = join(work, `tsconfig.${name}.json`);
  const plain = { composite: false, incremental: false, declaration: false, declarationMap: false, sourceMap: false };
  const options = {
    ...{ ...compilerOptions, ...plain, rootDir: root, outDir: join(work, name) },
    paths: Object.fromEntries(Object.entries(aliases).map(([from, to]) => [from, [to]])),
    typeRoots: [`${root}node_modules/@types`],
  };
  await writeFile(
    config,
    JSON.stringify({ extends: `${root}tsconfig.base.json`, compilerOptions: options, files: [fixture] }),
  );
  await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', config]);
  return join(work, name, 'packages/discovery/src/component/fixtures/price-board.js');
}

test.each<[string, () => Promise<string>]>([
  ['tsc, legacy with metadata', () => tsc('legacy', { experimentalDecorators: true, emitDecoratorMetadata: true })],
  ['tsc, standard', () => tsc('standard', {})],
  ['esbuild, legacy', async () => fixture],
  ['esbuild, standard', async () => fixture],
])(
  'compiled by %s, decorated methods hear what is known, each change, and nothing after the stop',
  async (name, compile) => {
    const program = await bundle(await compile(), name.replaceAll(/\W+/g, '-'), name.includes('legacy'));
    const { stdout } = await run(process.execPath, [program]);
    expect(JSON.parse(stdout)).toEqual({
      early: ['+1 -', '+2 -', '+ -1'],
      after: ['+1 -', '+2 -', '+ -1'],
      byHand: [],
      // A method that fails is told of the next change all the same.
      errors: ['broken', 'broken', 'broken', 'late'],
    });
  },
);

test('is refused without a service and where there is no method', () => {
  expect(() => OnMembership('')).toThrow('service must be a non-empty string');
  const decorate = OnMembership('pricing') as (target: object, name: string, descriptor: PropertyDescriptor) => void;
  expect(() => decorate({}, 'size', { get: () => 1 })).toThrow('must stand on a method, which "size" is not');
});
