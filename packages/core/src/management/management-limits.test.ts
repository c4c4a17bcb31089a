/** What no well-behaved client sends to the management listener, over bare connections. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventBus, noLogger, systemClock } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { coreErrors } from '../core-errors.js';
import { type ManagementServer, managementServer } from './management-server.js';

const app = { name: 'shop', version: '1.0.0', owner: 'us', instanceId: 'shop-1' };
let server: ManagementServer;
let changes = 0;
beforeEach(async () => {
  changes = 0;
  server = managementServer({
    app,
    host: '127.0.0.1',
    port: 0,
    token: 'a-token-of-the-tests',
    endpoints: [{ method: 'POST', path: 'change', handle: () => void changes++ }],
    events: eventBus({ clock: systemClock }),
    clock: systemClock,
    logger: noLogger,
    errors: coreErrors,
  });
  await server.start();
});
afterEach(() => server.stop());

/** Everything that comes back until the server ends the connection. */
function sent(text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(server.url ?? '').port), '127.0.0.1');
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}

const change =
  'POST /manage/change HTTP/1.1\r\ncontent-type: application/json\r\nconnection: close\r\nauthorization: Bearer a-token-of-the-tests\r\n';

test.each([
  ['none', ''],
  ['two', 'host: 127.0.0.1\r\nhost: evil.example\r\n'],
  ['two, the foreign one first', 'host: evil.example\r\nhost: 127.0.0.1\r\n'],
  ['one that is invalid', 'host: 127.0.0.1/x\r\n'],
])('a request must name one host: %s is refused', async (_name, host) => {
  const answer = await sent(`${change}${host}content-length: 0\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*FWK_CORE_MANAGEMENT_REFUSED/s);
  expect(changes).toBe(0);
});

test('a page of another site changes nothing; programs do', async () => {
  const host = 'host: 127.0.0.1\r\ncontent-length: 0\r\n';
  const foreign = await sent(`${change}${host}sec-fetch-site: cross-site\r\n\r\n`);
  expect(foreign).toMatch(/^HTTP\/1\.1 403 .*application\/problem\+json.*FWK_CORE_MANAGEMENT_REFUSED/s);
  expect(changes).toBe(0);
  expect(await sent(`${change}${host}\r\n`)).toMatch(/^HTTP\/1\.1 204 /);
  expect(changes).toBe(1);
});

test('half a head is ended when its five seconds are over, not at the next look-out of Node', async () => {
  const begunMs = performance.now();
  await sent('GET /manage');
  const tookMs = performance.now() - begunMs;
  expect(tookMs).toBeGreaterThan(4500);
  // Node alone would take 30 s; a busy machine may add some.
  expect(tookMs).toBeLessThan(12_000);
}, 20_000);

test.each([
  ['/manage', 200],
  ['/manage/./x/../change', 405],
  ['http://other.example/manage', 200],
  ['//other.example/manage', 404],
  ['//manage', 404],
  ['/manage/change/..%2f..%2fmanage', 404],
  ['/', 404],
  ['*', 400],
  ['manage', 400],
  [`/manage?${'a=b&'.repeat(3500)}`, 200],
])('a path is taken as it is written: %s', async (path, status) => {
  const head = 'host: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer a-token-of-the-tests\r\n';
  const answer = await sent(`GET ${path} HTTP/1.1\r\n${head}\r\n`);
  expect([path, answer.slice(0, 12)]).toEqual([path, `HTTP/1.1 ${status}`]);
});

test('requests that are sent before the last answer is here are answered in their order', async () => {
  const host = 'host: 127.0.0.1\r\nauthorization: Bearer a-token-of-the-tests\r\n';
  const list = `GET /manage HTTP/1.1\r\n${host}\r\n`;
  const received = await sent(`${list}GET /nothing HTTP/1.1\r\n${host}\r\n${list}`);
  // A refusal ends the connection, so the third is for another.
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
});

test('no more than 256 connections are open at once', async () => {
  const port = Number(new URL(server.url ?? '').port);
  const open = new Set<Socket>();
  const closed: unknown[] = [];
  const made = Array.from({ length: 300 }, () => {
    const socket = connect(port, '127.0.0.1', () => open.add(socket));
    socket.on('error', () => {});
    return socket.on('close', () => void (open.delete(socket) && closed.push(socket)));
  });
  await expect.poll(() => closed.length).toBe(44);
  expect(open.size).toBe(256);
  for (const socket of made) socket.destroy();
});

test('an answer that nobody reads is given up when its time is over', async () => {
  const clock = fakeClock();
  const length = 32_000_000;
  let isAsked = false;
  const handle = () => {
    isAsked = true;
    return 'x'.repeat(length);
  };
  const unread = managementServer({
    app,
    host: '127.0.0.1',
    port: 0,
    token: 'a-token-of-the-tests',
    endpoints: [{ path: 'big', handle }],
    events: eventBus({ clock }),
    clock,
    logger: noLogger,
    errors: coreErrors,
  });
  await unread.start();
  onTestFinished(() => unread.stop());
  let received = 0;
  const socket = connect(Number(new URL(unread.url ?? '').port), '127.0.0.1').pause();
  const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
  socket.write(
    'GET /manage/big HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer a-token-of-the-tests\r\nconnection: close\r\n\r\n',
  );
  await expect.poll(() => isAsked).toBe(true);
  for (let turn = 0; turn < 10; turn++) {
    await sleep(50);
    await clock.advance(10_000);
  }
  socket.on('data', ({ length: bytes }) => {
    received += bytes;
  });
  socket.resume();
  await closed;
  expect(received).toBeLessThan(length);
});
