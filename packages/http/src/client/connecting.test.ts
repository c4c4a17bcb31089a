/** Making connections: its own limit, and what becomes of calls that were never sent. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { background, cancellable, type FwkError } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { Client } from '../contract/contract-types.js';
import { post } from '../contract/operation.js';
import { blackHole } from '../fixtures/black-hole.js';
import { frontOf, overHttp, wireUnderTest } from '../fixtures/wire-under-test.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const till = contract('till', {
  version: '1.0.0',
  operations: {
    pay: post('/pay', { response: z.number() }),
    payFast: post('/pay-fast', { response: z.number(), timeoutMs: 150 }),
  },
});
type Till = typeof till;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const front = await frontOf(till, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  return front.url;
}

async function hole(): Promise<string> {
  const made = await blackHole();
  closing.push(async () => made[Symbol.asyncDispose]());
  return made.url;
}

function clientFor(options: Partial<ClientOptions<Till>>): Client<Till> & AsyncDisposable {
  const client = createClient(till, { wire: wireUnderTest(), ...options });
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

describe('a connection that is not made', () => {
  test('is given up at its own limit, below that of an attempt, and nothing was sent', async () => {
    const limits = { timeoutMs: 10_000, deadlineMs: 20_000, connectTimeoutMs: 200 };
    const client = clientFor({ endpoints: [await hole()], retry: false, ...limits });
    // The first call also loads what it needs.
    const error = await failure(client.pay());
    const tookMs = [];
    for (let call = 0; call < 3; call++) {
      const startedMs = performance.now();
      await failure(client.pay());
      tookMs.push(performance.now() - startedMs);
    }
    expect(error).toMatchObject({
      code: 'FWK_HTTP_CONNECTION',
      sent: false,
      traits: { notProcessed: true },
      details: { connection: true, sent: false, reason: 'ETIMEDOUT' },
    });
    expect(error.message).toContain('not connected within 200 ms');
    expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(195);
    // undici's own limit would take more than a second, each time.
    expect(Math.min(...tookMs)).toBeLessThan(900);
  }, 20_000);

  test('leaves time by default to try elsewhere, also with what may not be repeated', async () => {
    const dead = await hole();
    const alive = await serve(
      (_request, response) => void response.setHeader('content-type', 'application/json').end('1'),
    );
    for (let round = 0; round < 2; round++) {
      const client = clientFor({ endpoints: [dead, alive], deadlineMs: 5000, timeoutMs: 600 });
      expect(await Promise.all([client.pay(), client.pay(), client.pay(), client.pay()])).toEqual([1, 1, 1, 1]);
    }
  }, 30_000);

  test('counts as not sent when the attempt is over before it', async () => {
    const dead = await hole();
    const alone = clientFor({ endpoints: [dead], retry: false, connectTimeoutMs: 1500 });
    expect(await failure(alone.payFast())).toMatchObject({
      code: 'FWK_RESILIENCE_TIMEOUT',
      details: { sent: false },
      traits: { notProcessed: true, timedOut: true },
    });
    const alive = await serve(
      (_request, response) => void response.setHeader('content-type', 'application/json').end('1'),
    );
    for (let round = 0; round < 2; round++) {
      const client = clientFor({ endpoints: [dead, alive], connectTimeoutMs: 1500 });
      expect(await Promise.all([client.payFast(), client.payFast(), client.payFast()])).toEqual([1, 1, 1]);
    }
  }, 30_000);

  test('does not keep a caller who gives up', async () => {
    const client = clientFor({ endpoints: [await hole()], connectTimeoutMs: 1500, timeoutMs: 5000 });
    const { context, cancel } = cancellable(background);
    const call = failure(client.pay({}, { context }));
    const reason = new Error('enough');
    cancel(reason);
    expect(await call).toBe(reason);
  }, 20_000);

  test('includes the handshake of TLS', async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => void sockets.push(socket.resume().on('error', () => {}))).listen(
      0,
      '127.0.0.1',
    );
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    await once(silent, 'listening');
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = clientFor({ endpoints: [url], retry: false, timeoutMs: 5000, connectTimeoutMs: 200 });
    expect(await failure(client.pay())).toMatchObject({ sent: false, details: { reason: 'ETIMEDOUT' } });
    await expect.poll(() => sockets.length === 1 && sockets[0]?.closed).toBe(true);
  }, 20_000);
});

if (overHttp()) {
  test('a call that waited for a free connection until its time was over was not sent', async () => {
    let requests = 0;
    const url = await serve(() => void requests++);
    const client = clientFor({ endpoints: [url], retry: false, maxConnections: 1, timeoutMs: 700 });
    const first = failure(client.pay());
    await expect.poll(() => requests).toBe(1);
    expect(await failure(client.payFast())).toMatchObject({
      code: 'FWK_RESILIENCE_TIMEOUT',
      traits: { notProcessed: true },
    });
    expect((await first).traits).toMatchObject({ timedOut: true });
    expect((await first).traits.notProcessed).toBeUndefined();
    expect(requests).toBe(1);
  });
}
