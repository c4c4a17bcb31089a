import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLogger } from '@fwk/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { checkConsulOptions } from './check-consul-options.js';
import { tokenSource } from './token-source.js';

const optionsWith = (parts: object) => checkConsulOptions(parts, {});

test('sends no token where there is none, and always the same one where it is given', async () => {
  expect(await tokenSource(optionsWith({}), noLogger).read()).toBeUndefined();
  expect(await tokenSource(optionsWith({ token: 'secret' }), noLogger).read()).toBe('secret');
});

test('follows a file, goes on with the last token while it is gone, and says so once, without the token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-token-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  const said: string[] = [];
  const logger = { ...noLogger, warn: (fields: object, text: string) => void said.push(JSON.stringify(fields) + text) };
  const source = tokenSource(optionsWith({ tokenFile: file, token: 'first' }), logger);
  expect(await source.read()).toBe('first');
  await writeFile(file, 'second\n');
  expect(await source.read()).toBe('second');
  await rm(file);
  expect([await source.read(), await source.read()]).toEqual(['second', 'second']);
  await writeFile(file, 'third\nfourth');
  expect(await source.read()).toBe('second');
  expect(said).toHaveLength(2);
  expect(said.join()).toMatch(/token file cannot be read/);
  expect(said.join()).not.toMatch(/second|third/);
});
