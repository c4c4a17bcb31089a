import {
  background,
  type Component,
  type ComponentContext,
  type InjectionKey,
  type ManagementRequest,
  makeEnv,
  type Provision,
} from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { config } from './component.js';
import { type Config, configToken } from './config.js';
import { memorySource } from './testing/memory-source.js';

const app = { name: 'shop', version: '1.0.0', owner: 'team', instanceId: 'shop-1' };

function plugged(component: Component) {
  const guard = leakGuard();
  const values = new Map<InjectionKey<unknown>, unknown>();
  const provision: Provision = { value: (key, value) => void values.set(key, value), factory() {} };
  component.provide?.(provision, app);
  const resolver = {
    get: <T>(key: InjectionKey<T>) => values.get(key) as T,
    find: <T>(key: InjectionKey<T>) => values.get(key) as T,
  };
  const context: ComponentContext = {
    ...resolver,
    app,
    env: makeEnv({ clock: guard.clock }),
    call: background,
    announce() {},
    announcements: [],
  };
  const ask = (path: string, parameter?: string) => {
    const request: ManagementRequest = { parameter, query: {}, body: undefined };
    return component
      .manage?.()
      .find((endpoint) => endpoint.path === path)
      ?.handle(request);
  };
  return { guard, context, config: resolver.get(configToken), ask };
}

test('provides the configuration at once, readable from start to after stop', async () => {
  const component = config({ defaults: { a: 1 }, environment: false });
  const { guard, context, config: provided } = plugged(component);
  expect(() => provided.current).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_NOT_LOADED' }));
  await component.start?.(context);
  expect(provided.current.value).toEqual({ a: 1 });
  await component.stop?.(context);
  expect(provided.current.value).toEqual({ a: 1 });
  guard.check();
});

test('serves two applications from one component without mixing them', async () => {
  const component = config({ defaults: { a: 1 }, environment: false });
  const first: Config = plugged(component).config;
  const second: Config = plugged(component).config;
  expect(first).not.toBe(second);
});

test('ends the start with the typed error of an invalid configuration', async () => {
  const component = config({ files: ['/nowhere/config.yaml'] });
  const { context } = plugged(component);
  await expect(component.start?.(context)).rejects.toMatchObject({
    code: 'FWK_CONFIG_FILE_MISSING',
    message: expect.stringContaining('/nowhere/config.yaml'),
  });
  await component.stop?.(context);
});

test('refuses wrong options where they are written', () => {
  expect(() => config({ debounceMs: -1 })).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }));
  expect(() => config({ files: ['a.toml'] })).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_FILE_FORMAT' }));
});

test('is degraded, not down, while the last edit is refused, and says why', async () => {
  const source = memorySource('store', { a: 1 });
  const component = config({ sources: [source], environment: false, watch: false });
  const { context, config: provided } = plugged(component);
  await component.start?.(context);
  const [indicator] = component.health?.() ?? [];
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
  await component.stop?.(context);
});

test('shows everything with its sources, and one setting explained, with secrets masked', async () => {
  const component = config({ defaults: { shop: { name: 'lamp', apiKey: 'hunter2' } }, environment: false });
  const { context, ask } = plugged(component);
  await component.start?.(context);
  expect(ask('config')).toMatchObject({
    version: 1,
    values: { shop: { name: 'lamp', apiKey: '******' } },
    origins: { 'shop.name': 'defaults', 'shop.apiKey': 'defaults' },
  });
  expect(ask('config/:path', 'shop.name')).toMatchObject({ value: 'lamp', winner: { where: 'defaults' } });
  expect(JSON.stringify([ask('config'), ask('config/:path', 'shop.apiKey')])).not.toContain('hunter2');
  expect(ask('config/:path', 'not.there')).toMatchObject({ found: false });
  expect(() => ask('config/:path', '')).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_PATH_INVALID' }));
  await component.stop?.(context);
});
