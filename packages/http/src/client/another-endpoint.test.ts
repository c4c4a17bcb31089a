/** Where second attempts of real clients go, and what becomes of endpoints that fail. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { roundRobin } from '@fwk/discovery';
import { systemClock } from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { freePort } from '../fixtures/free-port.js';
import { frontOf, reaching, wireUnderTest } from '../fixtures/wire-under-test.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

const warehouse = contract('warehouse', {
  version: '1.0.0',
  operations: {
    stock: get('/stock', { response: z.number() }),
    take: post('/take', { response: z.number(), idempotencyKey: true }),
  },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const pause = (ms: number) => new Promise<void>((resolve) => void systemClock.setTimer(resolve, ms));

const answer = (response: ServerResponse, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end('1');

async function serve(listener: RequestListener, port = 0): Promise<string> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Instances that do what the test says, and the order in which they are asked. */
async function warehouses(count: number, react: (response: ServerResponse, instance: number, nth: number) => void) {
  const asked: number[] = [];
  const endpoints = await Promise.all(
    Array.from({ length: count }, async (_, instance) => {
      const url = await serve((_request, response) => react(response, instance, asked.push(instance)));
      const front = await frontOf(warehouse, url);
      closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
      return front.url;
    }),
  );
  return { endpoints, asked };
}

function clientFor(options: Partial<ClientOptions<typeof warehouse>> & ClientParts) {
  const client = createClient(warehouse, reaching({ timeoutMs: 5000, deadlineMs: 20_000, ...options }));
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

describe('the next attempt of a call', () => {
  test('never goes where the last one failed: each of three attempts asks another of three instances', async () => {
    const { endpoints, asked } = await warehouses(3, (response) => answer(response, 500));
    const client = clientFor({ endpoints, ejection: false, breaker: false, retry: { maxAttempts: 3, baseDelayMs: 1 } });
    for (let call = 0; call < 15; call++) {
      asked.length = 0;
      await client.stock().catch(() => {});
      expect(new Set(asked)).toEqual(new Set([0, 1, 2]));
    }
  });

  test('is answered by one of the others when one instance of three always fails, with two attempts', async () => {
    const { endpoints, asked } = await warehouses(3, (response, instance) =>
      answer(response, instance === 0 ? 500 : 200),
    );
    const client = clientFor({ endpoints, ejection: false, breaker: false, retry: { maxAttempts: 2, baseDelayMs: 1 } });
    for (let call = 0; call < 40; call++) expect(await client.stock()).toBe(1);
    expect(asked.length).toBeGreaterThan(40);
  });

  test('goes to the same instance when there is no other', async () => {
    const { endpoints } = await warehouses(1, (response, _instance, nth) => answer(response, nth === 1 ? 500 : 200));
    const client = clientFor({ endpoints, retry: { maxAttempts: 2, baseDelayMs: 1 } });
    expect(await client.stock()).toBe(1);
  });

  test('stays where the first was when it has an idempotency key and may be at work there', async () => {
    const { endpoints, asked } = await warehouses(3, (response, _instance, nth) => {
      if (nth % 2 === 1) response.writeHead(504, { 'content-type': 'text/plain' }).end('late');
      else answer(response);
    });
    const client = clientFor({ endpoints, ejection: false, retry: { maxAttempts: 2, baseDelayMs: 1 } });
    for (let call = 0; call < 10; call++) {
      asked.length = 0;
      expect(await client.take()).toBe(1);
      expect(asked[1]).toBe(asked[0]);
    }
  });
});

describe('a second attempt that is sent because the first is slow', () => {
  test('never goes where the first still is', async () => {
    let slow: number | undefined;
    const { endpoints, asked } = await warehouses(3, (response, instance) => {
      slow ??= instance;
      if (instance === slow) void pause(3000).then(() => answer(response));
      else answer(response);
    });
    const client = clientFor({
      endpoints,
      ejection: false,
      hedge: { delayMs: 20, maxExtraRatio: 1 },
      retry: false,
    });
    for (let call = 0; call < 20; call++) {
      asked.length = 0;
      slow = undefined;
      expect(await client.stock()).toBe(1);
      expect(asked).toHaveLength(2);
      expect(asked[1]).not.toBe(asked[0]);
    }
  });

  test('and the retry after both have failed goes to the third', async () => {
    const { endpoints, asked } = await warehouses(3, (response, _instance, nth) => {
      if (nth === 3) answer(response);
      else void pause(60).then(() => answer(response, 500));
    });
    const client = clientFor({
      endpoints,
      ejection: false,
      breaker: false,
      hedge: { delayMs: 10, maxExtraRatio: 1 },
      retry: { maxAttempts: 2, baseDelayMs: 1 },
    });
    expect(await client.stock()).toBe(1);
    expect(new Set(asked)).toEqual(new Set([0, 1, 2]));
  });
});

/** A process that fails a share of the calls at `/stock`, and answers how many it got. */
const program = `
  const share = Number(process.argv[1]);
  let calls = 0;
  const server = require('node:http').createServer((request, response) => {
    const fails = request.url === '/stock' && Math.random() < share;
    if (request.url === '/stock') calls++;
    response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' }).end(String(calls));
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

async function aProcess(failing: number): Promise<string> {
  const child = spawn(process.execPath, ['-e', program, String(failing)], { stdio: ['ignore', 'pipe', 'inherit'] });
  closing.push(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  const [port] = await once(child.stdout, 'data');
  return `http://127.0.0.1:${String(port).trim()}`;
}

