import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { noLogger } from '../telemetry/logger.js';
import { tokenSource } from './token-source.js';

test('sends no token where there is none, and always the same one where it is given', async () => {
  expect(await tokenSource({}, noLogger).read()).toBeUndefined();
  expect(await tokenSource({ token: 'secret' }, noLogger).read()).toBe('secret');
});

test('follows a file, goes on with the last token while it is gone, and says so once, without the token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-token-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  const said: string[] = [];
  const logger = { ...noLogger, warn: (fields: object, text: string) => void said.push(JSON.stringify(fields) + text) };
  const source = tokenSource({ tokenFile: file, token: 'first' }, logger);
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

test('asks a function for each request, says when it answers another token, and goes on with the last while it fails', async () => {
  const answers: (string | undefined | Error)[] = [
    'first',
    'second',
    new Error('the vault is sealed'),
    'two words',
    undefined,
  ];
  const said: string[] = [];
  const logger = { ...noLogger, warn: (fields: object, text: string) => void said.push(JSON.stringify(fields) + text) };
  let replaced = 0;
  const token = async () => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const source = tokenSource({ token }, logger, () => replaced++);
  const read: (string | undefined)[] = [];
  while (answers.length > 0) read.push(await source.read());
  expect(read).toEqual(['first', 'second', 'second', 'second', undefined]);
  expect(replaced).toBe(2);
  expect(said).toHaveLength(1);
  expect(said.join()).toMatch(/the vault is sealed.*function that answers the Consul token failed/);
});
