import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeEnv } from '../service/env.js';
import { noLogger } from '../telemetry/logger.js';
import { fakeClock } from '../testing/fake-clock.js';
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

/** A file of its own folder, and what its owner is warned of. */
async function saved() {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-saved-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'known.json');
  const problems: string[] = [];
  const warn = (fields: object) => void problems.push(String('problem' in fields ? fields.problem : fields));
  const env = makeEnv({ logger: { ...noLogger, warn } });
  const what = { file, what: 'what is known', debounceMs: 1, maxBytes: 1000 };
  const made = new SavedFile(what, env, () => '"new"');
  const write = () => {
    made.changed();
    return made.close();
  };
  return { folder, file, problems, read: () => made.read(String), write };
}

describe('a file that somebody else has put in its place', () => {
  test('is neither waited for nor believed when it is a pipe, and makes room for the next', async () => {
    const { file, problems, read, write } = await saved();
    execFileSync('mkfifo', [file]);
    expect(read()).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('not a regular file')]);
    await write();
    expect(await readFile(file, 'utf8')).toBe('"new"');
  });

  test('is not believed when others may write it, and stays as it is', async () => {
    const { folder, file, problems, read } = await saved();
    await writeFile(file, '"planted"');
    await chmod(file, 0o666);
    expect(read()).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('others may write it')]);
    expect(await readdir(folder)).toEqual(['known.json']);
  });

  test('is not followed when it is a link, neither in reading nor in writing', async () => {
    const { folder, file, problems, read, write } = await saved();
    const target = join(folder, 'target');
    await writeFile(target, '"of another"');
    await symlink(target, file);
    expect(read()).toBeUndefined();
    expect(problems).toEqual(['it is a link']);
    await write();
    expect(await readFile(target, 'utf8')).toBe('"of another"');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is not read when it is larger than any of ours, and kept aside', async () => {
    const { folder, file, problems, read } = await saved();
    await writeFile(file, `"${'x'.repeat(1000)}"`);
    expect(read()).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('above the limit of 1000')]);
    expect(await readdir(folder)).toEqual(['known.json.bad']);
  });
});

test('is written under names that nobody can plant links at', async () => {
  const { folder, file, write } = await saved();
  const target = join(folder, 'target');
  await writeFile(target, '"of another"');
  for (let number = 1; number <= 50; number++) await symlink(target, `${file}.${process.pid}-${number}.tmp`);
  await write();
  expect(await readFile(target, 'utf8')).toBe('"of another"');
  expect(await readFile(file, 'utf8')).toBe('"new"');
});

test('is written again and again until it can be, and once more at the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-saved-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'later', 'known.json');
  const warned: unknown[] = [];
  const clock = fakeClock();
  const env = makeEnv({ clock, logger: { ...noLogger, warn: (fields) => void warned.push(fields) } });
  const what = { file, what: 'what is known', debounceMs: 1, maxBytes: 1000 };
  const made = new SavedFile(what, env, () => '"new"');
  made.changed();
  await clock.advance(1);
  await expect.poll(() => warned).toHaveLength(1);
  await mkdir(join(folder, 'later'));
  await expect.poll(() => clock.advance(10_000).then(() => readFile(file, 'utf8'))).toBe('"new"');
  await rm(join(folder, 'later'), { recursive: true });
  made.changed();
  await clock.advance(1);
  await expect.poll(() => warned).toHaveLength(2);
  await mkdir(join(folder, 'later'));
  await expect.poll(() => made.close().then(() => readFile(file, 'utf8'))).toBe('"new"');
});
