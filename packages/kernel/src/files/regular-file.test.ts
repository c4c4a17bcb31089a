import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileRefusedError, ownershipProblem, readRegularFile, readRegularFileSync } from './regular-file.js';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-regular-file-'));
  file = join(folder, 'file');
});

afterEach(() => rm(folder, { recursive: true }));

const ways = {
  async: readRegularFile,
  sync: async (...args: Parameters<typeof readRegularFileSync>) => readRegularFileSync(...args),
};

describe.each(Object.entries(ways))('reading a file (%s)', (_way, read) => {
  test.each([0, 1, 65_535, 65_536, 300_000])('gives all of its %i bytes', async (size) => {
    const bytes = Buffer.alloc(size, 'x');
    await writeFile(file, bytes);
    expect((await read(file, { maxBytes: 300_000 })).equals(bytes)).toBe(true);
  });

  test('refuses what is too large, and says how large it is', async () => {
    await writeFile(file, Buffer.alloc(1001));
    await expect(read(file, { maxBytes: 1000 })).rejects.toThrow('it has 1001 bytes, above the limit of 1000');
  });

  test('reads a file that does not know its size, and no more of it than allowed', async () => {
    if (process.platform !== 'linux') return;
    expect((await read('/proc/self/status', { maxBytes: 65_536 })).toString()).toContain('Pid:');
    await expect(read('/proc/self/status', { maxBytes: 10 })).rejects.toThrow('more than 10 bytes');
  });

  test('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [file]);
    await expect(read(file, { maxBytes: 10 })).rejects.toThrow('it is a pipe, socket or device, not a regular file');
  });

  test.each([
    ['a directory', () => folder, 'it is a directory'],
    ['a device without end', () => '/dev/zero', 'it is a pipe, socket or device'],
  ])('refuses %s', async (_what, path, problem) => {
    await expect(read(path(), { maxBytes: 10 })).rejects.toThrow(problem);
  });

  test('follows links where the file need not be one’s own', async () => {
    await writeFile(join(folder, 'target'), 'text');
    await symlink('target', file);
    expect(String(await read(file, { maxBytes: 10 }))).toBe('text');
    await expect(read(file, { maxBytes: 10, own: true })).rejects.toThrow(FileRefusedError);
  });

  test('says what the system says of a file that is missing', async () => {
    await expect(read(file, { maxBytes: 10 })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    [0o600, undefined],
    [0o644, undefined],
    [0o660, 'others may write it'],
    [0o606, 'others may write it'],
  ])('takes a file of one’s own of mode %o for: %s', async (mode, problem) => {
    await writeFile(file, 'text');
    await chmod(file, mode);
    const reading = read(file, { maxBytes: 10, own: true });
    if (problem) await expect(reading).rejects.toThrow(problem);
    else expect(String(await reading)).toBe('text');
  });

  test('refuses a file of one’s own where everybody may replace it, and not where only its owner may', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    const inside = join(open, 'file');
    await writeFile(inside, 'text', { mode: 0o600 });
    await chmod(open, 0o777);
    await expect(read(inside, { maxBytes: 10, own: true })).rejects.toThrow('everybody may replace it');
    await chmod(open, 0o1777);
    expect(String(await read(inside, { maxBytes: 10, own: true }))).toBe('text');
  });
});

describe('whose word a file is', () => {
  const [me, stranger, root] = [1000, 12_345, 0];
  const own = { uid: me, mode: 0o100600 };
  const folder = { uid: me, mode: 0o040755 };
  const shared = { uid: root, mode: 0o041777 };

  test.each([
    ['one’s own', own, folder],
    ['one’s own in a directory that all share', own, shared],
    ['one’s own with a second name, in a directory of one’s own', { ...own, nlink: 2 }, folder],
    ['root’s', { uid: root, mode: 0o100644 }, { uid: root, mode: 0o040755 }],
  ])('is taken for one’s own: %s', (_what, file, directory) => {
    expect(ownershipProblem(file, directory, me)).toBeUndefined();
  });

  test.each([
    ['another user’s file', { uid: stranger, mode: 0o100600 }, shared, 'it belongs to the user 12345, not to 1000'],
    ['a file in another user’s directory', own, { uid: stranger, mode: 0o040755 }, 'its directory belongs to the user'],
    ['a file that a group may write', { uid: me, mode: 0o100664 }, folder, 'others may write it'],
    ['a file that everybody may write', { uid: me, mode: 0o100666 }, folder, 'others may write it'],
    ['a second name where others may put files', { ...own, nlink: 2 }, shared, 'it may be a link to another file'],
    ['a file that everybody may replace', own, { uid: me, mode: 0o040777 }, 'everybody may replace it'],
  ])('is not: %s', (_what, file, directory, problem) => {
    expect(ownershipProblem(file, directory, me)).toContain(problem);
  });

  test('root does not believe another user either', () => {
    expect(ownershipProblem({ uid: me, mode: 0o100600 }, shared, root)).toContain('it belongs to the user 1000');
  });
});
