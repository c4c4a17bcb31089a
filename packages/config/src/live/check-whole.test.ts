import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveValue, type StandardSchema } from '@fwk/kernel';
import * as v from 'valibot';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../app/load-config.js';
import { settings } from '../settings/settings.js';
import { memorySource } from '../sources/memory.js';
import type { ConfigOptions } from './options.js';

async function problemsOf<T>(options: ConfigOptions<T>): Promise<string> {
  return loadConfig({ environment: false, watch: false, ...options }).then(
    () => 'none',
    (error: Error) => error.message,
  );
}
const Shop = v.object({ checkout: v.object({ maxItems: v.number(), open: v.optional(v.boolean(), true) }) });

test('reads text as a number or a boolean where the schema refuses text', async () => {
  const schema = v.object({ a: v.number(), b: v.boolean(), list: v.array(v.number()), name: v.string() });
  const defaults = { a: '20', b: 'true', list: ['1', 2], name: '20' };
  const config = await loadConfig({ schema, defaults, environment: false });
  expect(config.current.value).toEqual({ a: 20, b: true, list: [1, 2], name: '20' });
});

test('reads a variable as the text that it is where the schema refuses a number', async () => {
  const schema = v.object({ zip: v.string(), items: v.number() });
  const source = { FWK_ZIP: '1e3', FWK_ITEMS: '1e3' };
  const config = await loadConfig({ schema, environment: { source } });
  expect(config.current.value).toEqual({ zip: '1e3', items: 1000 });
});

test('says of text that fits neither way what the schema said of the text', async () => {
  const schema = v.object({ a: v.pipe(v.number(), v.maxValue(5)), b: v.number() });
  const message = await problemsOf({ schema, defaults: { a: '20', b: '7' } });
  expect(message).toContain('a: Invalid type: Expected number but received');
  expect(message).not.toContain('b:');
});

test('takes durations and sizes for schemas and policies that do not know them', async () => {
  const schema = v.object({ timeoutMs: v.number(), bodyBytes: v.number() });
  const config = await loadConfig({ schema, defaults: { timeoutMs: '1.5s', bodyBytes: '2MiB' }, environment: false });
  expect(config.current.value).toEqual({ timeoutMs: 1500, bodyBytes: 2_097_152 });
});

test('names the key that was set instead of the missing one, and where', async () => {
  const source = { FWK_CHECKOUT__MAX_ITEM: '5' };
  expect(await problemsOf({ schema: Shop, environment: { source } })).toContain(
    '"checkout.maxItem" is set at variable FWK_CHECKOUT__MAX_ITEM: a misspelling?',
  );
});

test('names the key that was probably meant by one that a strict schema refuses', async () => {
  const schema = v.strictObject({ maxItems: v.optional(v.number(), 20), name: v.string() });
  const message = await problemsOf({ schema, defaults: { maxItem: 5, name: 'x' } });
  expect(message).toContain('did you mean "maxItems"?');
});

test('does the same for a schema that lists the keys beside the path, as zod does', async () => {
  const schema: StandardSchema<unknown, object> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        'maxItem' in (value as { shop: object }).shop
          ? { issues: [Object.assign({ message: 'Unrecognized key', path: ['shop'] }, { keys: ['maxItem'] })] }
          : { value: { shop: { maxItems: 20 } } },
    },
  };
  expect(await problemsOf({ schema, defaults: { shop: { maxItem: 5 } } })).toBe(
    'configuration is invalid: shop.maxItem: is not known to the schema; did you mean "shop.maxItems"? (defaults)',
  );
});

test('names each key that zod refuses, at its place, in the whole and in a section', async () => {
  const Strict = z.object({ shop: z.strictObject({ name: z.string() }) });
  const defaults = { shop: { name: 'x', colour: 'red', size: 5 } };
  const source = memorySource('store', { shop: { colour: 'blue' } });
  expect(await problemsOf({ schema: Strict, defaults, sources: [source] })).toBe(
    'configuration is invalid: shop.colour: is not known to the schema (store); ' +
      'shop.size: is not known to the schema (defaults)',
  );
  const config = await loadConfig({ defaults, environment: false, watch: false });
  expect(() => config.section(settings('shop', Strict.shape.shop))).toThrow(/shop\.colour: .*; shop\.size: /);
});

test('says of what is wrong with the whole that it stands at no one place', async () => {
  const schema = z
    .object({ min: z.number(), max: z.number() })
    .refine(({ min, max }) => min < max, 'min must be below max');
  expect(await problemsOf({ schema, defaults: { min: 2, max: 1 } })).toBe(
    'configuration is invalid: (whole): min must be below max',
  );
});

