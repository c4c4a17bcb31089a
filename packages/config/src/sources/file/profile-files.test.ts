import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../app/load-config.js';

async function files(texts: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fwk-config-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(texts)) await writeFile(join(path, name), text);
  return path;
}

test('a profile lays its file over the one that it stands beside, later profiles over earlier ones', async () => {
  const path = await files({
    'config.yaml': 'a: 0\nb: 0\nc: 0\nd: 0\n',
    'config.production.yaml': 'b: 1\nc: 1\nd: 1\n',
    'config.eu.yaml': 'c: 2\nd: 2\n',
    'more.yaml': 'd: 3\n',
  });
  const config = await loadConfig({
    files: [join(path, 'config.yaml'), join(path, 'more.yaml')],
    environment: { source: { FWK_SETTINGS_PROFILE: 'production, eu' } },
    watch: false,
  });
  expect(config.current.value).toEqual({ a: 0, b: 1, c: 2, d: 3 });
  expect(config.sources.map(({ name, settings }) => `${name.replace(`${path}/`, '')} ${settings}`)).toEqual([
    'defaults 0',
    'config.yaml 4',
    'config.production.yaml 3',
    'config.eu.yaml 2',
    'more.yaml 1',
    'more.production.yaml 0',
    'more.eu.yaml 0',
    'environment 0',
    'overrides 0',
  ]);
});

test('profiles in the options come before the variable', async () => {
  const path = await files({ 'config.yaml': 'a: 0\n', 'config.eu.yaml': 'a: 2\n', 'config.us.yaml': 'a: 3\n' });
  const config = await loadConfig({
    files: [join(path, 'config.yaml')],
    profiles: ['eu'],
    environment: { source: { FWK_SETTINGS_PROFILE: 'us' } },
    watch: false,
  });
  expect(config.current.value).toEqual({ a: 2 });
});

test('the file of a profile may come later', async () => {
  const path = await files({ 'config.yaml': 'a: 0\n' });
  const config = await loadConfig({
    files: [join(path, 'config.yaml')],
    profiles: ['eu'],
    environment: false,
    pollMs: 100,
  });
  onTestFinished(() => config[Symbol.asyncDispose]());
  await writeFile(join(path, 'config.eu.yaml'), 'a: 1\n');
  await expect.poll(() => config.current.value, { timeout: 10_000 }).toEqual({ a: 1 });
});

test.each(['../secret', 'a/b', 'a.b', 'x'.repeat(65)])('"%s" is no name of a profile', async (name) => {
  await expect(loadConfig({ profiles: [name] })).rejects.toMatchObject({ code: 'FWK_KERNEL_OPTIONS_INVALID' });
  const source = { FWK_SETTINGS_PROFILE: name };
  await expect(loadConfig({ environment: { source } })).rejects.toMatchObject({ code: 'FWK_KERNEL_OPTIONS_INVALID' });
});
