/** Every program of the guide to contracts compiles, and prints what stands below it. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Inside the repository, so that the programs find what is installed.
const work = `${root}.cache/contracts-guide-${process.pid}`;
const guide = await readFile(`${root}docs/contracts.md`, 'utf8');
const programs = [...guide.matchAll(/^```ts\n\/\/ ([\w-]+\.ts)\n(.*?)^```\n\n```text\n(.*?)^```/gms)].map(
  ([, name = '', program = '', output = '']) => ({ name, program, output }),
);

beforeAll(async () => {
  await mkdir(work, { recursive: true });
  await Promise.all(programs.map(({ name, program }) => writeFile(`${work}/${name}`, program)));
});
afterAll(() => rm(work, { recursive: true, force: true }));

test('all programs are found, each by a name of its own', () => {
  // What names no file is a part of one, which scripts/snippets.test.ts compiles.
  expect(programs.length).toBe(guide.match(/^```ts\n\/\/ [\w-]+\.ts$/gm)?.length);
  expect(new Set(programs.map(({ name }) => name)).size).toBe(programs.length);
});

test.each(programs)(
  '$name prints what the guide shows',
  async ({ name, output }) => {
    const printed: string[] = [];
    const print = vi
      .spyOn(console, 'log')
      .mockImplementation((...values: unknown[]) => void printed.push(`${format(...values)}\n`));
    try {
      await import(`${work}/${name}`);
    } finally {
      print.mockRestore();
    }
    expect(printed.join('')).toBe(output);
  },
  60_000,
);

test('all programs compile', async () => {
  const tsconfig = {
    extends: `${root}tsconfig.test.json`,
    compilerOptions: { typeRoots: [`${root}node_modules/@types`] },
    include: [],
    files: programs.map(({ name }) => name),
  };
  await writeFile(`${work}/tsconfig.json`, JSON.stringify(tsconfig));
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  const compiled = promisify(execFile)(process.execPath, [compiler, '-p', work]);
  const { stdout } = await compiled.catch((failed: { readonly stdout: string }) => failed);
  expect(stdout).toBe('');
}, 120_000);
