import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findCommit } from './commit.js';

const commit = '3f2a9c1b7d4e5f60718293a4b5c6d7e8f9a0b1c2';

/** A program two folders below its package. */
async function programIn(manifest: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-commit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'dist', 'services'), { recursive: true });
  await writeFile(join(folder, 'package.json'), manifest);
  await writeFile(join(folder, 'dist', 'services', 'main.js'), '');
  return join(folder, 'dist', 'services', 'main.js');
}

test('a commit is found in the environment, the most deliberate variable first', async () => {
  expect(await findCommit({ GITHUB_SHA: commit, GIT_COMMIT: 'abcdef1' }, undefined)).toBe('abcdef1');
  expect(await findCommit({ GITHUB_SHA: commit }, undefined)).toBe(commit);
});

test('what is no commit is not shown, since it may be anything', async () => {
  for (const value of ['', 'main', 'hunter2', 'abc123', `${commit}\n`]) {
    expect(await findCommit({ GIT_COMMIT: value }, undefined)).toBeUndefined();
  }
});

test('it is found in the package of the program, as npm publishes it', async () => {
  expect(await findCommit({}, await programIn(JSON.stringify({ name: 'shop', gitHead: commit })))).toBe(commit);
});

test.each(['{"name":"shop"}', '{"gitHead":7}', '{"gitHead":"main"}', '[]', 'null', '{'])(
  'a package that does not say it leaves it open: %s',
  async (manifest) => {
    expect(await findCommit({}, await programIn(manifest))).toBeUndefined();
  },
);

test('a program that is no file leaves it open', async () => {
  expect(await findCommit({}, join(tmpdir(), 'no', 'such', 'program.js'))).toBeUndefined();
});