describe('a process that fails half of its calls', () => {
  test('is found and left alone while every call is answered', async () => {
    const urls = await Promise.all([0, 0.5, 0, 0].map(aProcess));
    const [, sick] = urls;
    const fronts = await Promise.all(urls.map((url) => frontOf(warehouse, url)));
    closing.push(async () => {
      for (const front of fronts) await front[Symbol.asyncDispose]();
    });
    const events = recordEvents();
    const client = clientFor({
      endpoints: fronts.map(({ url }) => url),
      balancer: roundRobin(),
      breaker: false,
      retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 5, budget: false },
      env: { events },
    });
    const ejected = () => events.all.filter(({ name }) => name === 'endpoint.ejected').map(({ data }) => data.url);
    for (let round = 0; round < 500 && ejected().length === 0; round++) {
      await Promise.all([1, 2, 3, 4, 5].map(() => client.stock()));
    }
    expect(ejected()).toEqual([wireUnderTest() === 'local' ? 'local:shop-1' : fronts[1]?.url]);
    const callsOf = async (url: string) => Number(await (await fetch(`${url}/count`)).text());
    const before = await callsOf(sick as string);
    for (let call = 0; call < 40; call++) await client.stock();
    expect(await callsOf(sick as string)).toBe(before);
  });
});

// A server within the process that has left its group is back as another endpoint.
if (wireUnderTest() !== 'local') {
  describe('an instance that refuses connections', () => {
    test('is back as soon as it listens, and no call has to find out', async () => {
      const { endpoints, asked } = await warehouses(1, (response) => answer(response));
      const port = await freePort();
      const events = recordEvents();
      const client = clientFor({
        endpoints: [...endpoints, `http://127.0.0.1:${port}`],
        ejection: { reconnectMinMs: 30, reconnectMaxMs: 60 },
        env: { events },
      });
      while (!events.names.includes('endpoint.ejected')) await client.stock();
      const calls = asked.length;
      await expect.poll(() => events.names.filter((name) => name === 'endpoint.ejected').length).toBeGreaterThan(2);
      expect(events.names).not.toContain('endpoint.readmitted');
      await serve((_request, response) => answer(response), port);
      await expect.poll(() => events.names).toContain('endpoint.readmitted');
      expect(events.all.find(({ name }) => name === 'endpoint.readmitted')?.data).toMatchObject({
        rule: 'connection-failed',
        by: 'check',
      });
      expect(asked).toHaveLength(calls);
    });
  });
}
