/** `@Serves` as users compile it: tsc and esbuild, legacy and standard dialect, run by Node itself. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const fixture = fileURLToPath(new URL('../fixtures/decorated.ts', import.meta.url));
// Inside the repository, so that the programs find their libraries.
const work = `${root}.cache/serves-${process.pid}`;
const aliases = Object.fromEntries(
  ['kernel', 'core', 'resilience', 'discovery', 'http'].map((name) => [
    `@fwk/${name}`,
    `${root}packages/${name}/src/index.ts`,
  ]),
);

/** Puts a program and our sources into one file, so that no build has to exist. */
async function bundle(entry: string, name: string, experimentalDecorators: boolean): Promise<string> {
  const outfile = `${work}/${name}.mjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    external: ['opossum', 'undici', 'pino', 'prom-client', 'tsyringe', 'reflect-metadata', 'consul'],
    alias: aliases,
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    logLevel: 'error',
  });
  return outfile;
}

/** Compiles the fixture alone; types are checked too, against the sources. */
async function tsc(name: string, compilerOptions: Record<string, unknown>): Promise<string> {
  const config = `${work}/tsconfig.${name}.json`;
  await writeFile(
    config,
    JSON.stringify({
      extends: `${root}tsconfig.base.json`,
      compilerOptions: {
        ...compilerOptions,
        composite: false,
        incremental: false,
        declaration: false,
        declarationMap: false,
        outDir: `${work}/${name}`,
        rootDir: root,
        paths: Object.fromEntries(Object.entries(aliases).map(([from, to]) => [from, [to]])),
        typeRoots: [`${root}node_modules/@types`],
      },
      files: [fixture],
    }),
  );
  await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', config]);
  return `${work}/${name}/packages/http/src/fixtures/decorated.js`;
}

beforeAll(() => mkdir(work, { recursive: true }));
afterAll(() => rm(work, { recursive: true, force: true }));

test.each<[string, () => Promise<string>]>([
  ['tsc, legacy with metadata', () => tsc('legacy', { experimentalDecorators: true, emitDecoratorMetadata: true })],
  ['tsc, standard', () => tsc('standard', {})],
  ['esbuild, legacy', async () => fixture],
  ['esbuild, standard', async () => fixture],
])('a class compiled by %s is built, served and called', async (name, compile) => {
  const program = await bundle(await compile(), name.replaceAll(/\W+/g, '-'), name.includes('legacy'));
  const { stdout } = await run(process.execPath, [program]);
  expect(JSON.parse(stdout)).toEqual({ answer: 'Hello, Ada' });
});
