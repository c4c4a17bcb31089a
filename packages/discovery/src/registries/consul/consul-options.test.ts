import { OptionsError } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { type ConsulOptions, checkConsulOptions, consulDefaults } from './consul-options.js';

const nothing = {};

test('reaches the agent of this machine unless told otherwise', () => {
  expect(checkConsulOptions(undefined, nothing)).toEqual(consulDefaults);
});

test('follows the environment variables that Consul’s own tools follow, and options before them', () => {
  const environment = {
    CONSUL_HTTP_ADDR: 'consul.internal:8501',
    CONSUL_HTTP_TOKEN: 'secret',
    CONSUL_HTTP_TOKEN_FILE: '/run/token',
  };
  const expected = { url: 'http://consul.internal:8501', token: 'secret', tokenFile: '/run/token' };
  expect(checkConsulOptions({}, environment)).toMatchObject(expected);
  expect(checkConsulOptions({ url: 'https://other', token: 'mine' }, environment)).toMatchObject({
    url: 'https://other',
    token: 'mine',
  });
});

test.each<[string, object, RegExp]>([
  ['an address without scheme', { url: '127.0.0.1:8500' }, /url must be a base URL/],
  ['a URL with a path', { url: 'http://127.0.0.1:8500/v1' }, /url must be/],
  ['credentials in the URL', { url: 'http://user:secret@127.0.0.1' }, /url must be/],
  ['a time to deregister that Consul would silently raise', { deregisterCriticalAfterMs: 30_000 }, /from 60000/],
  ['a wait that Consul would cut', { waitMs: 3_600_000 }, /waitMs must be/],
  ['an unknown check', { check: 'grpc' }, /check must be one of ttl, http/],
  ['a datacentre that is no name', { datacenters: ['dc/1'] }, /datacenters must be/],
  ['a path that is none', { checkPath: 'readyz' }, /checkPath must be/],
  ['TLS without https', { tls: { ca: 'x' } }, /tls needs an https URL/],
  [
    'TLS with an unknown part',
    { url: 'https://consul', tls: { rejectUnauthorized: false } },
    /tls\.rejectUnauthorized/,
  ],
  ['a token that no header can carry', { token: 'tö\nken' }, /token must be visible ASCII(?!.*tö)/],
  ['a misspelt option', { tokenfile: 'x' }, /unknown option "tokenfile"/],
])('refuses %s', (_name, options, message) => {
  const check = () => checkConsulOptions(options as Partial<ConsulOptions>, nothing);
  expect(check).toThrow(OptionsError);
  expect(check).toThrow(message);
});
