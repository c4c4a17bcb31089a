/** Every TypeScript snippet of the README compiles as it stands there: its imports are all that it needs of ours. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
// Inside the repository, so that the snippets find installed types.
const work = `${root}.cache/readme-${process.pid}`;

/** What the reader brings along. */
const readersOwn = `
interface Price { readonly cents: number }
type Quote = Price;
interface Cart { readonly sku: string }
interface Order { readonly id: string }
interface Receipt { readonly id: string }
declare function fetchQuote(sku: string): Promise<Price>;
declare function fetchPrice(sku: string): Promise<Price>;
declare function lastKnownPrice(sku: unknown): Price;
declare function sendPayment(order: Order): Promise<Receipt>;
declare const order: Order;
`;

async function snippets(): Promise<readonly string[]> {
  const readme = await readFile(`${root}packages/resilience/README.md`, 'utf8');
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
}

beforeAll(() => mkdir(work, { recursive: true }));
afterAll(() => rm(work, { recursive: true, force: true }));

test('every snippet of the README compiles', async () => {
  const found = await snippets();
  expect(found.length).toBeGreaterThan(5);
  const files = await Promise.all(
    found.map(async (code, index) => {
      // Without an import of its own a snippet must still not share its names with the others.
      await writeFile(`${work}/snippet-${index + 1}.ts`, `${code}export {};\n`);
      return `snippet-${index + 1}.ts`;
    }),
  );
  await writeFile(`${work}/readers-own.d.ts`, readersOwn);
  await writeFile(
    `${work}/tsconfig.json`,
    JSON.stringify({
      extends: `${root}tsconfig.test.json`,
      compilerOptions: {
        noUnusedLocals: false,
        noUnusedParameters: false,
        paths: { '@fwk/*': [`${root}packages/*/src/index.ts`] },
        typeRoots: [`${root}node_modules/@types`],
      },
      include: [],
      files: ['readers-own.d.ts', ...files],
    }),
  );
  const { stdout } = await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', work]).catch(
    (failed: { stdout: string }) => failed,
  );
  expect(stdout).toBe('');
});
