/** The program of the README compiles, and prints what the README says. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Inside the repository, so that the program finds what is installed.
const work = `${root}.cache/mux-readme-${process.pid}`;
let output: string;

beforeAll(async () => {
  await mkdir(work, { recursive: true });
  const readme = await readFile(`${root}packages/mux/README.md`, 'utf8');
  const [, program, printed] = /^```ts\n(\/\/ hello\.ts\n.*?)^```\n\n```text\n(.*?)^```/ms.exec(readme) ?? [];
  await writeFile(`${work}/hello.ts`, program!);
  output = printed!;
});
afterAll(() => rm(work, { recursive: true, force: true }));

test('a call to a server prints its answer as the README shows it', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await import(`${work}/hello.ts`);
    expect(`${said.mock.calls.join('\n')}\n`).toBe(output);
  } finally {
    said.mockRestore();
  }
}, 60_000);

test('the program compiles', async () => {
  await writeFile(
    `${work}/tsconfig.json`,
    JSON.stringify({ extends: `${root}tsconfig.test.json`, include: [], files: ['hello.ts'] }),
  );
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', work, '--noEmit']).catch(
    (failed: { stdout: string }) => failed,
  );
  expect(stdout).toBe('');
}, 120_000);
