/** A call with an idempotency key is done once, at one instance, however its attempts end. */
import { type AddressInfo, connect, createServer as connectable } from 'node:net';
import { type Endpoint, endpointChoiceKey } from '@fwk/discovery';
import { background, type CallContext, type Env, isFwkError, makeEnv, systemClock } from '@fwk/kernel';
import { type FakeClock, fakeClock, layerContract } from '@fwk/kernel/testing';
import { createClient as connectRedis } from '@redis/client';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AnswerInvalidError, ConnectionError } from '../calling/client-errors.js';
import { clientOperation, type OperationRequest, type OperationResponse } from '../calling/operation-request.js';
import { contract } from '../contract/contract.js';
import { post } from '../contract/operation.js';
import { reachable } from '../fixtures/local-servers.js';
import { redisProgram, startRedis } from '../fixtures/redis-server.js';
import { reaching, wireUnderTest } from '../fixtures/wire-under-test.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import { redisIdempotencyStore } from '../idempotency/redis-store.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { RemoteError } from '../wire/remote-error.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';
import { keyedAttempts } from './keyed-attempts.js';

const bank = contract('bank', {
  version: '1.0.0',
  operations: {
    pay: post('/payments', { body: z.object({ cents: z.int() }), response: z.string(), idempotencyKey: true }),
  },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const pause = (ms: number) => new Promise<void>((resolve) => void systemClock.setTimer(resolve, ms));

interface Bank {
  readonly server: HttpServer;
  /** Fulfilled when its first work begins. */
  readonly begun: Promise<void>;
  working(): boolean;
  charges: number;
}

/** An instance that charges once its work is done, whoever waits for it. */
async function aBank(
  work: () => Promise<void>,
  store?: IdempotencyStore,
  options?: Partial<ServerOptions>,
): Promise<Bank> {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let working = 0;
  const pay = async () => {
    working++;
    begin();
    await work();
    working--;
    made.charges++;
    return `charged by ${made.server.url}`;
  };
  const server = createServer({ serve: [served(bank, { pay })], idempotency: { store }, ...options });
  const made: Bank = { server, begun, working: () => working > 0, charges: 0 };
  await server.start();
  reachable(server);
  closing.push(() => server.close());
  return made;
}

/** Passes connections on; the first request gets this answer as soon as it was passed on, or a reset. */
async function aProxy({ server }: Bank, answer: string | undefined): Promise<string> {
  let first = true;
  const proxy = connectable((inbound) => {
    const outbound = connect(Number(new URL(server.url).port), '127.0.0.1');
    inbound.on('error', () => {});
    outbound.on('error', () => {});
    inbound.on('data', (chunk) => {
      outbound.write(chunk);
      if (!first) return;
      first = false;
      outbound.removeAllListeners('data');
      void pause(50).then(() => (answer === undefined ? inbound.resetAndDestroy() : inbound.end(answer)));
    });
    outbound.on('data', (chunk) => void (inbound.writable && inbound.write(chunk)));
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  closing.push(async () => void proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

function clientOf(banks: readonly Bank[], options: Partial<ClientOptions<typeof bank>> = {}, env?: Partial<Env>) {
  const endpoints = banks.map(({ server }) => server.url);
  const client = createClient(bank, reaching({ endpoints, timeoutMs: 100, deadlineMs: 20_000, ...options, env }));
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

/** How a first attempt may end that goes through a proxy; within one process there is none. */
const throughProxies: readonly (readonly [string, string | undefined])[] =
  wireUnderTest() === 'local'
    ? []
    : [
        ['a 502 of a proxy', 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'],
        ['a 503 of a proxy', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'],
        ['a 504 of a proxy', 'HTTP/1.1 504 Gateway Timeout\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nno'],
        [
          'an answer that is cut',
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n"char',
        ],
        ['a reset', undefined],
      ];

const charges = (banks: readonly Bank[]) => banks.reduce((sum, each) => sum + each.charges, 0);

describe('a call with an idempotency key', () => {
  test('is done once though each attempt is given up long before the answer is there', async () => {
    const banks = await Promise.all([1, 2, 3].map(() => aBank(() => pause(700))));
    const client = clientOf(banks);
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.pay({ body: { cents: 100 } })));
    expect(answers.every((text) => text.startsWith('charged by'))).toBe(true);
    expect(charges(banks)).toBe(8);
  });

  test('is done once though the limit of the server ends before its work does', async () => {
    const banks = await Promise.all([1, 2].map(() => aBank(() => pause(500), undefined, { timeoutMs: 50 })));
    const client = clientOf(banks, { timeoutMs: 5000 });
    const calls = Array.from({ length: 6 }, () => client.pay({ body: { cents: 100 } }));
    for (const text of await Promise.all(calls)) expect(text).toMatch(/charged/);
    expect(charges(banks)).toBe(6);
  });

  test.each(throughProxies)('is done once though the first attempt ends with %s', async (_, answer) => {
    const banks = await Promise.all([1, 2].map(() => aBank(() => pause(200))));
    const proxies = await Promise.all(banks.map((each) => aProxy(each, answer)));
    const client = createClient(bank, reaching({ endpoints: proxies, timeoutMs: 5000, deadlineMs: 20_000 }));
    closing.push(async () => client[Symbol.asyncDispose]());
    expect(await client.pay({ body: { cents: 100 } })).toMatch(/charged/);
    expect(charges(banks)).toBe(1);
  });

  test('does not go elsewhere while the instance of its first attempt refuses connections and is still listed', async () => {
    const banks = await Promise.all([1, 2].map(() => aBank(() => pause(400))));
    const endpoints = banks.map(({ server }) => server.url);
    const client = createClient(bank, reaching({ endpoints, timeoutMs: 50, deadlineMs: 1500 }));
    closing.push(async () => client[Symbol.asyncDispose]());
    const call = client.pay({ body: { cents: 100 } }).catch((error: unknown) => error);
    await Promise.race(banks.map(({ begun }) => begun));
    await Promise.all(banks.map(({ server, working }) => working() && server.close()));
    const told = await call;
    expect(typeof told === 'string' || isFwkError(told, 'FWK_KERNEL_DEADLINE_EXCEEDED')).toBe(true);
    expect(charges(banks)).toBe(1);
  });

  test('ends with its deadline while the first attempt is still at work, and gets its answer when it is made again', async () => {
    const banks = [await aBank(() => pause(900))];
    const client = clientOf(banks, { deadlineMs: 300 });
    const call = () => client.pay({ body: { cents: 100 } }, { idempotencyKey: 'order-7' });
    const late = await call().catch((error: unknown) => error);
    expect(isFwkError(late, 'FWK_KERNEL_DEADLINE_EXCEEDED')).toBe(true);
    await expect.poll(() => charges(banks), { timeout: 5000 }).toBe(1);
    expect(await call()).toMatch(/charged/);
    expect(charges(banks)).toBe(1);
  });

  test('goes to another instance when the first refused it or is gone', async () => {
    const gone = await aBank(async () => {});
    const there = await aBank(async () => {});
    const client = clientOf([gone, there]);
    await gone.server.close();
    for (let call = 0; call < 6; call++) expect(await client.pay({ body: { cents: 100 } })).toMatch(/charged/);
    expect(there.charges).toBe(6);
  });

  test('counts waiting for the first attempt as nobody’s failure', async () => {
    const banks = [await aBank(() => pause(900))];
    const opened: string[] = [];
    const events = { emit: (name: string) => void opened.push(name) };
    const client = clientOf(banks, { breaker: { minimumCalls: 3 }, retry: { maxAttempts: 2 } }, { events });
    expect(await client.pay({ body: { cents: 100 } })).toMatch(/charged/);
    expect(opened).not.toContain('breaker.opened');
    expect(opened).not.toContain('endpoint.ejected');
  });

  test.runIf(redisProgram)('is done once wherever it is asked for, where instances share a store', async () => {
    const redis = await startRedis();
    closing.push(async () => redis[Symbol.asyncDispose]());
    const connection = connectRedis({ socket: { host: '127.0.0.1', port: redis.port } });
    connection.on('error', () => {});
    await connection.connect();
    closing.push(async () => connection.destroy());
    const store = redisIdempotencyStore({ command: (args) => connection.sendCommand([...args]) });
    const banks = await Promise.all([1, 2].map(() => aBank(() => pause(300), store)));
    const clients = banks.map((each) => clientOf([each]));
    const pay = (index: number) => clients[index % 2]?.pay({ body: { cents: 100 } }, { idempotencyKey: 'order-7' });
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => pay(index)));
    expect(new Set(answers).size).toBe(1);
    expect(charges(banks)).toBe(1);
  });
});

const request: OperationRequest = {
  operation: clientOperation(bank.plans[0]!, undefined),
  path: '/payments',
  body: '{}',
  headers: [],
  idempotencyKey: '"a"',
  given: {},
};

/** Keyed attempts over a service whose attempts end in turn like this, each told where it went. */
function keyed(clock: FakeClock, attempts: readonly (() => OperationResponse)[], random = () => 0) {
  const askedMs: number[] = [];
  const places: (string | undefined)[] = [];
  const next = {
    status: () => 'ready' as const,
    async call(_: OperationRequest, context: CallContext) {
      const choice = context.get(endpointChoiceKey)!;
      if (!choice.keep) choice.last = { ...place, id: `${places.length + 1}` };
      places.push(choice.last?.id);
      askedMs.push(clock.now());
      return attempts[Math.min(askedMs.length, attempts.length) - 1]!();
    },
  };
  const service = keyedAttempts().wrap(next, makeEnv({ clock, random }));
  return { service, askedMs, places };
}

const place = { address: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1', instance: {} } as unknown as Endpoint;
const done = () => ({ status: 200, value: 'done' });
const fail = (error: Error) => () => {
  throw error;
};
const answered = (status: number, code?: string, retryAfterMs?: number) =>
  fail(new RemoteError('bank.pay', status, code ? { type: '', title: '', status, code } : undefined, retryAfterMs));
const inProgress = (retryAfterMs: number) => answered(409, 'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS', retryAfterMs);
const connection = (sent: boolean) => fail(new ConnectionError('bank.pay', place.url, sent, new Error('no')));
const outcomeOf = (work: Promise<unknown>) => work.catch((error: unknown) => (isFwkError(error) ? error.code : error));

describe('keyed attempts', () => {
  test.each([0, 0.5, 0.999])('never ask earlier than `Retry-After` says, however long that is', async (chance) => {
    const clock = fakeClock();
    const { service, askedMs } = keyed(clock, [inProgress(100), inProgress(5000), done], () => chance);
    const work = service.call(request, background);
    await clock.advance(10_000);
    expect(await work).toEqual(done());
    const [first = 0, second = 0, third = 0] = askedMs;
    expect(second - first).toBeGreaterThanOrEqual(100);
    expect(third - second).toBeGreaterThanOrEqual(5000);
    expect(third - second).toBeLessThanOrEqual(6250);
  });

  test.each<[string, () => never, boolean]>([
    ['a 504 of the server’s own limit', answered(504, 'FWK_KERNEL_DEADLINE_EXCEEDED'), true],
    ['a 502 without a word', answered(502), true],
    ['a 503 without a word', answered(503), true],
    ['a 524 of a proxy', answered(524), true],
    ['a connection that broke', connection(true), true],
    ['an answer that cannot be read', fail(new AnswerInvalidError('bank.pay', 'is not JSON')), true],
    ['a connection that was not made', connection(false), false],
    ['a refusal of the server', answered(503, 'FWK_RESILIENCE_LIMIT_EXCEEDED'), false],
    ['a refusal by rate', answered(429), false],
    ['a handler that failed', answered(500, 'FWK_HTTP_INTERNAL'), false],
    ['a callee of the handler that failed', answered(502, 'FWK_HTTP_REMOTE'), false],
  ])('after %s know whether to stay there', async (_, ending, stays) => {
    const { service, places } = keyed(fakeClock(), [ending, done]);
    await outcomeOf(service.call(request, background));
    await service.call(request, background);
    expect(places).toEqual(['1', stays ? '1' : '2']);
  });

  test('stay where an earlier attempt is at work, though the last was refused there or could not be sent', async () => {
    const clock = fakeClock();
    const attempts = [connection(true), answered(429), connection(false), connection(false), answered(503, 'X'), done];
    const { service, places } = keyed(clock, attempts);
    for (let attempt = 0; attempt < 4; attempt++) {
      const ended = outcomeOf(service.call(request, background));
      await clock.advance(1000);
      await ended;
    }
    expect(places).toEqual(['1', '1', '1', '1', '1', '1']);
  });

  for (const { name, run } of layerContract({ layer: keyedAttempts, request, answer: { status: 200, value: 7 } })) {
    test(name, run);
  }
});
