/** What a connection may send first, and what becomes of it, over bare connections. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '@fwk/kernel';
import { openSession } from '@fwk/mux';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { sendOver } from '../fixtures/send-over.js';
import { host, shop, startShop } from '../fixtures/waiting-shop.js';
import type { HttpServer } from './http-server.js';

const sendMux = sendOver('mux', shop);
const request = `GET /wait HTTP/1.1\r\n${host}\r\n`;
/** The question by which a Finagle client begins: a frame that is whole. */
const probe = Buffer.concat([Buffer.from([0, 0, 0, 15, 127, 0, 0, 1]), Buffer.from('tinit check')]).toString('latin1');

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(...given: Parameters<typeof startShop>): Promise<HttpServer> {
  server = await startShop(...given);
  return server;
}

/** Connects and writes bytes one by one, each in a packet of its own. */
async function writeSlowly(port: number, text: string) {
  const connection = await rawConnection(port);
  connection.socket.setNoDelay();
  for (const character of text) {
    connection.socket.write(character, 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
  }
  return connection;
}

describe('a connection that begins with a letter speaks HTTP', () => {
  test('also when its first bytes come one by one', async () => {
    const { port } = await start();
    const { received } = await writeSlowly(port, request);
    await vi.waitFor(() => expect(received()).toMatch(/^HTTP\/1\.1 200 OK/));
  });

  test('with all requests that come at once', async () => {
    const { port } = await start();
    const { received } = await rawConnection(port, request + request + request);
    await vi.waitFor(() => expect(received().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3));
  });

  test('with a body that is larger than one read', async () => {
    const { port } = await start({ bodyLimitBytes: 10_000_000 });
    const body = `"${'x'.repeat(3_000_000)}"`;
    const head = `POST /orders HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const { received } = await rawConnection(port, head + body);
    await vi.waitFor(() => expect(received()).toMatch(/^HTTP\/1\.1 200 OK.*"done"$/s), 5000);
  });

  test('also when the client ends its half at once after the request', async () => {
    const { port } = await start();
    const connection = await rawConnection(port);
    connection.socket.end(request);
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('and so does one with any other byte but zero, such as 1, which is refused as invalid HTTP', async () => {
    const { port } = await start();
    const connection = await rawConnection(port, '\x01\x02\x03');
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });
});

describe('a connection that begins with a zero byte speaks Mux', () => {
  test('also when its first bytes come one by one', async () => {
    const { port } = await start();
    const { received } = await writeSlowly(port, probe);
    await vi.waitFor(() => expect(received()).toBe(probe));
  });

  test('beside connections that speak HTTP', async () => {
    const { url } = await start({}, async () => 'late');
    const answers = await Promise.all([1, 2, 3, 4].flatMap(() => [send(`${url}/wait`), sendMux(`${url}/wait`)]));
    expect(answers.map(({ json }) => json)).toEqual(Array(8).fill('late'));
  });

  test('at a Unix socket', async () => {
    const socketPath = `/tmp/fwk-mux-${process.pid}.sock`;
    await start({ socketPath });
    const socket = connect(socketPath);
    const session = await openSession(socket, { clock: systemClock, peer: 'shop', openTimeoutMs: 5000 });
    expect(session.status).toBe('ready');
    session.close();
  });

  test('unless the server has mux: false; then it is refused as invalid HTTP', async () => {
    const { port } = await start({ mux: false });
    const connection = await rawConnection(port, probe);
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });
});

describe('an opening that leads nowhere harms nobody:', () => {
  test.each([
    ['a zero byte and a frame that is too large', '\x00\xff\xff\xff\x02\x00\x00\x02'],
    ['a frame that is too small', '\x00\x00\x00\x01\x00\x00\x00\x00'],
    ['an unknown type', '\x00\x00\x00\x04\x33\x00\x00\x02'],
    ['a call that is cut off', '\x00\x00\x00\x05\x02\x00\x00\x02\x00'],
    ['a call with more contexts than there are', '\x00\x00\x00\x08\x02\x00\x00\x02\xff\xff\x00\x00'],
    ['HTTP after a zero byte', `\x00${request}`],
  ])('%s ends the connection', async (_what, text) => {
    const { port, url } = await start();
    const connection = await rawConnection(port, text);
    await connection.ended;
    expect((await send(`${url}/wait`)).status).toBe(200);
    expect((await sendMux(`${url}/wait`)).status).toBe(200);
  });

  test.each([
    ['nothing', ''],
    ['a letter', 'G'],
    ['a zero byte', '\x00'],
    ['half a frame', probe.slice(0, 9)],
    ['a whole frame', probe],
  ])('%s and a reset', async (_what, text) => {
    const { port, url } = await start();
    const connection = await rawConnection(port, text);
    await send(`${url}/wait`);
    connection.socket.resetAndDestroy();
    await connection.ended;
    expect((await send(`${url}/wait`)).status).toBe(200);
    await server?.close();
  });

  test.each([
    ['nothing', ''],
    ['a zero byte', '\x00'],
    ['half a frame', probe.slice(0, 9)],
    ['a whole frame', probe],
  ])('%s and the end of its half', async (_what, text) => {
    const { port } = await start();
    const connection = await rawConnection(port);
    connection.socket.end(text, 'latin1');
    await connection.ended;
  });

  test('connections are counted, whatever they speak', async () => {
    const { port } = await start({ maxConnections: 2 });
    const first = await rawConnection(port, probe);
    await vi.waitFor(() => expect(first.received()).toBe(probe));
    await rawConnection(port);
    const third = connect(port, '127.0.0.1').on('error', () => {});
    await once(third, 'close');
    first.socket.destroy();
    await first.ended;
    await vi.waitFor(async () => expect((await send(`http://127.0.0.1:${port}/wait`)).status).toBe(200));
  });
});

describe('stopping', () => {
  test.each([
    ['that sent nothing', ''],
    ['with a zero byte', '\x00'],
    ['with half a frame', probe.slice(0, 9)],
    ['with a session that nothing answers', probe],
  ])('is not held by a connection %s', async (_what, text) => {
    const { port, url } = await start();
    const connection = await rawConnection(port, text);
    await send(`${url}/wait`);
    await server?.stopAccepting();
    await connection.ended;
    await server?.close();
  });
});

test('a session that has only begun ends after receiveTimeoutMs', async () => {
  const { port } = await start({ receiveTimeoutMs: 1000 });
  const connection = await rawConnection(port, probe.slice(0, 9));
  const begunMs = performance.now();
  await connection.ended;
  expect(performance.now() - begunMs).toBeLessThan(6000);
});
