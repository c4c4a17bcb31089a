/** TypeScript in the documentation compiles, and what a page says that a program prints is what it prints. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pagesWithSnippets, snippetsOf } from './docs/snippets.mjs';
import { root } from './workspace.mjs';

const run = promisify(execFile);
// Inside the repository, so that packages and types are found as the programs of users find them.
const work = join(root, '.cache', `snippets-${process.pid}`);
const snippets = pagesWithSnippets().flatMap((page) => snippetsOf(page));
let complaints: string;

beforeAll(async () => {
  cpSync(join(root, 'scripts/docs/given'), join(work, 'given'), { recursive: true });
  for (const { file, code } of snippets) {
    mkdirSync(dirname(join(work, file)), { recursive: true });
    writeFileSync(join(work, file), code);
  }
  writeFileSync(join(work, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    ...{ rootDir: '.', outDir: 'out', composite: false, incremental: false, declaration: false, declarationMap: false },
    ...{
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      verbatimModuleSyntax: false,
      isolatedModules: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
  };
  writeFileSync(
    join(work, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['*/**/*.ts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', work, '--pretty', 'false']).catch(
    (failed: { stdout: string }) => failed,
  );
  complaints = stdout;
}, 120_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What the compiler says, at the lines of the pages. */
function inPages(said: string): readonly string[] {
  return said
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, path, at, rest] = /^(\S+)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
      const found = snippets.find(({ file }) => path?.endsWith(file));
      return found ? `${found.page}:${found.line + Number(at) - 1}: ${rest}` : line;
    });
}

test('every TypeScript block compiles', () => {
  expect(snippets.length).toBeGreaterThan(70);
  expect(inPages(complaints)).toEqual([]);
});

test('no two blocks of a page are the same file', () => {
  const files = snippets.map(({ file }) => file);
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([]);
});

describe('a program whose output is shown prints that', () => {
  const shown = snippets.filter(({ prints }) => prints !== undefined);
  test.each(shown)('$file', async ({ file, prints }) => {
    const { stdout } = await run(process.execPath, [join(work, 'out', file.replace(/\.ts$/, '.js'))]);
    expect(stdout).toBe(prints);
  });
});
