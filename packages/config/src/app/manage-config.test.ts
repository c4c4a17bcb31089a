import { makeEnv } from '@fwk/kernel';
import { componentBench } from '@fwk/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';
import { configToken } from '../settings/config.js';
import { config } from './component.js';

async function managed() {
  const observed = new Map<string, () => number>();
  const metrics = {
    ...makeEnv().metrics,
    observe: (_: string, { name }: { name: string }, __: object, read: () => number) => {
      observed.set(name, read);
      return { [Symbol.dispose]: () => void observed.delete(name) };
    },
  };
  const component = config({ defaults: { shop: { maxItems: 5 } }, secrets: ['shop.account'], environment: false });
  const bench = componentBench(component, { env: makeEnv({ metrics }) });
  await bench.start();
  onTestFinished(() => bench.stop());
  const endpoints = bench.steps.manage?.() ?? [];
  const ask = async (
    method: string,
    path: string,
    request: { parameter?: string; query?: Record<string, string>; body?: unknown },
  ) =>
    endpoints
      .find((each) => (each.method ?? 'GET') === method && each.path === path)
      ?.handle({ parameter: request.parameter, query: request.query ?? {}, body: request.body });
  const audited = (parameter: string, body: unknown) =>
    endpoints.find(({ method }) => method === 'PUT')?.auditedBody?.({ parameter, body });
  return { ask, audited, observed, bench, provided: bench.get(configToken) };
}
const ann = { actor: 'ann', reason: 'sale' };

test('overrides a setting, shows it, lifts it and takes that back', async () => {
  const { ask, provided } = await managed();
  const body = { value: 50, ...ann, forMs: 60_000 };
  expect(await ask('PUT', 'config/:path', { parameter: 'shop.maxItems', body })).toMatchObject({
    dryRun: false,
    changes: [{ path: 'shop.maxItems', before: 5, after: 50 }],
    setting: { value: 50 },
  });
  expect(await ask('GET', 'config', {})).toMatchObject({
    overrides: [{ path: 'shop.maxItems', value: 50, ...ann }],
    hash: provided.hash,
  });
  expect(await ask('DELETE', 'config/:path', { parameter: 'shop.maxItems', query: ann })).toMatchObject({
    lifted: true,
    setting: { value: 5 },
  });
  expect(await ask('POST', 'config/undo', { body: ann })).toEqual({ undone: 'shop.maxItems' });
  expect(provided.current.value).toEqual({ shop: { maxItems: 50 } });
});

test('tells what a change would do without doing it', async () => {
  const { ask, provided } = await managed();
  const body = { value: 50, ...ann, dryRun: true };
  expect(await ask('PUT', 'config/:path', { parameter: 'shop.maxItems', body })).toEqual({
    dryRun: true,
    changes: [{ path: 'shop.maxItems', before: 5, after: 50 }],
    ...{ sections: [], listeners: expect.any(Array), policies: [], components: [], problems: [] },
  });
  expect(provided.current.value).toEqual({ shop: { maxItems: 5 } });
});

test.each([
  undefined,
  [],
  'x',
  { value: 1 },
  { value: 1, ...ann, forever: true },
  { value: 1, ...ann, dryRun: 'no' },
  { ...ann },
])('refuses %j', async (body) => {
  const { ask } = await managed();
  await expect(ask('PUT', 'config/:path', { parameter: 'a', body })).rejects.toMatchObject({
    code: 'FWK_CONFIG_OVERRIDE_REFUSED',
  });
});

test('takes nothing back for whoever asks for what it does not know, such as a dry run', async () => {
  const { ask, provided } = await managed();
  await provided.overrides.set('shop.maxItems', 50, ann);
  const refused = { code: 'FWK_CONFIG_OVERRIDE_REFUSED', message: expect.stringContaining('dryRun is unknown') };
  await expect(ask('POST', 'config/undo', { body: { ...ann, dryRun: true } })).rejects.toMatchObject(refused);
  const query = { ...ann, dryRun: 'true' };
  await expect(ask('DELETE', 'config/:path', { parameter: 'shop.maxItems', query })).rejects.toMatchObject(refused);
  expect(provided.current.value).toEqual({ shop: { maxItems: 50 } });
});

test('has what is audited masked by the path that it is meant for', async () => {
  const { audited } = await managed();
  expect(audited('shop.maxItems', { value: 5, ...ann })).toEqual({ value: 5, ...ann });
  expect(audited('db.password', { value: 'hunter2', ...ann })).toEqual({ value: '******', ...ann });
  expect(audited('shop.account', { value: 'B-1' })).toEqual({ value: '******' });
  expect(audited('shop', { value: { account: 'B-1', maxItems: 5 } })).toEqual({
    value: { account: '******', maxItems: 5 },
  });
  expect(audited('shop', undefined)).toEqual({ value: undefined });
});

test('has version and hash as metrics until the application stops', async () => {
  const { observed, bench, provided } = await managed();
  await provided.overrides.set('a', 1, ann);
  expect(observed.get('config.version')?.()).toBe(2);
  expect(observed.get('config.hash')?.()).toBe(Number.parseInt(provided.hash, 16));
  await bench.stop();
  expect(observed.size).toBe(0);
});
