import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FwkError } from '../errors/fwk-error.js';
import { redact, redactDefaults, redactText } from './redact.js';
import { mask } from './secret-name.js';

describe('a copy', () => {
  test('masks secrets by name, nested, in lists, in maps, in headers and in errors with their causes', () => {
    const cause = Object.assign(new Error('no postgres://a:b@db'), { password: 'hunter2' });
    const error = new FwkError('FWK_X_Y', 'failed', { cause, details: { apiKey: 'abc', list: [{ token: 'abc' }] } });
    const copy = redact({
      user: { name: 'eve', password: 'hunter2', tokens: 5 },
      list: [{ secret: 'x' }, 'Bearer abcdef'],
      map: new Map([['apiKey', 'abc']]),
      headers: { authorization: 'x', Cookie: 'a=b', 'set-cookie': ['a=b'], accept: 'x' },
      rawHeaders: ['Authorization', 'abc', 'Accept', 'x'],
      error,
    });
    expect(copy).toMatchObject({
      user: { name: 'eve', password: mask, tokens: 5 },
      list: [{ secret: mask }, `Bearer ${mask}`],
      map: { apiKey: mask },
      headers: { authorization: mask, Cookie: mask, 'set-cookie': mask, accept: 'x' },
      rawHeaders: ['Authorization', mask, 'Accept', 'x'],
      error: {
        type: 'FwkError',
        code: 'FWK_X_Y',
        details: { apiKey: mask, list: [{ token: mask }] },
        cause: { message: `no postgres://a:${mask}@db`, password: mask },
      },
    });
    expect(JSON.stringify(copy)).not.toMatch(/hunter2|abc|a:b@/);
  });

  test('masks what stands beside its name: in pairs, in lists of variables and behind options of commands', () => {
    const copy = redact({
      headers: [{ name: 'Authorization', value: 'hunter2' }],
      env: [
        { name: 'DB_PASSWORD', value: 'hunter2' },
        { name: 'REGION', value: 'eu' },
        { key: 'apiKey', value: 'hunter2' },
      ],
      argv: ['node', '--password', 'hunter2', '--level', 'info'],
      auth: 'eve:hunter2',
      plain: { auth: 'basic', value: 'x' },
      REDIS_AUTH: 'hunter22',
      seedPhrase: 'hunter2',
    });
    expect(JSON.stringify(copy)).not.toContain('hunter2');
    expect(copy).toMatchObject({
      env: [{ name: 'DB_PASSWORD', value: mask }, { name: 'REGION', value: 'eu' }, { value: mask }],
      argv: ['node', '--password', mask, '--level', 'info'],
      plain: { auth: 'basic', value: 'x' },
    });
  });

  test('shows headers of fetch, queries and forms by their names', () => {
    const form = new FormData();
    form.set('password', 'hunter2');
    form.set('n', '1');
    const copy = redact({
      headers: new Headers({ authorization: 'Bearer hunter2', accept: 'x' }),
      query: new URLSearchParams('token=hunter2&a=1'),
      form,
    });
    expect(copy).toEqual({
      headers: { accept: 'x', authorization: mask },
      query: { token: mask, a: '1' },
      form: { password: mask, n: '1' },
    });
  });

  test('leaves plain data as JSON has it', () => {
    const data = { a: 1, b: 'x', c: [true, null], d: { e: {} }, at: new Date(0), url: new URL('http://a/') };
    expect(redact(data)).toEqual(JSON.parse(JSON.stringify(data)));
    expect(redact({ big: 5n, nan: Number.NaN, f: () => 1, s: Symbol('x'), u: undefined })).toEqual({
      big: '5',
      nan: 'NaN',
    });
    expect(redact(Object.fromEntries([['__proto__', { a: 1 }]]))).toEqual(JSON.parse('{"__proto__":{"a":1}}'));
  });

  test('survives what throws when it is read', () => {
    const throwing = () => {
      throw new Error('no');
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const error = new Error('x');
    Object.defineProperty(error, 'stack', { get: throwing });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const copy = redact({
      getter: Object.defineProperty({ ok: 1 }, 'bad', { get: throwing, enumerable: true }),
      json: { toJSON: throwing },
      proxy: new Proxy({}, { ownKeys: throwing }),
      trap: new Proxy({ a: 1 }, { get: throwing }),
      revoked: revoked.proxy,
      date: new Date(Number.NaN),
      error,
      circle,
    });
    expect(copy).toMatchObject({
      getter: { ok: 1, bad: '[unreadable]' },
      json: '[unreadable]',
      proxy: '[unreadable]',
      trap: '[unreadable]',
      revoked: '[unreadable]',
      date: null,
      error: { message: 'x', stack: '[unreadable]' },
      circle: { self: '[circular]' },
    });
  });

  test('is bounded in depth, number and length, whatever it is made of', () => {
    const deep = JSON.parse('['.repeat(1000) + ']'.repeat(1000)) as unknown;
    const endless = new Proxy(
      {},
      {
        get: (_, key) => (key === 'toJSON' ? undefined : endless),
        ownKeys: () => ['a'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    );
    const copy = redact({ text: 'x'.repeat(1e6), list: new Array(1e6).fill(1), deep, endless, more: 1 });
    expect(JSON.stringify(copy).length).toBeLessThan(40_000);
    expect(JSON.stringify(redact({ deep, buffer: new Uint8Array(1e6) }))).toMatch(/too deep.*1000000 bytes/);
    expect(JSON.stringify(redact({ list: new Array(5000).fill(1) }))).toMatch(/\[\d+ more\]/);
    expect(redact('x'.repeat(10_000))).toBe(`${'x'.repeat(redactDefaults.maxTextLength)}… (10000 characters)`);
  });

  test.each([
    ['a password in a URL', 'https://user:', '@host/path'],
    ['a member of JSON', '{"password":"', '"}'],
    ['a quoted label', "password: '", "' and more"],
    ['an assignment', 'password=', ' and more'],
    ['a header line', 'Authorization: Bearer ', '\r\nHost: x'],
    ['a token', 'ghp_', ' and more'],
    ['a key', '-----BEGIN PRIVATE KEY-----\n', '\n-----END PRIVATE KEY-----'],
  ])('of a text that is cut shows no part of %s, wherever the cut is', (_what, before, after) => {
    const secret = 'Xk9sEcr3t'.repeat(4);
    const text = `${'word '.repeat(20)}${before}${secret}${after}${' more'.repeat(500)}`;
    for (let length = 0; length < 300; length++) {
      const shown = redactText(text, length);
      expect(shown).not.toContain('Xk9');
      expect(shown.length).toBeLessThanOrEqual(length + '… (9999 characters)'.length);
    }
    expect(redactText(text, 60)).toBe(`${text.slice(0, 60)}… (${text.length} characters)`);
  });

  test('of anything can be written as JSON', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), (value) => {
        expect(() => JSON.stringify(redact(value))).not.toThrow();
      }),
    );
  });
});
