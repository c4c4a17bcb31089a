/** The program of the README that prints the layers of a server and a client prints what the README says. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Inside the repository, so that the program finds what is installed.
const work = `${root}.cache/http-readme-${process.pid}`;

beforeAll(() => mkdir(work, { recursive: true }));
afterAll(() => rm(work, { recursive: true, force: true }));

test('the layers of a server and a client are printed as the README shows them', async () => {
  const readme = await readFile(`${root}packages/http/README.md`, 'utf8');
  const [, program, output] = /^```ts\n(\/\/ layers\.ts\n.*?)^```\n\n```text\n(.*?)^```/ms.exec(readme) ?? [];
  await writeFile(`${work}/layers.ts`, program!);
  const printed: string[] = [];
  const print = vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(`${text}\n`));
  try {
    await import(`${work}/layers.ts`);
  } finally {
    print.mockRestore();
  }
  expect(printed.join('')).toBe(output);
}, 60_000);
