import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTokenFile } from './token-file.js';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'fwk-token-test-'));
});

afterEach(() => rmSync(parent, { recursive: true }));

/** A process id that no process has any more. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

/** A token's directory with the name that another process would have given it. */
async function leftBy(pid: number): Promise<string> {
  const made = dirname((await makeTokenFile(parent)).path);
  const left = join(parent, basename(made).replace(`-${process.pid}-`, `-${pid}-`));
  renameSync(made, left);
  return left;
}

test('what a killed process has left is removed by the next start, and what a living one uses stays', async () => {
  const living = dirname((await makeTokenFile(parent)).path);
  const other = await leftBy(process.ppid);
  const dead = await leftBy(deadPid());
  await makeTokenFile(parent);
  expect([living, other, dead].map((directory) => existsSync(directory))).toEqual([true, true, false]);
});

test('a process of another machine or container is not judged', async () => {
  const left = await leftBy(deadPid());
  const foreign = left.replace(/management-[0-9a-f]{8}-/, 'management-00000000-');
  renameSync(left, foreign);
  await makeTokenFile(parent);
  expect(existsSync(join(foreign, 'token'))).toBe(true);
});

test.skipIf(process.platform === 'win32')('what was put in the way is not touched', async () => {
  const pid = deadPid();
  const precious = join(parent, 'precious');
  mkdirSync(precious, { mode: 0o700 });
  writeFileSync(join(precious, 'token'), 'mine');
  const left = await leftBy(pid);
  const link = `${left.slice(0, -6)}abcdef`;
  symlinkSync(precious, link);
  const filled = `${left.slice(0, -6)}abcdeg`;
  mkdirSync(join(filled, 'work'), { recursive: true, mode: 0o700 });
  const open = `${left.slice(0, -6)}abcdeh`;
  mkdirSync(open, { mode: 0o755 });
  await makeTokenFile(parent);
  expect(existsSync(left)).toBe(false);
  expect([join(precious, 'token'), link, join(filled, 'work'), open].map((path) => existsSync(path))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});
