import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEnv, noLogger } from '@fwk/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { SavedFile } from './saved-file.js';

test('several that are given the same file never leave half of it to a reader', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-saved-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'known.json');
  const warned: unknown[] = [];
  const env = makeEnv({ logger: { ...noLogger, warn: (fields) => void warned.push(fields) } });
  const text = JSON.stringify('x'.repeat(500_000));
  const owners = Array.from({ length: 4 }, () => {
    return new SavedFile({ file, what: 'what is known', debounceMs: 1, maxBytes: 1e6 }, env, () => text);
  });
  for (let round = 0; round < 25; round++) {
    for (const owner of owners) owner.changed();
    await Promise.all(owners.map((owner) => owner.close()));
    expect(await readFile(file, 'utf8')).toBe(text);
  }
  expect(warned).toEqual([]);
  expect(await readdir(folder)).toEqual(['known.json']);
});
