import { background, type Component, makeEnv } from '@fwk/kernel';
import { componentBench, componentContract, leakGuard } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { configToken } from '../settings/config.js';
import { memorySource } from '../sources/memory.js';
import { config } from './component.js';

/** The component in an application of its own. */
function plugged(component: Component) {
  const guard = leakGuard();
  const bench = componentBench(component, { env: makeEnv({ clock: guard.clock }) });
  const ask = (path: string, parameter?: string) => bench.manage(path, { parameter });
  return { guard, steps: bench.steps, context: bench.context, config: bench.get(configToken), ask };
}

test('provides the configuration at once, readable from start to after stop', async () => {
  const component = config({ defaults: { a: 1 }, environment: false });
  const { steps, guard, context, config: provided } = plugged(component);
  expect(() => provided.current).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_NOT_LOADED' }));
  await steps.start?.(context);
  expect(provided.current.value).toEqual({ a: 1 });
  await steps.stop?.(context);
  expect(provided.current.value).toEqual({ a: 1 });
  guard.check();
});

describe('one object in two applications', () => {
  const source = memorySource('store', { a: 1 });
  for (const { name, run } of componentContract({
    component: config({ sources: [source], environment: false }),
    keys: [configToken],
    use: async (host) => host.get(configToken).current.value,
    breakStart: async () => {
      source.fail(new Error('unreachable'));
      return () => source.set({ a: 1 });
    },
  })) {
    test(name, run);
  }

  test('an edit reaches both while they run, and only the one that is left afterwards', async () => {
    const component = config({ sources: [source], environment: false });
    const [first, second] = [componentBench(component), componentBench(component)];
    await Promise.all([first.start(), second.start()]);
    const seenBy = (bench: typeof first) => bench.get(configToken).current.value;
    source.set({ a: 2 });
    await expect.poll(() => [seenBy(first), seenBy(second)]).toEqual([{ a: 2 }, { a: 2 }]);
    await first.stop();
    source.set({ a: 3 });
    await expect.poll(() => seenBy(second)).toEqual({ a: 3 });
    expect(seenBy(first)).toEqual({ a: 2 });
    await second.stop();
  });
});

test('ends the start with the typed error of an invalid configuration', async () => {
  const component = config({ files: ['/nowhere/config.yaml'] });
  const { steps, context } = plugged(component);
  await expect(steps.start?.(context)).rejects.toMatchObject({
    code: 'FWK_CONFIG_FILE_MISSING',
    message: expect.stringContaining('/nowhere/config.yaml'),
  });
  await steps.stop?.(context);
});

test('refuses wrong options where they are written', () => {
  expect(() => config({ debounceMs: -1 })).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }));
  expect(() => config({ files: ['a.toml'] })).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_FILE_FORMAT' }));
});

test('is degraded, not down, while the last edit is refused, and says why', async () => {
  const source = memorySource('store', { a: 1 });
  const component = config({ sources: [source], environment: false, watch: false });
  const { steps, context, config: provided } = plugged(component);
  await steps.start?.(context);
  const [indicator] = steps.health?.() ?? [];
  expect(await indicator?.check(background)).toEqual({ status: 'UP' });
  source.fail(new Error('unreachable'));
  await provided.reload();
  expect(await indicator?.check(background)).toMatchObject({
    status: 'DEGRADED',
    details: { code: 'FWK_CONFIG_SOURCE_FAILED', reason: expect.stringContaining('unreachable'), source: 'store' },
  });
  source.set({ a: 1 });
  await provided.reload();
  expect(await indicator?.check(background)).toEqual({ status: 'UP' });
  await steps.stop?.(context);
});

test('shows everything with its sources, and one setting explained, with secrets masked', async () => {
  const component = config({ defaults: { shop: { name: 'lamp', apiKey: 'hunter2' } }, environment: false });
  const { steps, context, ask } = plugged(component);
  await steps.start?.(context);
  expect(ask('config')).toMatchObject({
    version: 1,
    values: { shop: { name: 'lamp', apiKey: '******' } },
    origins: { 'shop.name': 'defaults', 'shop.apiKey': 'defaults' },
  });
  expect(ask('config/:path', 'shop.name')).toMatchObject({ value: 'lamp', winner: { where: 'defaults' } });
  expect(JSON.stringify([ask('config'), ask('config/:path', 'shop.apiKey')])).not.toContain('hunter2');
  expect(ask('config/:path', 'not.there')).toMatchObject({ found: false });
  expect(() => ask('config/:path', '')).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_PATH_INVALID' }));
  // Members that every object has are no settings.
  for (const name of ['__proto__', 'constructor', 'constructor.prototype', 'shop.__proto__', 'shop.toString']) {
    expect(ask('config/:path', name)).toEqual({ path: name, found: false, secret: false, candidates: [], parts: [] });
  }
  await steps.stop?.(context);
});

test.each<[unknown, string]>([
  ['config.yaml', 'options must be an object such as { files: [\'config.yaml\'] }, not "config.yaml"'],
  [{ file: 'config.yaml' }, 'unknown option "file", did you mean "files"?'],
  [
    { files: 'config.yaml' },
    'files must be a list of paths such as "config.yaml", or objects with a path, not "config.yaml"',
  ],
  [
    { files: [{ path: 'config.yaml', optinal: true }] },
    'files must be without the unknown field "optinal", did you mean "optional"? (known: path, optional)',
  ],
  [{ directories: [{ path: '/run', secrets: true }] }, 'the unknown field "secrets", did you mean "secret"?'],
  [{ schema: { shop: 'string' } }, 'schema must be a Standard Schema, such as z.object({ … }) of zod, not an object'],
])('config(%j) is refused', (options, message) => {
  expect(() => config(options as never)).toThrow(message);
});
