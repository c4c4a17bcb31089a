/** Several requests on one connection at once ("pipelining"): their order, what they may hold, and what follows them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDrain } from '@fwk/core';
import { makeEnv, systemClock } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { halfBody, host, shop, startShop } from '../fixtures/waiting-shop.js';
import { served } from '../serving/served.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(...given: Parameters<typeof startShop>): Promise<HttpServer> {
  server = await startShop(...given);
  return server;
}

const getWait = `GET /wait HTTP/1.1\r\n${host}\r\n`;
const getBig = `GET /big HTTP/1.1\r\n${host}\r\n`;

describe('requests that are sent before the last answer is here', () => {
  test('are answered in their order', async () => {
    const { port } = await start();
    const order = `POST /orders HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
    const connection = await rawConnection(
      port,
      getWait + order + getWait + order.replace('content-type', 'connection: close\r\ncontent-type'),
    );
    await connection.ended;
    expect(connection.received().match(/"(?:done)?"$|"(?:done)?"(?=HTTP)/g)).toEqual(['""', '"done"', '""', '"done"']);
  });

  test('are not worked on, and hold nothing, when the client leaves during the first', async () => {
    const drain = createDrain(systemClock);
    let calls = 0;
    const first = deferred<string>();
    const { port } = await start({ drain }, () => {
      calls++;
      return first.promise;
    });
    const connection = await rawConnection(port, getWait + getBig.repeat(20) + getWait.repeat(20));
    await expect.poll(() => calls).toBe(1);
    expect(drain.active).toBe(1);
    connection.socket.destroy();
    await expect.poll(() => drain.active).toBe(0);
    first.resolve('');
    await send(`http://127.0.0.1:${port}/big`);
    expect(calls).toBe(1);
  });

  test('end the connection when they are more than a hundred', async () => {
    const { port } = await start({}, () => new Promise(() => {}));
    const connection = await rawConnection(port, getWait.repeat(102));
    await connection.ended;
    expect(connection.received()).toBe('');
  });

  test('are not answered before it, also when they ask for a tunnel', async () => {
    const { port } = await start({}, () => new Promise(() => {}));
    const connection = await rawConnection(port, `${getWait}CONNECT x:1 HTTP/1.1\r\n${host}\r\n`);
    await connection.ended;
    expect(connection.received()).toBe('');
  });
});

/** What may follow requests that came whole. */
const unsound: readonly [string, string, RegExp][] = [
  ['what is no HTTP', 'what?\r\n\r\n', /^400 /],
  ['a head that is too large', `GET /wait HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, /^431 /],
  ['a head whose rest never comes', 'GET /wai', /^408 /],
  ['a body whose rest never comes', halfBody, /^408 /],
  ['a broken chunk', halfBody.replace('content-length: 10', 'transfer-encoding: chunked'), /^400 /],
];

test('a request that was refused as too slow is not worked on when its rest comes while others are answered', async () => {
  const finish = deferred<string>();
  let orders = 0;
  const handlers = { wait: () => finish.promise, order: () => `${++orders}`, big: () => '' };
  server = createServer({ serve: [served(shop, handlers)], receiveTimeoutMs: 1000, env: makeEnv() });
  await server.start();
  const connection = await rawConnection(server.port, getWait + halfBody);
  await sleep(1700);
  connection.socket.write('}        ');
  await sleep(50);
  finish.resolve('late');
  await connection.ended;
  expect(connection.received()).toMatch(/^HTTP\/1\.1 200 .*"late"HTTP\/1\.1 408 /s);
  expect(orders).toBe(0);
});

describe('requests that came whole are answered, also', () => {
  const answersIn = (received: string) => received.split('HTTP/1.1 ').slice(1);

  test.each(unsound)('before %s is refused', async (_name, follows, refusal) => {
    const finish = [deferred<string>(), deferred<string>()];
    let calls = 0;
    const { port } = await start({ receiveTimeoutMs: 1000 }, () => (finish[calls++] ?? deferred<string>()).promise);
    const connection = await rawConnection(port, getWait.repeat(2) + follows);
    await expect.poll(() => calls).toBe(1);
    await sleep(1700);
    // Node tells of each part that it cannot read.
    connection.socket.write('and more\r\n\r\n');
    for (const each of finish) each.resolve('late');
    await connection.ended;
    const answers = answersIn(connection.received());
    expect(answers).toHaveLength(3);
    expect(answers.slice(0, 2).every((answer) => /^200 .*"late"$/s.test(answer))).toBe(true);
    expect(answers[2]).toMatch(refusal);
  });

  test.each(unsound)('by a server that stops, with %s behind them', async (_name, follows) => {
    const begun = deferred<void>();
    const finish = deferred<string>();
    const { port } = await start({}, () => {
      begun.resolve();
      return finish.promise;
    });
    const connection = await rawConnection(port, getWait + follows);
    await begun.promise;
    await server?.stopAccepting();
    finish.resolve('late');
    await connection.ended;
    expect(answersIn(connection.received())[0]).toMatch(/^200 .*connection: close.*"late"$/is);
  });

  test.each([
    ['half a body', 'content-length: 10\r\n\r\n{'],
    ['half a chunk', 'transfer-encoding: chunked\r\n\r\na\r\n{'],
  ])('by a server that stops, when they have %s that nobody wants', async (_name, rest) => {
    const begun = deferred<void>();
    const finish = deferred<string>();
    const { port } = await start({}, () => {
      begun.resolve();
      return finish.promise;
    });
    const connection = await rawConnection(port, `GET /wait HTTP/1.1\r\n${host}${rest}`);
    await begun.promise;
    await server?.stopAccepting();
    finish.resolve('late');
    await connection.ended;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200 .*"late"$/s);
  });
});
