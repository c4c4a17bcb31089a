import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { decryptValue, encryptValue, makeKey, readKeys } from './value-cipher.js';

const [old, next] = [makeKey(), makeKey()];

describe('an encrypted value', () => {
  test('comes back as it was, looks different each time, and shows no part of the text', () => {
    const keys = readKeys(old);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const sealed = encryptValue(text, keys);
        expect(sealed).toMatch(/^enc:[0-9a-f]{8}:[\w-]+$/);
        expect(encryptValue(text, keys)).not.toBe(sealed);
        expect(decryptValue(sealed, keys)).toEqual({ text });
      }),
    );
  });

  test('that was changed in any letter is refused', () => {
    const keys = readKeys(old);
    const sealed = encryptValue('hunter2', keys);
    for (let at = 'enc:'.length; at < sealed.length; at++) {
      const other = sealed[at] === 'a' ? 'b' : 'a';
      const changed = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
      const result = decryptValue(changed, keys);
      // The last letter of base64url has bits that mean nothing.
      if ('text' in result)
        expect(Buffer.from(changed.slice(13), 'base64url')).toEqual(Buffer.from(sealed.slice(13), 'base64url'));
      else expect(result.problem).not.toContain('hunter2');
    }
  });

  test('is read with any of the keys, and written with the first', () => {
    const both = readKeys(`${next}, ${old}\n`);
    expect(decryptValue(encryptValue('a', readKeys(old)), both)).toEqual({ text: 'a' });
    expect(decryptValue(encryptValue('a', both), readKeys(next))).toEqual({ text: 'a' });
    expect(decryptValue(encryptValue('a', both), readKeys(old))).toMatchObject({
      problem: expect.stringContaining('the keys given are'),
    });
  });

  test.each(['enc:', 'enc:x', 'enc:00000000:', 'enc:00000000:abcd'])('%s is none', (value) => {
    expect(decryptValue(value, readKeys(old))).toMatchObject({
      problem: expect.stringContaining('is no encrypted value'),
    });
  });
});

test.each(['hunter2', 'A'.repeat(44), makeKey().slice(1), `${makeKey()}=`])('%s is no key, and is not shown', (key) => {
  expect(() => readKeys(key)).toThrow(
    expect.objectContaining({ code: 'FWK_CONFIG_KEY_INVALID', message: expect.not.stringContaining(key) }),
  );
});

describe('settings', () => {
  const load = (defaults: object, source: Record<string, string>, keyFile?: string) =>
    loadConfig({ defaults, environment: { source }, keyFile, watch: false });

  test('may be encrypted, are masked wherever they are put, and need no other name', async () => {
    const account = encryptValue('B-1234-secret', readKeys(old));
    const config = await load({ account, line: `${'$'}{account}!` }, { FWK_SETTINGS_KEY: old });
    expect(config.current.value).toEqual({ account: 'B-1234-secret', line: 'B-1234-secret!' });
    expect(config.view().values).toEqual({ account: '******', line: '******' });
    expect(config.explain('account')).toMatchObject({ value: '******', candidates: [{ value: '******' }] });
  });

  test('are decrypted with keys of a file, which may change under way', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'keys');
    await writeFile(file, `${old}\n`);
    const config = await load({ a: encryptValue('x', readKeys(old)) }, {}, file);
    await writeFile(file, `${next}\n`);
    await config.reload();
    expect(config.lastRefusal?.reason).toContain('a: is encrypted with the key');
    await writeFile(file, `${next}\n${old}\n`);
    await config.reload();
    expect([config.lastRefusal, config.current.value]).toEqual([undefined, { a: 'x' }]);
  });

  test('that cannot be decrypted are all named at once', async () => {
    const sealed = encryptValue('hunter2', readKeys(old));
    await expect(load({ a: sealed, b: `${sealed.slice(0, -9)}AAAAAAAAA`, c: 'enc:x' }, {})).rejects.toMatchObject({
      code: 'FWK_CONFIG_INVALID',
      issues: [{ path: 'a' }, { path: 'b' }, { path: 'c' }],
    });
    await expect(load({ a: 1 }, { FWK_SETTINGS_KEY: 'short' })).resolves.toBeDefined();
    await expect(load({ a: sealed }, { FWK_SETTINGS_KEY: 'short' })).rejects.toMatchObject({
      code: 'FWK_CONFIG_KEY_INVALID',
    });
    await expect(load({ a: sealed }, {}, '/no/file')).rejects.toMatchObject({ code: 'FWK_CONFIG_KEY_INVALID' });
  });
});
