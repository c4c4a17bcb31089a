import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import { fakeClock } from '@fwk/kernel/testing';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { tlsSource } from './tls-source.js';

const [first = '', second = ''] = rootCertificates;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-consul-tls-'));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

/** Puts files into the folder, by their names. */
async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

describe('a folder of authorities', () => {
  test('may hold other things, as folders of mounted secrets do', async () => {
    await put({ '..2026_01_01/ca.crt': first, 'notes.txt': 'who made these', 'empty.pem': '', 'own.key': 'no key' });
    await symlink('..2026_01_01', join(folder, '..data'));
    await symlink('..data/ca.crt', join(folder, 'ca.crt'));
    await symlink('nowhere', join(folder, 'gone.pem'));
    if (process.platform !== 'win32') await promisify(execFile)('mkfifo', [join(folder, 'pipe')]);
    const settings = await tlsSource({ caFolder: folder }, fakeClock()).read();
    expect(settings.secureContext).toBeDefined();
  });

  test.each([
    ['nothing', {}],
    [
      'no certificate',
      { 'notes.txt': 'who made these', 'empty.pem': '', 'broken.pem': '-----BEGIN CERTIFICATE-----\n' },
    ],
  ])('that holds %s is refused, and nobody is trusted instead', async (_what, files) => {
    await put(files);
    await expect(tlsSource({ caFolder: folder }, fakeClock()).read()).rejects.toThrow(/holds no certificate in PEM/);
  });

  test('is looked at once a second, and read again when something in it has changed', async () => {
    const clock = fakeClock();
    await put({ 'deep/a.pem': first });
    const source = tlsSource({ caFolder: folder }, clock);
    const [one, same] = await Promise.all([source.read(), source.read()]);
    expect(same).toBe(one);
    await put({ 'deep/b.pem': second });
    expect(await source.read()).toBe(one);
    await clock.advance(1000);
    const two = await source.read();
    expect(two).not.toBe(one);
    await clock.advance(1000);
    expect(await source.read()).toBe(two);
  });
});

test.each([
  ['is empty', ''],
  ['holds a broken certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
])('a file of authorities that %s is refused', async (_what, text) => {
  await put({ 'ca.pem': text });
  const read = tlsSource({ caFile: join(folder, 'ca.pem') }, fakeClock()).read();
  await expect(read).rejects.toThrow(/ca\.pem holds no certificate in PEM/);
});

test('a key that is none, as while it is being replaced, is refused until it is one', async () => {
  await put({ 'own.key': 'half a k' });
  const source = tlsSource({ keyFile: join(folder, 'own.key') }, fakeClock());
  await expect(source.read()).rejects.toThrow();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await put({ 'own.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
  expect((await source.read()).secureContext).toBeDefined();
});

test('a folder in the place of a file is refused with the reason', async () => {
  await expect(tlsSource({ caFile: folder }, fakeClock()).read()).rejects.toThrow(/a directory, not a regular file/);
});
