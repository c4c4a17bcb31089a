/** A server that speaks TLS: real certificates, real handshakes. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { currentContext, systemClock } from '@fwk/kernel';
import { testAuthority } from '@fwk/kernel/testing';
import { openSession } from '@fwk/mux';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from '../client/create-client.js';
import { halfBody, host, shop, startShop } from '../fixtures/waiting-shop.js';
import { peerKey } from '../wire/peer.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import type { ServerTls } from './server-tls.js';

const authority = testAuthority();
const own = authority.issue();
const patience = { timeout: 10_000, interval: 20 };

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(tls: ServerTls = own, ...[options, wait]: Parameters<typeof startShop>): Promise<HttpServer> {
  server = await startShop({ ...options, tls }, wait);
  return server;
}

function ask(path: string, options: ConnectionOptions = {}): Promise<{ status: number; text: string; names: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server?.port, path, agent: false, ca: authority.ca, ...options },
      async (answer) => {
        const { subjectaltname = '' } = (answer.socket as TLSSocket).getPeerCertificate();
        let text = '';
        for await (const part of answer.setEncoding('utf8')) text += part;
        resolve({ status: answer.statusCode ?? 0, text, names: subjectaltname });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

async function secure(text = ''): Promise<{ socket: TLSSocket; received: () => string; ended: Promise<unknown> }> {
  const socket = connect({ host: '127.0.0.1', port: server?.port, ca: authority.ca });
  let received = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    received += part;
  });
  socket.on('error', () => {});
  const ended = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'secureConnect');
  if (text !== '') socket.write(text);
  return { socket, received: () => received, ended };
}

async function plain(text = ''): Promise<{ socket: Socket; ended: Promise<unknown> }> {
  const socket = connectPlain(server?.port as number, '127.0.0.1');
  socket.on('error', () => {}).resume();
  const ended = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, ended };
}

test('answers operations and probes over HTTPS, and says so in its URL', async () => {
  const { url } = await start(own, {}, async () => 'served');
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await ask('/wait')).toMatchObject({ status: 200, text: '"served"' });
  expect(await ask('/livez')).toMatchObject({ status: 200 });
});

test('speaks nothing older than TLS 1.2, and 1.3 alone where told', async () => {
  await start({ ...own, minVersion: 'TLSv1.3' });
  await expect(ask('/livez', { maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
  expect((await ask('/livez')).status).toBe(200);
});

test('new connections get a renewed certificate, while those that are open go on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-http-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  const put = async ({ cert, key }: typeof own) => {
    await writeFile(files.certFile, cert);
    await writeFile(files.keyFile, key);
  };
  await put(own);
  await start(files);
  const open = await secure();
  await put(authority.issue({ names: ['renewed', '127.0.0.1'] }));
  await vi.waitFor(async () => expect((await ask('/livez')).names).toContain('renewed'), patience);
  open.socket.write(`GET /livez HTTP/1.1\r\n${host}\r\n`);
  await vi.waitFor(() => expect(open.received()).toMatch(/200 OK/), patience);
  await writeFile(files.keyFile, 'half a k');
  await vi.waitFor(() => expect(server?.tlsHealth?.status).toBe('DEGRADED'), patience);
  expect((await ask('/livez')).names).toContain('renewed');
}, 30_000);

describe('limits hold over TLS', () => {
  test('a handshake that does not come ends at its limit, also when it comes byte by byte', async () => {
    await start({ ...own, handshakeTimeoutMs: 300 });
    const silent = await plain();
    const slow = await plain('\x16\x03\x01');
    const drip = setInterval(() => slow.socket.write('\x02'), 50);
    await Promise.all([silent.ended, slow.ended]);
    clearInterval(drip);
  });

  test('a connection whose request does not come whole ends', async () => {
    await start(own, { receiveTimeoutMs: 1000 });
    const connection = await secure(halfBody);
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 408 /);
  }, 15_000);

  test('connections are counted from before their handshake', async () => {
    await start(own, { maxConnections: 2 });
    const [first, second] = [await plain(), await secure()];
    await (await plain()).ended;
    first.socket.destroy();
    second.socket.destroy();
    await vi.waitFor(async () => expect((await ask('/livez')).status).toBe(200), patience);
  });

  test('who does not read his answer is cut off', async () => {
    await start(own, { sendTimeoutMs: 1000 });
    const { socket, ended } = await secure();
    socket.pause();
    socket.write(`GET /big HTTP/1.1\r\n${host}\r\n`);
    const startedMs = performance.now();
    await vi.waitFor(() => expect(performance.now() - startedMs).toBeGreaterThan(2500), patience);
    socket.resume();
    await ended;
  }, 15_000);

  test('what is no HTTP is answered, and what is no TLS is not', async () => {
    await start();
    const connection = await secure('NONSENSE\r\n\r\n');
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 400 .*FWK_HTTP_REQUEST_MALFORMED/s);
    await (await plain('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')).ended;
    expect((await ask('/livez')).status).toBe(200);
  });
});

describe('stopping is not held by a connection', () => {
  test.each<[string, () => Promise<{ ended: Promise<unknown> }>]>([
    ['before its handshake', () => plain()],
    ['amid its handshake', () => plain('\x16\x03\x01\x02')],
    ['that sent nothing', () => secure()],
    ['with half a head', () => secure(`GET /wait HTTP/1.1\r\n${host}`)],
    ['with half a body', () => secure(halfBody)],
    ['that was answered and is idle', () => secure(`GET /wait HTTP/1.1\r\n${host}\r\n`)],
  ])('%s', async (_name, open) => {
    await start();
    const connection = await open();
    await ask('/wait');
    await server?.stopAccepting();
    await connection.ended;
    await server?.close();
  });
});

describe('certificates of callers', () => {
  const client = authority.issue({ names: ['checkout', 'spiffe://shop/checkout'] });
  const stranger = testAuthority().issue({ names: ['checkout'] });
  const seen = async () => JSON.stringify(currentContext().get(peerKey) ?? 'nobody');

  test('that are required: others are refused with the reason, and probes answered all the same', async () => {
    await start({ ...own, ca: authority.ca, clientCertificate: 'required' }, {}, seen);
    const known = await ask('/wait', client);
    expect(JSON.parse(JSON.parse(known.text))).toMatchObject({
      name: 'checkout',
      names: ['checkout', 'spiffe://shop/checkout'],
    });
    for (const shown of [{}, stranger]) {
      const refused = await ask('/wait', shown);
      expect(refused.status).toBe(403);
      expect(JSON.parse(refused.text)).toMatchObject({ code: 'FWK_HTTP_CLIENT_CERTIFICATE' });
      expect(await ask('/readyz', shown)).toMatchObject({ status: 200 });
    }
    const expired = authority.issue({
      names: ['checkout'],
      validToMs: 1_700_000_000_000,
      validFromMs: 1_600_000_000_000,
    });
    expect(await ask('/wait', expired)).toMatchObject({
      status: 403,
      text: expect.stringContaining('CERT_HAS_EXPIRED'),
    });
  });

  test('that are wanted: others are nobody', async () => {
    await start({ ...own, ca: authority.ca, clientCertificate: 'wanted' }, {}, seen);
    expect(await ask('/wait', client)).toMatchObject({ text: expect.stringContaining('checkout') });
    expect(await ask('/wait', stranger)).toMatchObject({ status: 200, text: expect.stringContaining('nobody') });
  });

  test('are read so that no name poses as two', async () => {
    await start({ ...own, ca: authority.ca, clientCertificate: 'required' }, {}, seen);
    const name = 'spiffe://a, DNS:admin';
    const posing = await ask('/wait', authority.issue({ names: [name], subject: 'a' }));
    expect(JSON.parse(JSON.parse(posing.text)).names).toEqual([name]);
  });
});

test.each<[string, ServerTls, RegExp]>([
  ['no certificate', {}, /needs a certificate and its key/],
  ['callers’ certificates and nobody who signs them', { ...own, clientCertificate: 'required' }, /needs ca, caFile or/],
  ['an unknown word', { ...own, clientCertificate: 'always' as 'none' }, /clientCertificate must be one of none/],
  ['a handshake without time', { ...own, handshakeTimeoutMs: 1 }, /handshakeTimeoutMs must be/],
  ['a file that is not there', { certFile: '/nowhere/tls.crt', keyFile: '/nowhere/tls.key' }, /there is no such file/],
  ['the key of another', { cert: own.cert, key: authority.issue().key }, /not the key of the first certificate/],
])('TLS with %s is refused when the server is made', (_what, tls, reason) => {
  expect(() => createServer({ tls })).toThrow(reason);
});

describe('Mux over TLS', () => {
  async function sessionOver(options: ConnectionOptions) {
    const socket = connect({ host: '127.0.0.1', port: server?.port, ca: authority.ca, ...options });
    await once(socket, 'secureConnect');
    return { socket, protocol: socket.alpnProtocol };
  }

  test('is what a client gets that asks for it by ALPN, and HTTP what others get', async () => {
    await start();
    const { socket, protocol } = await sessionOver({ ALPNProtocols: ['mux', 'http/1.1'] });
    expect(protocol).toBe('mux');
    const session = await openSession(socket, { clock: systemClock, peer: 'shop', openTimeoutMs: 5000 });
    expect(session.status).toBe('ready');
    session.close();
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const { socket: other, protocol: spoken } = await sessionOver({ ...(ALPNProtocols && { ALPNProtocols }) });
      expect(spoken).toBe(ALPNProtocols?.[0] ?? false);
      other.destroy();
    }
    expect((await ask('/livez')).status).toBe(200);
  });

  test('is not spoken by a server that does not serve it', async () => {
    await start(own, { mux: false });
    expect((await sessionOver({ ALPNProtocols: ['mux', 'http/1.1'] })).protocol).toBe('http/1.1');
  });

  test('knows its caller by its certificate, and refuses each call of one that must show one', async () => {
    const seen: unknown[] = [];
    await start({ ...own, ca: authority.ca, clientCertificate: 'required' }, {}, async () => {
      seen.push(currentContext().get(peerKey)?.name);
      return 'known';
    });
    const endpoints = [server?.url as string];
    await using known = createClient(shop, { endpoints, wire: 'mux', tls: { ca: authority.ca, ...authority.issue() } });
    expect(await known.wait()).toBe('known');
    expect(seen).toEqual([expect.any(String)]);
    await using unknown = createClient(shop, { endpoints, wire: 'mux', tls: { ca: authority.ca }, retry: false });
    await expect(unknown.wait()).rejects.toMatchObject({
      status: 403,
      problem: { code: 'FWK_HTTP_CLIENT_CERTIFICATE' },
    });
    expect(seen).toHaveLength(1);
  });
});
