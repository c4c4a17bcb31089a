/** Limits of connections, and how they end, over bare connections. Time is real here: Node's own timers do the work. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDrain } from '@fwk/core';
import { systemClock } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { halfBody, host, startShop } from '../fixtures/waiting-shop.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(...given: Parameters<typeof startShop>): Promise<HttpServer> {
  server = await startShop(...given);
  return server;
}

/** Connections on which nothing will ever happen again. */
const stuck: readonly [string, string][] = [
  ['that sent nothing', ''],
  ['with half a line', 'GET /wai'],
  ['with half a head', `GET /wait HTTP/1.1\r\n${host}`],
  ['with half a body', halfBody],
  ['with half a chunk', halfBody.replace('content-length: 10', 'transfer-encoding: chunked').replace('{', 'a\r\n{')],
  ['that was refused with 404 amid its body', halfBody.replace('/orders', '/nothing')],
  ['that was refused with 405 amid its body', halfBody.replace('/orders', '/wait')],
  ['that was answered and is idle', `GET /wait HTTP/1.1\r\n${host}\r\n`],
  ['that was answered and has begun a second head', `GET /wait HTTP/1.1\r\n${host}\r\nGET /`],
];

describe('stopping is not held by a connection', () => {
  test.each(stuck)('%s', async (_name, text) => {
    const { port } = await start();
    const connection = await rawConnection(port, text);
    // Another connection's answer says that the server has seen the first.
    await send(`http://127.0.0.1:${port}/wait`);
    await server?.stopAccepting();
    await connection.ended;
    await server?.close();
  });
});

test('stopping answers a request whose rest is just arriving', async () => {
  const { port } = await start();
  const connection = await rawConnection(port, halfBody);
  await send(`http://127.0.0.1:${port}/wait`);
  const stopped = server?.stopAccepting();
  connection.socket.write('}       x'.replace('x', ' '));
  await connection.ended;
  expect(connection.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*connection: close.*"done"$/is);
  await stopped;
});

test('to stop accepting does not wait for calls at work, whose answers still leave', async () => {
  const begun = deferred<void>();
  const finish = deferred<string>();
  const drain = createDrain(systemClock);
  const { url } = await start({ drain }, () => {
    begun.resolve();
    return finish.promise;
  });
  const answer = send(`${url}/wait`);
  await begun.promise;
  drain.begin();
  await server?.stopAccepting();
  expect(drain.active).toBe(1);
  finish.resolve('late');
  expect((await answer).json).toBe('late');
});

describe('a limit of time holds, give or take the beat of Node’s look-out', () => {
  test.each(stuck.slice(0, 6))('of receiving, for a connection %s', async (_name, text) => {
    const { port } = await start({ receiveTimeoutMs: 1000 });
    const begunMs = performance.now();
    const connection = await rawConnection(port, text);
    await connection.ended;
    const tookMs = performance.now() - begunMs;
    expect(tookMs).toBeGreaterThan(900);
    // Node alone would take 30 s or more; a busy machine may add some.
    expect(tookMs).toBeLessThan(6000);
    if (text !== '' && !text.includes('/nothing')) expect(connection.received()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('of being idle', async () => {
    const { port } = await start({ keepAliveTimeoutMs: 1000 });
    const connection = await rawConnection(port, `GET /wait HTTP/1.1\r\n${host}\r\n`);
    const begunMs = performance.now();
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(performance.now() - begunMs).toBeLessThan(6000);
  });
});

describe('a client that does not read its answer', () => {
  async function unread(port: number) {
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`GET /big HTTP/1.1\r\n${host}\r\n`);
    return socket;
  }

  /** Settles when so many calls are in flight. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(10);
  }

  test('is cut off after sendTimeoutMs', async () => {
    const drain = createDrain(systemClock);
    const { port } = await start({ drain, sendTimeoutMs: 1000 });
    const socket = await unread(port);
    await until(() => drain.active === 1);
    await until(() => drain.active === 0);
    socket.destroy();
  });

  test('is cut off sooner when all unread answers are too many bytes, the oldest first', async () => {
    const drain = createDrain(systemClock);
    const { port } = await start({ drain, maxUnsentBytes: 20_000_000 });
    const sockets = [];
    for (let count = 0; count < 12; count++) sockets.push(await unread(port));
    await until(() => drain.active > 0);
    await until(() => drain.active <= 2);
    // The server goes on for others.
    expect((await send(`http://127.0.0.1:${port}/wait`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('gets a large answer whole when it reads', async () => {
    const { url } = await start();
    expect((await send(`${url}/big`)).json).toHaveLength(8_000_000);
  });
});

test('connections above maxConnections are closed, and there is room again when others end', async () => {
  const { port, url } = await start({ maxConnections: 2 });
  const first = await rawConnection(port, `GET /wait HTTP/1.1\r\n${host}\r\n`);
  const second = await rawConnection(port, `GET /wait HTTP/1.1\r\n${host}\r\n`);
  while (first.received() === '' || second.received() === '') await sleep(5);
  await (await rawConnection(port)).ended;
  first.socket.destroy();
  let status = 0;
  while (status !== 200)
    status = await send(`${url}/wait`).then(
      (answer) => answer.status,
      () => 0,
    );
});

describe('a name with several addresses', () => {
  test('is listened on at each, with one port, and stops at each', async () => {
    const { port } = await start({ host: 'localhost' });
    const reached: string[] = [];
    for (const address of ['127.0.0.1', '::1']) {
      const answered = await send(`http://${address.includes(':') ? `[${address}]` : address}:${port}/wait`).catch(
        () => undefined,
      );
      if (answered?.status === 200) reached.push(address);
    }
    expect(reached.length).toBeGreaterThan(0);
    const idle = await Promise.all(
      reached.map((address) => rawConnection(port, `GET /wait HTTP/1.1\r\n${host}\r\n`, address)),
    );
    while (idle.some((connection) => connection.received() === '')) await sleep(5);
    await server?.stopAccepting();
    await Promise.all(idle.map(({ ended }) => ended));
    for (const address of reached) {
      const refused = connect(port, address);
      const [error] = await once(refused, 'error');
      expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
    }
  });

  test('refuses to start when the port is taken at one of them', async () => {
    const first = await start();
    const second = createServer({ host: 'localhost', port: first.port });
    await expect(second.start()).rejects.toMatchObject({ code: 'FWK_HTTP_PORT_TAKEN' });
    // Nothing of it is left listening.
    await server?.close();
    await expect(second.start()).resolves.toBeUndefined();
    await second.close();
  });
});