test('takes many values of another kind, and tells the first of many issues, without keeping the process', async () => {
  const schema = z.object({ items: z.record(z.string(), z.number()) });
  const items = (text: string) =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`item${index}`, `${text}${index}`]));
  const config = await loadConfig({ schema, defaults: { items: items('') }, environment: false, watch: false });
  expect(config.current.value.items.item19999).toBe(19_999);
  const refused = loadConfig({ schema, defaults: { items: items('x') }, environment: false, watch: false });
  await expect(refused).rejects.toMatchObject({
    message: expect.stringMatching(/item4: .*; and 19995 more$/),
    issues: { length: 100 },
    total: 20_000,
  });
  const strict = z.strictObject({ a: z.number().optional() });
  expect(await problemsOf({ schema: strict, defaults: items('') })).toContain('and 19995 more');
});

test('shows the keys that a schema ignores, and the nearest known one', async () => {
  const defaults = { checkout: { maxItems: 5, opne: false, colour: 'red' }, extra: 1 };
  const config = await loadConfig({ schema: Shop, defaults, environment: false });
  expect(config.view().unknown).toEqual([
    { path: 'checkout.opne', nearest: 'checkout.open' },
    { path: 'checkout.colour', nearest: undefined },
    { path: 'extra', nearest: undefined },
  ]);
  config.section({ prefix: 'checkout.colour', schema: v.string(), defaults: {} });
  expect(config.view().unknown.map(({ path }) => path)).toEqual(['checkout.opne', 'extra']);
});

test('says of a reference that cannot be resolved where it stands, and the last good one stays', async () => {
  const open = '$' + '{';
  const live = liveValue<object>({ a: `${open}b}`, b: 1 });
  const source = {
    name: 'store',
    load: async () => ({ tree: live.value }),
    watch: () => ({ [Symbol.dispose]() {} }),
  };
  const config = await loadConfig({ sources: [source], environment: false });
  live.set({ a: `${open}c}` });
  await config.reload();
  expect(config.current.value).toEqual({ a: 1, b: 1 });
  expect(config.lastRefusal).toMatchObject({
    code: 'FWK_CONFIG_INVALID',
    issues: [{ path: 'a', message: `${open}c} is not set`, origin: { source: 'store' } }],
  });
});

test('explains a text by what it is put together from', async () => {
  const open = '$' + '{';
  const config = await loadConfig({
    defaults: {
      db: { host: 'pg', password: 'hunter2' },
      url: `${open}db.host}:${open}db.password}@${open}env:REGION}`,
    },
    environment: { source: { REGION: 'eu' } },
  });
  expect(config.current.value.url).toBe('pg:hunter2@eu');
  expect(config.explain('url')).toMatchObject({
    value: '******',
    parts: [
      { reference: `${open}db.host}`, where: 'defaults', value: 'pg' },
      { reference: `${open}db.password}`, where: 'defaults', value: '******' },
      { reference: `${open}env:REGION}`, where: 'variable REGION' },
    ],
  });
});

test('shows no secret that a message, an explanation or a change would quote', async () => {
  const open = '$' + '{';
  const defaults = {
    headers: [{ name: 'X-Api-Key', value: 'hunter2-header' }],
    db: { name: 'DB_PASSWORD', value: 'hunter2-value' },
    address: `pg://shop:${open}env:DB_PASSWORD:-hunter2-usual}@db`,
    license: `${open}file:/nowhere:-hunter2-file}`,
  };
  const source = memorySource('store', { license: 'hunter2-over' });
  const config = await loadConfig({ defaults, sources: [source], environment: { source: {} } });
  await config.overrides.set('db.value', 'hunter2-set', { actor: 'ann', reason: 'new' });
  const shown = [
    ...['headers', 'headers.0.value', 'db.value', 'db', 'address', 'license'].map((path) => config.explain(path)),
    await config.overrides.preview('license', 'hunter2-next', { actor: 'ann', reason: 'new' }),
    config.view(),
  ];
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  const Picky = v.object({ headers: v.array(v.object({ value: v.picklist(['a']) })) });
  expect(await problemsOf({ schema: Picky, defaults })).toContain('received "******"');
});

test('reads a mounted secret anew when it is rotated, and holds nothing once it is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'password');
  await writeFile(file, 'first\n');
  const defaults = { db: { password: `${'$'}{file:${file}}` } };
  const config = await loadConfig({ defaults, environment: false, pollMs: 100 });
  expect(config.current.value).toEqual({ db: { password: 'first' } });
  await writeFile(join(folder, 'next'), 'second\n');
  await rename(join(folder, 'next'), file);
  await expect.poll(() => config.current.value, { timeout: 10_000 }).toEqual({ db: { password: 'second' } });
  await rm(file);
  await expect.poll(() => config.lastRefusal?.reason, { timeout: 10_000 }).toContain('there is no such file');
  expect(config.current.value).toEqual({ db: { password: 'second' } });
  await config[Symbol.asyncDispose]();
});
