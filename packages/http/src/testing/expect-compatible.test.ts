import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { describeContract } from '../evolution.js';
import { expectCompatible, readContract } from '../testing.js';

const stock = (version: string, answer: z.ZodType, body: z.ZodType = z.object({ sku: z.string() })) =>
  contract('stock', {
    version,
    operations: { left: get('/left', { response: answer }), reserve: post('/reserve', { body }) },
  });
const old = stock('1.0.0', z.object({ left: z.number() }));

test('lets compatible changes pass whose version says so', () => {
  expectCompatible(old, old);
  expectCompatible(old, stock('1.1.0', z.object({ left: z.number(), reserved: z.number() })));
});

test('says of a breaking change whom it breaks and why, as an assertion of Node', () => {
  const newer = stock('1.1.0', z.object({ left: z.string() }));
  expect(() => expectCompatible(old, newer)).toThrow(
    expect.objectContaining({
      code: 'ERR_ASSERTION',
      message: expect.stringMatching(
        /^stock 1\.0\.0 → 1\.1\.0\n\nBreaks clients of the old contract.*\n {2}left response \/left: /,
      ),
    }),
  );
  expect(() => expectCompatible(old, newer, { allowMajor: true })).toThrow(/less than a major change needs/);
  expectCompatible(old, stock('2.0.0', z.object({ left: z.string() })), { allowMajor: true });
  expectCompatible(old, newer, { allowMajor: true, checkVersion: false });
});

test('does not let pass what cannot be compared, unless it is told to', () => {
  const newer = stock('1.0.1', z.object({ left: z.number() }), z.object({ sku: z.string(), at: z.date() }));
  expect(() => expectCompatible(old, newer)).toThrow(/Cannot be compared:\n {2}reserve body/);
  expectCompatible(old, newer, { allowUnknown: true });
});

test('reads what was kept of a release', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contracts-'));
  try {
    const kept = join(folder, 'stock.json');
    await writeFile(kept, JSON.stringify(describeContract(old)));
    expectCompatible(await readContract(kept), old);
    await writeFile(kept, '{}');
    await expect(readContract(kept)).rejects.toThrow(
      /is no description of a contract, as fwk-contract describe writes it/,
    );
    await expect(readContract(join(folder, 'none.json'))).rejects.toThrow(/none\.json cannot be read: ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
