/** Calls through a real proxy on this machine, to names that only the proxy knows. */
import { createServer as createRawServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type FwkError, messageOf } from '@fwk/kernel';
import { testAuthority } from '@fwk/kernel/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serviceFetch } from '../adapters/service-fetch.js';
import { bearer } from '../credentials/given-secrets.js';
import { shop, startShop } from '../fixtures/waiting-shop.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const authority = testAuthority();
const { ca } = authority;

interface Told {
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
}

/** How a proxy answers a wish for a tunnel. */
type Answer = 'tunnel' | 'nothing' | string;

/** A proxy that takes each name for this machine. */
async function startProxy(answer: Answer = 'tunnel', tls = false) {
  const told: Told[] = [];
  const open = new Set<Socket>();
  const proxy = createRawServer((request, response) => {
    const { hostname, port, pathname } = new URL(request.url ?? '');
    told.push({ what: `${request.method} ${hostname} ${pathname}`, headers: request.headers });
    const onward = httpRequest({
      host: '127.0.0.1',
      port,
      path: pathname,
      method: request.method,
      headers: request.headers,
    });
    onward.on('response', (from) => from.pipe(response.writeHead(from.statusCode ?? 502, from.headers)));
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  proxy.on('connect', (request, socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    told.push({ what: `CONNECT ${request.url}`, headers: request.headers });
    if (answer === 'nothing') return;
    if (answer !== 'tunnel') {
      socket.end(answer);
      return;
    }
    const port = Number(request.url?.split(':').at(-1));
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    open.add(onward);
    onward.on('error', () => socket.destroy());
  });
  const front: Server = tls
    ? createTlsServer(authority.issue({ names: ['127.0.0.1'] }), (socket) => void proxy.emit('connection', socket))
    : proxy;
  front.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => front.on('listening', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    proxy.closeAllConnections();
    front.close();
  });
  return { port: (front.address() as AddressInfo).port, told };
}

/** A provider under a name that cannot be looked up. */
async function startBank(secure: boolean) {
  const tls = secure ? authority.issue({ names: ['bank.test'] }) : undefined;
  const server = await startShop({ ...(tls && { tls }) }, async () => 'served');
  onTestFinished(() => server.close());
  return server.url.replace('127.0.0.1', 'bank.test');
}

function clientFor(options: Partial<ClientOptions<typeof shop>>) {
  const patient = { timeoutMs: 20_000, deadlineMs: 60_000, connectTimeoutMs: 10_000 };
  const client = createClient(shop, { retry: false, ...patient, ...options });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

describe('an https: endpoint', () => {
  test('is reached through a tunnel, with TLS to the endpoint itself, whose secrets the proxy does not see', async () => {
    const bank = await startBank(true);
    const { port, told } = await startProxy();
    const client = clientFor({
      endpoints: [bank],
      tls: { ca },
      proxy: `http://shop:p%40ss@127.0.0.1:${port}`,
      credentials: bearer('hunter2'),
    });
    expect(await client.wait()).toBe('served');
    expect(await client.wait()).toBe('served');
    expect(told).toHaveLength(1);
    expect(told[0]?.what).toBe(`CONNECT ${new URL(bank).host}`);
    expect(told[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('shop:p@ss').toString('base64')}`);
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });

  test('is not believed with a certificate for another name', async () => {
    const server = await startShop({ tls: authority.issue({ names: ['other.test'] }) }, async () => 'served');
    onTestFinished(() => server.close());
    const { port } = await startProxy();
    const endpoints = [server.url.replace('127.0.0.1', 'bank.test')];
    const error = await failure(clientFor({ endpoints, tls: { ca }, proxy: `http://127.0.0.1:${port}` }).wait());
    expect(error).toMatchObject({ details: { sent: false, reason: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  test('is reached by the proxy of the environment', async () => {
    const bank = await startBank(true);
    const { port, told } = await startProxy();
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${port}`);
    vi.stubEnv('https_proxy', '');
    vi.stubEnv('NO_PROXY', 'other.test');
    vi.stubEnv('no_proxy', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await clientFor({ endpoints: [bank], tls: { ca }, proxy: 'environment' }).wait()).toBe('served');
    expect(told).toHaveLength(1);
  });

  test('is reached by fetch in the same way', async () => {
    const bank = await startBank(true);
    const { port, told } = await startProxy();
    const bankFetch = serviceFetch('bank', { endpoints: [bank], tls: { ca }, proxy: `http://127.0.0.1:${port}` });
    onTestFinished(() => bankFetch[Symbol.asyncDispose]());
    expect((await bankFetch('/wait', { method: 'POST' })).status).toBeLessThan(500);
    expect(told.map(({ what }) => what)).toEqual([`CONNECT ${new URL(bank).host}`]);
  });

  test.each<[string, Answer, RegExp]>([
    [
      'refuses',
      'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n',
      /answered CONNECT bank\.test:\d+ with 403; ask whoever runs it/,
    ],
    [
      'wants to know who asks',
      'HTTP/1.1 407 Who\r\nproxy-authenticate: Basic\r\n\r\n',
      /with 407; it wants a user and a password/,
    ],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.7\r\n', /Parse Error/],
    ['hangs up', '', /socket hang up|ECONNRESET/],
  ])('is not reached through a proxy that %s, and nothing was sent', async (_what, answer, why) => {
    const bank = await startBank(true);
    const { port } = await startProxy(answer);
    const client = clientFor({ endpoints: [bank], tls: { ca }, proxy: `http://shop:hunter2@127.0.0.1:${port}` });
    const error = await failure(client.wait());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', traits: { notProcessed: true, retryable: true } });
    expect(messageOf(error)).toMatch(why);
    expect(messageOf(error)).not.toContain('hunter2');
  });

  test('is given up when the proxy hangs, within connectTimeoutMs', async () => {
    const bank = await startBank(true);
    const { port } = await startProxy('nothing');
    const proxy = `http://127.0.0.1:${port}`;
    const error = await failure(clientFor({ endpoints: [bank], tls: { ca }, proxy, connectTimeoutMs: 50 }).wait());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', details: { reason: 'ETIMEDOUT', sent: false } });
  });

  test('is given up when nobody listens at the proxy’s address', async () => {
    const { port } = await startProxy();
    const error = await failure(clientFor({ endpoints: ['https://bank.test'], proxy: 'http://127.0.0.1:1' }).wait());
    expect(port).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', details: { reason: 'ECONNREFUSED', sent: false } });
  });
});

test('a proxy over TLS that is not trusted is told nothing', async () => {
  const bank = await startBank(true);
  const { port, told } = await startProxy('tunnel', true);
  const proxy = `https://shop:hunter2@127.0.0.1:${port}`;
  const error = await failure(clientFor({ endpoints: [bank], tls: { ca }, proxy }).wait());
  expect(error.details.reason).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|ISSUER/);
  expect(told).toEqual([]);
});

test('requests to an http: endpoint are given to the proxy with the whole URL', async () => {
  const bank = await startBank(false);
  const { port, told } = await startProxy();
  const client = clientFor({ endpoints: [bank], proxy: `http://shop:pass@127.0.0.1:${port}` });
  expect(await client.wait()).toBe('served');
  expect(told).toHaveLength(1);
  expect(told[0]?.what).toMatch(/^(GET|POST) bank\.test \//);
  expect(told[0]?.headers).toMatchObject({
    host: new URL(bank).host,
    'proxy-authorization': `Basic ${Buffer.from('shop:pass').toString('base64')}`,
  });
});

test('a proxy is for endpoints: discovered instances are called directly', () => {
  expect(() =>
    createClient(shop, { proxy: 'environment', memberships: { of: () => never(), settled: async () => {} } }),
  ).toThrow(/proxy is for endpoints/);
});

function never(): never {
  throw new Error('not asked');
}
