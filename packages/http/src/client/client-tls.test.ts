/** Calls over TLS to real servers with real certificates. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dnsRegistry, type Endpoint, memberships, memoryRegistry, staticEndpoints } from '@fwk/discovery';
import { type FwkError, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, testAuthority } from '@fwk/kernel/testing';
import { policyRegistry } from '@fwk/resilience';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { shop, startShop } from '../fixtures/waiting-shop.js';
import { reaching } from '../fixtures/wire-under-test.js';
import type { ServerTls } from '../server/server-tls.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

const authority = testAuthority();
const { ca } = authority;
const patience = { timeout: 10_000, interval: 20 };

async function serve(tls: ServerTls | undefined = authority.issue({ names: ['shop', '127.0.0.1'] })): Promise<string> {
  const server = await startShop({ tls }, async () => 'served');
  onTestFinished(() => server.close());
  return server.url;
}

function clientFor(options: Partial<ClientOptions<typeof shop>> & ClientParts) {
  // Times that a busy machine keeps.
  const patient = { timeoutMs: 20_000, deadlineMs: 60_000, connectTimeoutMs: 10_000 };
  const client = createClient(shop, reaching({ retry: false, ...patient, ...options }));
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

/** As a registry would tell of it, with what the URL says of its scheme or with something else. */
function discovered(url: string, metadata?: Record<string, string>): ClientParts {
  const endpoints = staticEndpoints('shop', [url]).value.map(
    (each): Endpoint => ({ ...each, url: metadata ? url.replace('https:', 'http:') : each.url }),
  );
  const live = liveValue<readonly Endpoint[]>(endpoints);
  return { memberships: { of: () => live, settled: async () => {} } };
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

describe('the name that a certificate must bear', () => {
  test('is the host of a URL that is given, the service’s for who is discovered, or serverName', async () => {
    const [host, service, other] = await Promise.all(
      [['127.0.0.1'], ['shop'], ['other']].map((names) => serve(authority.issue({ names }))),
    );
    expect(await clientFor({ endpoints: [host as string], tls: { ca } }).wait()).toBe('served');
    expect(await clientFor({ ...discovered(service as string), tls: { ca } }).wait()).toBe('served');
    const named = { ca, serverName: 'other' };
    expect(await clientFor({ ...discovered(other as string), tls: named }).wait()).toBe('served');
    const error = await failure(clientFor({ ...discovered(host as string), tls: { ca } }).wait());
    expect(error).toMatchObject({
      code: 'FWK_HTTP_CONNECTION',
      details: { sent: false, reason: 'ERR_TLS_CERT_ALTNAME_INVALID', url: host },
      traits: { notProcessed: true },
    });
  });
});

describe('nobody is trusted', () => {
  test.each<[string, () => ServerTls, RegExp]>([
    ['whose authority is unknown', () => testAuthority().issue(), /UNABLE_TO_VERIFY|SELF_SIGNED|ISSUER/],
    [
      'whose certificate has expired',
      () => authority.issue({ validToMs: 1_700_000_000_000, validFromMs: 1_600_000_000_000 }),
      /CERT_HAS_EXPIRED/,
    ],
  ])('%s', async (_who, tls, reason) => {
    const url = await serve(tls());
    const error = await failure(clientFor({ endpoints: [url], tls: { ca } }).wait());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', details: { sent: false, url } });
    expect(error.details.reason).toMatch(reason);
  });

  test('in clear, though an instance says that it speaks nothing else', async () => {
    const server = await startShop({}, async () => 'served');
    onTestFinished(() => server.close());
    const error = await failure(clientFor({ ...discovered(server.url), tls: { ca } }).wait());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', details: { sent: false } });
    expect(error.message).toContain('https://');
  });
});

test('an instance that announces nothing is called over TLS by who demands it', async () => {
  const client = clientFor({ ...discovered(await serve(), {}), tls: { ca } });
  expect(await client.wait()).toBe('served');
});

test('another instance answers when one shows a wrong certificate', async () => {
  const endpoints = [await serve(authority.issue({ names: ['other'] })), await serve()];
  const client = clientFor({ endpoints, tls: { ca }, retry: {} });
  expect(await Promise.all([client.wait(), client.wait(), client.wait()])).toEqual(['served', 'served', 'served']);
});

test('new connections trust whom the file names by then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-client-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, testAuthority().ca);
  const client = clientFor({ endpoints: [await serve()], tls: { caFile }, breaker: false, ejection: false });
  expect(await failure(client.wait())).toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
  await writeFile(caFile, ca);
  await vi.waitFor(async () => expect(await client.wait()).toBe('served'), patience);
}, 20_000);

