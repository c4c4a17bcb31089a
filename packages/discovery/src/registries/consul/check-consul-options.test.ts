import { OptionsError } from '@fwk/kernel';
import { consulAddressOf } from '@fwk/kernel/consul';
import { describe, expect, test } from 'vitest';
import { checkConsulOptions } from './check-consul-options.js';
import { type ConsulOptions, consulDefaults } from './consul-options.js';

const nothing = {};
const pem = '-----BEGIN CERTIFICATE-----';

test('reaches the agent of this machine unless told otherwise', () => {
  expect(checkConsulOptions(undefined, nothing)).toEqual(consulDefaults);
});

test('follows the environment variables that Consul’s own tools follow, and options before them', () => {
  const environment = {
    CONSUL_HTTP_ADDR: 'consul.internal:8501',
    CONSUL_HTTP_TOKEN: 'secret',
    CONSUL_HTTP_TOKEN_FILE: '/run/token',
    CONSUL_HTTP_AUTH: 'proxy:pass:word',
    CONSUL_HTTP_SSL: 'true',
    CONSUL_HTTP_SSL_VERIFY: '0',
    CONSUL_CACERT: '/ca.pem',
    CONSUL_CAPATH: '/ca',
    CONSUL_CLIENT_CERT: '/own.pem',
    CONSUL_CLIENT_KEY: '/own.key',
    CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    CONSUL_NAMESPACE: 'team',
    CONSUL_PARTITION: 'west',
  };
  expect(checkConsulOptions({}, environment)).toMatchObject({
    url: 'https://consul.internal:8501',
    token: 'secret',
    tokenFile: '/run/token',
    auth: 'proxy:pass:word',
    namespace: 'team',
    partition: 'west',
    tls: {
      caFile: '/ca.pem',
      certFile: '/own.pem',
      keyFile: '/own.key',
      serverName: 'server.dc1.consul',
      verify: false,
    },
  });
  const own = { url: 'https://other', token: 'mine', tls: { ca: pem } };
  expect(checkConsulOptions(own, environment)).toMatchObject({ ...own, tls: { ca: pem } });
  expect(checkConsulOptions(own, environment).tokenFile).toBeUndefined();
  expect(checkConsulOptions({ url: 'http://localhost:1' }, environment).tls).toBeUndefined();
  const { tls } = checkConsulOptions({}, { ...environment, CONSUL_CACERT: '' });
  expect([tls?.caFile, tls?.caFolder]).toEqual([undefined, '/ca']);
});

test.each([
  [{ CONSUL_HTTP_SSL: 'true' }, 'https://127.0.0.1:8500'],
  [{ CONSUL_HTTP_SSL: 'T', CONSUL_HTTP_ADDR: 'http://consul:8501' }, 'https://consul:8501'],
  [{ CONSUL_HTTP_SSL: 'false', CONSUL_HTTP_ADDR: 'https://consul:8501' }, 'https://consul:8501'],
  [{ CONSUL_HTTP_SSL: '', CONSUL_HTTP_ADDR: 'consul:8500' }, 'http://consul:8500'],
  [{ CONSUL_HTTP_SSL: '1', CONSUL_HTTP_ADDR: 'unix:///run/consul.sock' }, 'unix:///run/consul.sock'],
])('reads the address in %j as Consul’s tools do', (environment, url) => {
  expect(checkConsulOptions({}, environment).url).toBe(url);
});

test.each(['CONSUL_HTTP_SSL', 'CONSUL_HTTP_SSL_VERIFY', 'FWK_CONSUL_TOKEN_OVER_HTTP'])(
  'does not guess what %s=yes means',
  (name) => {
    const environment = { CONSUL_HTTP_ADDR: 'https://consul', [name]: 'yes' };
    expect(() => checkConsulOptions({}, environment)).toThrow(new RegExp(`${name} must be true or false, not "yes"`));
  },
);

test.each([
  ['http://127.0.0.1:8500', { label: '127.0.0.1:8500', base: 'http://127.0.0.1:8500', local: true, secure: false }],
  ['http://127.0.0.1.example:8500', { label: '127.0.0.1.example:8500', local: false }],
  ['http://[::1]:8500/', { base: 'http://[::1]:8500', local: true }],
  ['https://proxy/consul', { label: 'proxy/consul', base: 'https://proxy/consul', local: false, secure: true }],
  ['unix:///run/consul.sock', { label: 'unix:/run/consul.sock', socketPath: '/run/consul.sock', local: true }],
])('finds the agent at %s', (url, expected) => {
  expect(consulAddressOf({ url })).toMatchObject(expected);
});

