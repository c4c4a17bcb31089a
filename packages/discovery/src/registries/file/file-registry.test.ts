import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Live, makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Registry } from '../../registry.js';
import { type ReadingPlace, readingContract } from '../../testing/reading-contract.js';
import { fileRegistry } from './file-registry.js';

let folder = '';
let path = '';
const open: Registry[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-discovery-'));
  path = join(folder, 'instances.json');
});

afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
  await rm(folder, { recursive: true });
});

function follow(env = makeEnv()): Registry {
  const registry = fileRegistry({ path, debounceMs: 5, pollMs: 200 }, env);
  open.push(registry);
  return registry;
}

function until<T>(live: Live<T>, holds: (value: T) => boolean): Promise<void> {
  if (holds(live.value)) return Promise.resolve();
  return new Promise((resolve) => {
    const subscription = live.subscribe((value) => {
      if (!holds(value)) return;
      subscription[Symbol.dispose]();
      resolve();
    });
  });
}

describe('a file registry', () => {
  const place = (): ReadingPlace => ({
    async publish(given) {
      const urls = (list: readonly string[]) => list.map((address) => `http://${address}`);
      await writeFile(
        path,
        JSON.stringify(Object.fromEntries(Object.entries(given).map(([name, list]) => [name, urls(list)]))),
      );
    },
    open: () => fileRegistry({ path, debounceMs: 5, pollMs: 200 }),
    fail: () => writeFile(path, '{ "inventory": ['),
  });
  for (const { name, run } of readingContract({ place, follows: true, fails: true })) test(name, run);

  test('takes URLs and objects that say no more than they must', async () => {
    const entries = [
      'https://shop.example',
      { address: '10.0.0.5', port: 8080, zone: 'b', weight: 2, version: '1.2.0' },
    ];
    await writeFile(path, JSON.stringify({ inventory: entries }));
    const { instances } = follow().watch('inventory');
    await until(instances, (list) => list.length === 2);
    expect(instances.value).toMatchObject([
      { id: 'inventory@shop.example:443', port: 443, metadata: { scheme: 'https' } },
      { id: 'inventory@10.0.0.5:8080', zone: 'b', weight: 2, version: '1.2.0', status: 'UP' },
    ]);
  });

  test('sees a file that is replaced by another, as editors do', async () => {
    await writeFile(path, '{ "inventory": ["http://127.0.0.1:1"] }');
    const { instances } = follow().watch('inventory');
    await until(instances, (list) => list.length === 1);
    for (const port of [2, 3]) {
      await writeFile(`${path}~`, `{ "inventory": ["http://127.0.0.1:${port}"] }`);
      await rename(`${path}~`, path);
      await until(instances, ([first]) => first?.port === port);
    }
  });

  test('begins to know once the file is there', async () => {
    const events = recordEvents();
    const registry = follow(makeEnv({ events }));
    const { instances, known } = registry.watch('inventory');
    await until(registry.connection, ({ state }) => state === 'lost');
    expect(registry.connection.value.reason).toContain('ENOENT');
    expect(known.value).toBe(false);
    await writeFile(path, '{ "inventory": ["http://127.0.0.1:1"] }');
    await until(known, (is) => is);
    expect(instances.value).toHaveLength(1);
    // What was never there was not lost.
    expect(events.names).toEqual([]);
  });

  test.each([
    ['[]', 'an object of lists by service is needed'],
    ['{ "inventory": {} }', '"inventory" must be a list'],
    ['{ "inventory": ["http://a:1", 7, {}] }', '"inventory"[1]: a base URL or an object'],
    ['{ "inventory": [{ "address": "a", "port": 70000 }] }', 'port must be from 1 to 65535'],
    ['{ "inventory": ["http://a:1", "http://a:1"] }', '"inventory"[1] has the id of another: inventory@a:1'],
    ['{ "a": [{ "metadata": { "__proto__": "x" } }] }', 'the key "a.0.metadata.__proto__" is not allowed'],
    ['{ "constructor": { "prototype": [] } }', 'the key "constructor.prototype" is not allowed'],
    ['{ "bad name": ["http://a:1"] }', 'service must be'],
  ])('names what is wrong with %s', async (text, problem) => {
    await writeFile(path, text);
    const registry = follow();
    registry.watch('inventory');
    await until(registry.connection, ({ state }) => state === 'lost');
    expect(registry.connection.value.reason).toContain(problem);
  });

  test('reads a file that begins with a byte order mark', async () => {
    await writeFile(path, '\uFEFF{ "inventory": ["http://127.0.0.1:1"] }');
    const { known, instances } = follow().watch('inventory');
    await until(known, (is) => is);
    expect(instances.value).toHaveLength(1);
  });

  test.runIf(process.platform !== 'win32')(
    'does not wait for a pipe, and reads the file that replaces it',
    async () => {
      execFileSync('mkfifo', [path]);
      const registry = follow();
      const { instances } = registry.watch('inventory');
      await until(registry.connection, ({ state }) => state === 'lost');
      expect(registry.connection.value.reason).toContain('not a regular file');
      await writeFile(`${path}~`, '{ "inventory": ["http://127.0.0.1:1"] }');
      await rename(`${path}~`, path);
      await until(instances, (list) => list.length === 1);
    },
  );

  test('looks again at what it could not read, and tells the problem once', async () => {
    await mkdir(path);
    const clock = fakeClock();
    const warnings: string[] = [];
    const registry = follow(
      makeEnv({ clock, logger: { ...noLogger, warn: (_fields, text) => void warnings.push(text) } }),
    );
    registry.watch('inventory');
    const looked = () => vi.waitFor(() => expect(clock.pending).toBe(1));
    await looked();
    for (let looks = 0; looks < 3; looks++) {
      await clock.runNext();
      await looked();
    }
    expect(warnings).toEqual([expect.stringContaining('not a regular file')]);
    await registry.close();
    expect(clock.pending).toBe(0);
  });

  test('is of no use for a file that is too large', async () => {
    await writeFile(path, ' '.repeat(4 * 1024 * 1024 + 1));
    const registry = follow();
    registry.watch('inventory');
    await until(registry.connection, ({ state }) => state === 'lost');
    expect(registry.connection.value.reason).toContain('above the limit of 4194304');
  });
});