test('shows a certificate of its own where the server requires one', async () => {
  const required = { ...authority.issue(), ca, clientCertificate: 'required' } as const;
  const url = await serve(required);
  const own = authority.issue({ names: ['checkout'] });
  expect(await clientFor({ endpoints: [url], tls: { ca, ...own } }).wait()).toBe('served');
  expect(await failure(clientFor({ endpoints: [url], tls: { ca } }).wait())).toMatchObject({
    code: 'FWK_HTTP_REMOTE',
    details: { status: 403 },
  });
});

test('tells health of its files, each client under a name of its own', async () => {
  const names: string[] = [];
  const dispose = vi.fn();
  const health = {
    add({ name }: { name: string }) {
      names.push(name);
      return { [Symbol.dispose]: dispose };
    },
  };
  const make = () => clientFor({ endpoints: ['https://127.0.0.1:1'], tls: { ca }, health });
  make();
  await make()[Symbol.asyncDispose]();
  expect(names).toEqual(['tls of client of "shop"', 'tls of client of "shop" (2)']);
  expect(dispose).toHaveBeenCalledOnce();
});

test('SRV records lead to instances that prove the name of their service, not that of their host', async () => {
  const urls = await Promise.all(['shop', 'host.test'].map((name) => serve(authority.issue({ names: [name] }))));
  const found = async (url: string | undefined) => {
    const port = Number(new URL(url as string).port);
    const resolver = {
      resolveSrv: async () => [{ name: 'host.test', port, priority: 0, weight: 0 }],
      resolve4: async () => [{ address: '127.0.0.1', ttl: 60 }],
      resolve6: async () => [],
    };
    const registry = dnsRegistry({ services: { shop: '_http._tcp.shop.test' }, resolver, scheme: 'https' });
    onTestFinished(() => registry.close());
    const known = memberships(registry, makeEnv());
    onTestFinished(() => known[Symbol.dispose]());
    return clientFor({ memberships: known, tls: { ca } }).wait();
  };
  expect(await found(urls[0])).toBe('served');
  expect(await failure(found(urls[1]))).toMatchObject({ details: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
});

test.each<[string, Partial<ClientOptions<typeof shop>>, RegExp]>([
  [
    'a plain endpoint',
    { endpoints: ['http://127.0.0.1:1'], tls: { ca } },
    /tls needs https: or mux: endpoints, not http:/,
  ],
  [
    'a password in one',
    { endpoints: ['http://u:secret@h:1'], tls: { ca } },
    /tls needs https: or mux: endpoints, not http:\/\/u:(?!secret)/,
  ],
  ['a name that is none', { endpoints: ['https://h:1'], tls: { ca, serverName: 'a b' } }, /serverName must be a host/],
  ['a key alone', { endpoints: ['https://h:1'], tls: { keyFile: 'own.key' } }, /a key without its certificate/],
  ['a file that is not there', { endpoints: ['https://h:1'], tls: { caFile: '/nowhere.pem' } }, /no such file/],
])('TLS with %s is refused when the client is made', (_what, options, reason) => {
  expect(() => createClient(shop, options)).toThrow(reason);
});

test('a client that cannot be made follows no files, and is in no list', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-client-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, ca);
  const clock = fakeClock();
  const policies = policyRegistry(makeEnv());
  const parts = { endpoints: ['https://127.0.0.1:1'], tls: { caFile }, env: { clock }, policies };
  expect(() => createClient(shop, { ...parts, retry: { maxAttempts: -1 } })).toThrow(/maxAttempts/);
  expect(() => createClient(shop, { ...parts, layers: () => 1 as never })).toThrow(/layers must answer/);
  expect([clock.pending, policies.list()]).toEqual([0, []]);
});

test('a service whose name is no host name needs a serverName', () => {
  const registry = memoryRegistry();
  const parts = { memberships: memberships(registry, makeEnv()), service: 'shop:blue', tls: { ca } };
  expect(() => createClient(shop, parts)).toThrow(/serverName must be a host name, as the service's name "shop:blue"/);
});
