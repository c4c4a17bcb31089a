import { expect, test } from 'vitest';
import { proxyChoice } from './client-proxy.js';
import type { Environment } from './proxy-environment.js';

const shown = (environment: Environment, url: string) =>
  proxyChoice('client', 'environment', environment)?.(url)?.shown;

test('the scheme of the endpoint says which variable counts, in lower case first', () => {
  const environment = {
    http_proxy: 'http://lower:1',
    HTTP_PROXY: 'http://upper:1',
    HTTPS_PROXY: 'https://secure:2',
  };
  expect(shown(environment, 'http://api.example')).toBe('http://lower:1');
  expect(shown(environment, 'https://api.example')).toBe('https://secure:2');
  expect(shown({ ALL_PROXY: 'proxy:3128' }, 'https://api.example')).toBe('http://proxy:3128');
  expect(shown({ ALL_PROXY: 'http://all:1', HTTPS_PROXY: '' }, 'https://api.example')).toBe('http://all:1');
  expect(shown({ HTTPS_PROXY: 'http://p:1' }, 'http://api.example')).toBeUndefined();
  expect(shown({}, 'https://api.example')).toBeUndefined();
});

test('HTTP_PROXY in capitals is a header of the request in a CGI program', () => {
  expect(shown({ HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' }, 'http://api.example')).toBeUndefined();
  expect(shown({ http_proxy: 'http://good:1', REQUEST_METHOD: 'GET' }, 'http://api.example')).toBe('http://good:1');
});

test.each<[string, string, boolean]>([
  ['*', 'https://api.example', true],
  ['api.example', 'https://api.example', true],
  ['API.Example', 'https://api.example', true],
  ['example', 'https://api.example', true],
  ['.example', 'https://api.example', true],
  ['*.example', 'https://api.example', true],
  ['.api.example', 'https://api.example', true],
  ['pi.example', 'https://api.example', false],
  ['api.example', 'https://api.example.evil.test', false],
  ['other.test, api.example', 'https://api.example', true],
  ['other.test api.example', 'https://api.example', true],
  ['api.example:443', 'https://api.example', true],
  ['api.example:8443', 'https://api.example', false],
  ['api.example:8443', 'https://api.example:8443', true],
  ['api.example', 'https://api.example.:443', true],
  ['10.0.0.7', 'https://10.0.0.7', true],
  ['10.0.0.0/8', 'https://10.200.3.4', true],
  ['10.0.0.0/8', 'https://11.0.0.1', false],
  ['10.0.0.0/33', 'https://10.0.0.1', false],
  ['0.0.0.0/0', 'https://api.example', false],
  ['fd00::/8', 'https://[fd12::1]', true],
  ['fd00::/8', 'https://[fe12::1]', false],
  ['fe80::1', 'https://[fe80:0::1]', true],
  ['[fe80::1]:443', 'https://[fe80::1]', true],
  ['[fe80::1]:444', 'https://[fe80::1]', false],
  ['', 'https://api.example', false],
  [',, ,', 'https://api.example', false],
  ['.', 'https://api.example', false],
  ['[', 'https://api.example', false],
])('NO_PROXY=%s and %s', (no, url, direct) => {
  expect(shown({ ALL_PROXY: 'http://proxy:3128', NO_PROXY: no }, url) === undefined).toBe(direct);
});

test.each(['http://localhost:80', 'https://127.0.0.9', 'https://[::1]:443', 'unix:/run/a.sock', 'mux://api.example:1'])(
  '%s is never reached through a proxy of the environment',
  (url) => expect(shown({ ALL_PROXY: 'http://proxy:3128' }, url)).toBeUndefined(),
);

test('a proxy may ask who is there', () => {
  const named = proxyChoice('client', 'http://shop:p%40ss@proxy:3128')?.('https://127.0.0.1');
  expect(named?.authorization).toBe(`Basic ${Buffer.from('shop:p@ss').toString('base64')}`);
  expect(named?.shown).toBe('http://proxy:3128');
});

test.each(['socks5://hunter2@proxy:1080', 'http://', 'http://a:hunter2%zz@proxy', 'http://a:hunter2@[c'])(
  '%s is no proxy, and its password is not shown',
  (value) => {
    const make = () => proxyChoice('client', 'environment', { HTTPS_PROXY: value });
    expect(make).toThrow(/HTTPS_PROXY/);
    expect(make).not.toThrow(/hunter2/);
    expect(() => proxyChoice('client', value)).toThrow(/proxy/);
  },
);

test('a long list of exceptions is read in linear time', () => {
  const long = `${'a:'.repeat(50_000)},${'['.repeat(50_000)}`;
  expect(shown({ ALL_PROXY: 'http://proxy:3128', NO_PROXY: long }, 'https://api.example')).toBe('http://proxy:3128');
});
