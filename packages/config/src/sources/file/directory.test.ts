import { mkdir, mkdtemp, readdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../app/load-config.js';
import { configSourceContract } from '../../testing/source-contract.js';
import { directorySource } from './directory.js';

async function folder(files: Record<string, string> = {}): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fwk-config-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}
async function ownFolder(files: Record<string, string> = {}): Promise<string> {
  const path = await folder(files);
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/**
 * Writes a volume as the kubelet does (AtomicWriter): a new directory with a time in its name, `..data_tmp` linked to it and renamed
 * to `..data`, links to the files through `..data`, those of files that are gone removed, and at last the old directory removed.
 */
async function writeVolume(path: string, files: Record<string, string>): Promise<void> {
  const before = await readdir(path);
  const old = before.filter((name) => name.startsWith('..2'));
  const stamped = `..2026_11_29_10_00_00.${old.length + Math.trunc(performance.now() * 1e6)}`;
  await mkdir(join(path, stamped));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, stamped, name), text);
  await symlink(stamped, join(path, '..data_tmp'));
  await rename(join(path, '..data_tmp'), join(path, '..data'));
  for (const name of Object.keys(files)) {
    if (!before.includes(name)) await symlink(join('..data', name), join(path, name));
  }
  for (const name of before) if (!name.startsWith('..') && !(name in files)) await unlink(join(path, name));
  for (const name of old) await rm(join(path, name), { recursive: true });
}

describe('a directory of files', () => {
  for (const { name, run } of configSourceContract({
    async open() {
      const path = await folder({ 'shop.maxItems': '5\n', greeting: 'hello' });
      return {
        source: directorySource(path),
        says: { shop: { maxItems: 5 }, greeting: 'hello' },
        async change() {
          await writeFile(join(path, 'greeting'), 'good day');
          return { shop: { maxItems: 5 }, greeting: 'good day' };
        },
        damage: () => writeFile(join(path, 'shop'), 'both a value and an object'),
        close: () => rm(path, { recursive: true }),
      };
    },
  })) {
    test(name, run);
  }
});

describe('a volume of Kubernetes', () => {
  for (const { name, run } of configSourceContract({
    async open() {
      const path = await folder();
      await writeVolume(path, { 'shop.maxItems': '5', 'application.yaml': 'shop: { name: lamp }' });
      return {
        source: directorySource(path),
        says: { shop: { maxItems: 5, name: 'lamp' } },
        async change() {
          await writeVolume(path, { 'shop.maxItems': '6', 'shop.open': 'true' });
          return { shop: { maxItems: 6, open: true } };
        },
        async damage() {
          await writeVolume(path, { 'application.yaml': 'shop: [' });
        },
        close: () => rm(path, { recursive: true }),
      };
    },
  })) {
    test(name, run);
  }

  test('is never seen half swapped, however often it is swapped', async () => {
    const path = await ownFolder();
    const names = Array.from({ length: 8 }, (_, index) => `part${index}`);
    const write = (round: number) => writeVolume(path, Object.fromEntries(names.map((name) => [name, String(round)])));
    await write(0);
    const config = await loadConfig({ directories: [path], environment: false, debounceMs: 1, pollMs: 100 });
    onTestFinished(() => config[Symbol.asyncDispose]());
    const torn: unknown[] = [];
    config.current.subscribe((value) => {
      if (new Set(Object.values(value)).size !== 1) torn.push(value);
    });
    const last = 60;
    for (let round = 1; round <= last; round++) {
      await write(round);
      if (round % 7 === 0) await config.reload();
    }
    await expect.poll(() => config.current.value.part7, { timeout: 20_000 }).toBe(last);
    expect(torn).toEqual([]);
    expect(config.lastRefusal).toBeUndefined();
  });

  test('of a Secret shows nothing of what it holds, wherever that goes', async () => {
    const path = await ownFolder({ 'db.user': 'alice-of-the-shop', 'db.url': 'x' });
    const config = await loadConfig({
      defaults: { line: `${'$'}{db.user}!` },
      directories: [{ path, secret: true }],
      environment: false,
      watch: false,
    });
    expect(config.view().values).toEqual({ db: { user: '******', url: '******' }, line: '******' });
    expect(config.current.value).toMatchObject({ line: 'alice-of-the-shop!' });
  });
});

test('reads documents below single values, with the place of each, and directories as levels', async () => {
  const path = await ownFolder({ 'a.yaml': 'x: 1\ny: 1\n', 'b.json': '{ "y": 2, "z": 2 }', z: '3', '.hidden': 'no' });
  await mkdir(join(path, 'db'));
  await writeFile(join(path, 'db', 'pool.max'), '10');
  const config = await loadConfig({ directories: [path], environment: false, watch: false });
  expect(config.current.value).toEqual({ x: 1, y: 2, z: 3, db: { pool: { max: 10 } } });
  expect(['x', 'y', 'z', 'db.pool.max'].map((name) => config.explain(name).winner?.where)).toEqual([
    `${path}/a.yaml:1:4`,
    `${path}/b.json:1:8`,
    `${path}/z`,
    `${path}/db/pool.max`,
  ]);
});

test('spells names as the sources below do, and variables as camelCase', async () => {
  const path = await ownFolder({ MAX_ITEMS: '5', 'shop.open-late': 'true' });
  const config = await loadConfig({
    defaults: { shop: { openLate: false } },
    directories: [path],
    environment: false,
    watch: false,
  });
  expect(config.current.value).toEqual({ maxItems: 5, shop: { openLate: true } });
});

test('that is missing is an error unless it is optional, and a file is no directory', async () => {
  const path = await ownFolder({ file: 'x' });
  const load = (directories: (string | { path: string; optional: boolean })[]) =>
    loadConfig({ directories, environment: false, watch: false });
  await expect(load([join(path, 'no')])).rejects.toMatchObject({ code: 'FWK_CONFIG_FILE_MISSING' });
  await expect(load([join(path, 'file')])).rejects.toMatchObject({ code: 'FWK_CONFIG_FILE_NOT_REGULAR' });
  expect((await load([{ path: join(path, 'no'), optional: true }])).current.value).toEqual({});
});

test('that leads to itself, or holds more than settings ever are, is refused', async () => {
  const path = await ownFolder();
  await symlink('.', join(path, 'again'));
  const load = () => loadConfig({ directories: [path], environment: false, watch: false });
  await expect(load()).rejects.toMatchObject({ code: 'FWK_CONFIG_FILE_TOO_LARGE' });
  await unlink(join(path, 'again'));
  await Promise.all(Array.from({ length: 1001 }, (_, index) => writeFile(join(path, `f${index}`), '1')));
  await expect(load()).rejects.toMatchObject({ code: 'FWK_CONFIG_FILE_TOO_LARGE' });
});
