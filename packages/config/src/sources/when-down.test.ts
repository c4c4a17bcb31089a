import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEnv } from '@fwk/kernel';
import { componentBench, fakeClock } from '@fwk/kernel/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { config as configComponent } from '../app/component.js';
import { loadConfig } from '../app/load-config.js';
import { ConfigError } from '../errors.js';
import { configSourceContract } from '../testing/source-contract.js';
import { memorySource } from './memory.js';
import { keptCopy, optionalSource } from './when-down.js';

const down = () =>
  new ConfigError('FWK_CONFIG_SOURCE_UNREACHABLE', 'it cannot be reached', { origin: { source: 'store' } });

async function file(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'copy.json');
}

for (const [what, wrap] of [
  ['optional', async () => optionalSource],
  [
    'kept',
    async () => {
      const path = await file();
      return (source: ReturnType<typeof memorySource>) => keptCopy(source, { file: path });
    },
  ],
] as const) {
  describe(`a source that is ${what}`, () => {
    for (const { name, run } of configSourceContract({
      async open() {
        const store = memorySource('store', { a: { b: 1 } });
        return {
          source: (await wrap())(store),
          says: { a: { b: 1 } },
          async change() {
            store.set({ a: { b: 2 } });
            return { a: { b: 2 } };
          },
          damage: async () => store.fail(new ConfigError('FWK_CONFIG_SYNTAX', 'store: it is broken')),
        };
      },
    }).filter(({ name }) => !name.includes('neither timer'))) {
      test(name, run);
    }
  });
}

describe('an optional source', () => {
  test('may be down at the start, comes later, and what it said stays when it goes again', async () => {
    const store = memorySource('store', {});
    store.fail(down());
    const sources = [optionalSource(store)];
    const bench = componentBench(configComponent({ sources, defaults: { a: 0 }, environment: false }));
    await bench.start();
    const config = await loadConfig({ sources, defaults: { a: 0 }, environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    expect(config.current.value).toEqual({ a: 0 });
    expect(config.current.stale?.reason).toContain('it is optional, the program goes on without it');
    expect(config.sources[1]).toMatchObject({
      name: 'store',
      settings: 0,
      problem: expect.stringContaining('cannot be reached'),
    });
    const [indicator] = bench.steps.health?.() ?? [];
    expect(await indicator?.check(bench.context.call)).toMatchObject({
      status: 'DEGRADED',
      details: { source: 'store' },
    });
    store.set({ a: 1 });
    await expect.poll(() => config.current.value).toEqual({ a: 1 });
    expect(config.current.stale).toBeUndefined();
    store.fail(down());
    await expect.poll(() => config.lastRefusal?.code).toBe('FWK_CONFIG_SOURCE_UNREACHABLE');
    expect(config.current.value).toEqual({ a: 1 });
    await bench.stop();
  });

  test('that says something wrong still ends the start', async () => {
    const store = memorySource('store', {});
    store.fail(new ConfigError('FWK_CONFIG_SYNTAX', 'store: it is broken'));
    const start = loadConfig({ sources: [optionalSource(store)], environment: false });
    await expect(start).rejects.toMatchObject({ code: 'FWK_CONFIG_SYNTAX' });
  });
});

describe('a kept copy', () => {
  async function kept(path: string, clock = fakeClock()) {
    const store = memorySource('store', { db: { password: 'hunter2' } });
    const start = (maxAgeMs?: number) =>
      loadConfig(
        { sources: [keptCopy(store, { file: path, ...(maxAgeMs !== undefined && { maxAgeMs }) })], environment: false },
        makeEnv({ clock }),
      );
    return { store, start, clock };
  }

  test('is read by this user only, and lets the program start while the source is down, with its age', async () => {
    const path = await file();
    const { store, start, clock } = await kept(path);
    await (await start())[Symbol.asyncDispose]();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ tree: { db: { password: 'hunter2' } } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    store.fail(down());
    await clock.advance(90_000);
    const config = await start();
    expect(config.current.value).toEqual({ db: { password: 'hunter2' } });
    expect(config.current.stale).toEqual({
      sinceMs: clock.wallTime() - 90_000,
      reason: expect.stringMatching(/cannot be reached; its copy of .*, 90 s old at the start is used$/),
    });
    await config.reload();
    expect(config.sources[1]?.stale?.sinceMs).toBe(clock.wallTime() - 90_000);
    store.set({ db: { password: 'hunter3' } });
    await expect.poll(() => config.current.value).toEqual({ db: { password: 'hunter3' } });
    expect(config.current.stale).toBeUndefined();
    await config[Symbol.asyncDispose]();
  });

  test('that is too old, or was changed by somebody, or was never written, does not let it start', async () => {
    const path = await file();
    const { store, start, clock } = await kept(path);
    store.fail(down());
    await expect(start()).rejects.toMatchObject({ code: 'FWK_CONFIG_SOURCE_UNREACHABLE' });
    store.set({ a: 1 });
    await (await start())[Symbol.asyncDispose]();
    store.fail(down());
    await clock.advance(10_001);
    await expect(start(10_000)).rejects.toMatchObject({ code: 'FWK_CONFIG_SOURCE_UNREACHABLE' });
    await writeFile(path, '{"tree": 5}');
    await expect(start()).rejects.toMatchObject({ code: 'FWK_CONFIG_SOURCE_UNREACHABLE' });
  });

  test.each([{ file: '' }, { file: 'x', maxAgeMs: -1 }])('refuses %j', (options) => {
    expect(() => keptCopy(memorySource('a', {}), options)).toThrow(
      expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
    );
  });
});