test('takes a name without a password as Consul’s tools do', () => {
  expect(checkConsulOptions({}, { CONSUL_HTTP_AUTH: 'proxy' }).auth).toBe('proxy:');
});

test('refuses a certificate without its key in the environment too, and says where it stands', () => {
  const environment = { CONSUL_HTTP_ADDR: 'https://consul', CONSUL_CLIENT_CERT: '/own.pem' };
  expect(() => checkConsulOptions({}, environment)).toThrow(/by environment variables: tls has a certificate without/);
});

describe('a secret and plain HTTP', () => {
  const far = { url: 'http://consul.internal:8500' };

  test.each([{ token: 'secret-token' }, { tokenFile: '/run/token' }, { auth: 'user:secret-word' }])(
    'do not go together beyond this machine: %j',
    (secret) => {
      const check = () => checkConsulOptions({ ...far, ...secret }, nothing);
      expect(check).toThrow(/would go to consul\.internal:8500 in clear: use an https URL \(CONSUL_HTTP_SSL=true\)/);
      expect(check).not.toThrow(/secret-/);
    },
  );

  test.each([
    [{ ...far, token: 'secret', tokenOverHttp: true }, nothing],
    [far, { CONSUL_HTTP_TOKEN: 'secret', FWK_CONSUL_TOKEN_OVER_HTTP: 'true' }],
    [{ url: 'http://localhost:8500', token: 'secret' }, nothing],
    [{ url: 'unix:///run/consul.sock', token: 'secret' }, nothing],
    [{ url: 'https://consul.internal', token: 'secret' }, nothing],
    [far, nothing],
  ])('go together where it is allowed or nobody can listen: %j', (options, environment) => {
    expect(() => checkConsulOptions(options, environment)).not.toThrow();
  });
});

test.each<[string, object, RegExp]>([
  ['an address without scheme', { url: '127.0.0.1:8500' }, /url must be a base URL/],
  ['a URL that names the API', { url: 'http://127.0.0.1:8500/v1' }, /url must be/],
  ['a socket without a path', { url: 'unix://' }, /url must be/],
  ['a password without a name', { auth: ':secret' }, /auth must be user:password/],
  ['a namespace that is no name', { namespace: 'a b' }, /namespace must be/],
  ['credentials in the URL', { url: 'http://user:secret@127.0.0.1' }, /url must be/],
  ['a time to deregister that Consul would silently raise', { deregisterCriticalAfterMs: 30_000 }, /from 60000/],
  ['a wait that Consul would cut', { waitMs: 3_600_000 }, /waitMs must be/],
  ['an unknown check', { check: 'grpc' }, /check must be one of ttl, http/],
  ['a datacentre that is no name', { datacenters: ['dc/1'] }, /datacenters must be/],
  ['a path that is none', { checkPath: 'readyz' }, /checkPath must be/],
  ['TLS without https', { tls: { ca: pem } }, /tls needs an https URL/],
  [
    'one certificate from two places',
    { url: 'https://consul', tls: { ca: pem, caFile: 'y' } },
    /tls takes ca or caFile, not both/,
  ],
  ['a switch that is text', { url: 'https://consul', tls: { verify: 'no' } }, /tls\.verify must be true or false/],
  ['a file in the place of its text', { url: 'https://consul', tls: { ca: '/ca.pem' } }, /there is tls\.caFile/],
  ['a certificate without its key', { url: 'https://consul', tls: { certFile: 'x' } }, /certificate without its key/],
  ['a name that is none', { url: 'https://consul', tls: { serverName: 'a b' } }, /tls\.serverName must be a host name/],
  ['TLS of a check that is not made', { checkTls: { verify: false } }, /checkTls needs check: 'http'/],
  ['an unknown part of it', { check: 'http', checkTls: { ca: pem } }, /checkTls must be an object of serverName/],
  ['a name of it that is none', { check: 'http', checkTls: { serverName: 'a b' } }, /checkTls must be/],
  ['a switch of it that is text', { check: 'http', checkTls: { verify: 'no' } }, /checkTls must be/],
  ['a switch in its place', { check: 'http', checkTls: false }, /checkTls must be/],
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
