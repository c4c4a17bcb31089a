import { describe, expect, test } from 'vitest';
import { OptionsError } from '../options/check-options.js';
import { bearerCheck, checkToken } from './bearer.js';
import { hostNameOf, isLoopback } from './loopback.js';

const secret = 'a-secret-of-some-length';

describe('a bearer check', () => {
  test('takes the token it was made for, under any spelling of the scheme', async () => {
    const holds = await bearerCheck(secret);
    expect(holds(`Bearer ${secret}`)).toBe(true);
    expect(holds(`bearer   ${secret}`)).toBe(true);
    expect(holds(`bearer ${secret}`)).toBe(true);
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${secret}`, `Bearer ${secret}x`, `Bearer ${secret.slice(1)}`])(
    'refuses %j',
    async (header) => {
      expect((await bearerCheck(secret))(header)).toBe(false);
    },
  );
});

describe('a configured token', () => {
  test('may be absent or of a fair length', () => {
    expect(() => checkToken('x', undefined)).not.toThrow();
    expect(() => checkToken('x', secret)).not.toThrow();
  });

  test.each([
    'short',
    'with spaces in between',
    'line\nbreaks-in-between',
    'x'.repeat(1025),
    1_234_567_890_123_456,
    null,
  ])('is refused without being shown: %j', (token) => {
    const refusal = (() => {
      try {
        checkToken('server', token);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(OptionsError);
    expect(String(refusal)).not.toContain(String(token));
  });
});

describe('a host', () => {
  test.each([
    ['localhost', true],
    ['LocalHost', true],
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['127.0.0.1.evil.example', false],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['', false],
  ])('%s is loopback: %j', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });

  test.each([
    ['localhost:80', 'localhost'],
    ['[::1]:80', '::1'],
    ['[::1]', '::1'],
    ['a.example', 'a.example'],
    ['[::1]evil.example', ''],
    ['[::1', ''],
    ['localhost:80:80', 'localhost:80'],
    ['localhost:evil', ''],
    [`${':1'.repeat(50_000)}x`, ''],
    [undefined, ''],
  ])('is read from the header %j', (header, expected) => {
    expect(hostNameOf(header)).toBe(expected);
  });
});
