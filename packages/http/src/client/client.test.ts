import { once } from 'node:events';
import { createServer as createRawServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { traceKey } from '@fwk/core';
import { type Endpoint, localRegistry, memberships, memoryRegistry, staticEndpoints } from '@fwk/discovery';
import {
  background,
  type CallContext,
  cancellable,
  defaultEnv,
  type FwkError,
  liveValue,
  makeEnv,
  noLogger,
  priorityKey,
  runInContext,
  sleep,
} from '@fwk/kernel';
import type { BreakerOptions } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import type { Client, Handlers } from '../contract/contract-types.js';
import { deferred } from '../fixtures/deferred.js';
import { reachable } from '../fixtures/local-servers.js';
import { shop } from '../fixtures/shop-contract.js';
import { frontOf, overHttp, reaching, wireUnderTest } from '../fixtures/wire-under-test.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import type { RemoteError } from '../wire/remote-error.js';
import { describeClient } from './client-core.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

type Shop = typeof shop;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const handlers: Handlers<Shop> = {
  item: ({ params, query }) => ({ id: params.id, size: query.size ?? 0 }),
  order: ({ body }) => ({ order: `${body.quantity} ${body.sku}` }),
  tick: () => 1,
  forget: () => {},
};

async function serve(replaced: Partial<Handlers<Shop>> = {}, port = 0): Promise<HttpServer> {
  const server = createServer({ serve: [served(shop, { ...handlers, ...replaced })], port });
  closing.push(() => server.close());
  await server.start();
  return reachable(server);
}

async function raw(listener: RequestListener): Promise<string> {
  const server: Server = createRawServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const front = await frontOf(shop, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  return front.url;
}

/** The address of a server that has gone. */
async function nobodyAt(): Promise<string> {
  const server = await serve();
  const { url } = server;
  await server.close();
  return url;
}

function clientFor(options: Partial<ClientOptions<Shop>> & ClientParts): Client<Shop> & AsyncDisposable {
  const client = createClient(shop, reaching({ ...options }));
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

test('has its layers in the order of the architecture', () => {
  const endpoints = ['http://127.0.0.1:1'];
  const layersOf = (client: object) => describeClient(client)?.map(({ role }) => role);
  const layersOfEndpoint = (client: object) =>
    describeClient(client)
      ?.at(-1)
      ?.inner?.map(({ role }) => role);
  const whole = clientFor({ endpoints, fallback: { tick: { value: 0 } } });
  expect(layersOf(whole)).toEqual([
    'operation-telemetry',
    'deadline',
    'fallback',
    'retry',
    'keyed-attempts',
    'shadow',
    'balance',
  ]);
  expect(layersOfEndpoint(whole)).toEqual(['circuit-breaker', 'attempt-timeout', 'attempt-telemetry', 'connection']);
  const small = clientFor({ endpoints, retry: false, breaker: false });
  expect(layersOf(small)).toEqual(['operation-telemetry', 'deadline', 'keyed-attempts', 'shadow', 'balance']);
  expect(layersOfEndpoint(small)).toEqual(['attempt-timeout', 'attempt-telemetry', 'connection']);
  expect(describeClient({})).toBeUndefined();
});

/** Over Mux there is one type, and answers come whole; see the tests of calls over Mux. */
const onlyOverHttp: readonly [string, RequestListener, RegExp][] = [
  ['of another type', (_q, r) => void r.setHeader('content-type', 'text/html').end('<p>'), /no JSON but text\/html/],
  ['too large', (_q, r) => void r.setHeader('content-length', '5000').write('1'), /larger than maxAnswerBytes 1000/],
  ['endless', (_q, r) => void r.write(' '.repeat(1001)), /larger than maxAnswerBytes 1000/],
];

describe('a call', () => {
  test('goes to the server and comes back typed', async () => {
    const { url } = await serve();
    const client = clientFor({ endpoints: [url] });
    expect(await client.item({ params: { id: 'a/b ?' }, query: { size: 7 } })).toEqual({ id: 'a/b ?', size: 7 });
    expect(await client.order({ body: { sku: 'lamp', quantity: 2 } })).toEqual({ order: '2 lamp' });
    expect(await client.forget({ params: { id: 'a' } })).toBeUndefined();
    expect(await client.tick()).toBe(1);
  });

  test('carries trace, caller, priority and deadline of the context it is made in', async () => {
    let seen: Readonly<Record<string, unknown>> = {};
    const url = await raw((request, response) => {
      seen = request.headers;
      response.setHeader('content-type', 'application/json').end('1');
    });
    const client = clientFor({ endpoints: [url], caller: 'checkout' });
    const trace = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      flags: 1,
      tracestate: 'a=b',
    };
    const context = background.with({
      deadlineMs: performance.now() + 500,
      values: [traceKey.of(trace), priorityKey.of('critical')],
    });
    await runInContext(context, () => client.tick());
    expect(seen).toMatchObject({ 'fwk-caller': 'checkout', 'fwk-priority': 'critical', tracestate: 'a=b' });
    expect(seen.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
    expect(Number(seen['fwk-deadline-ms'])).toBeLessThanOrEqual(500);
    expect(Number(seen['fwk-deadline-ms'])).toBeGreaterThan(300);
  });

  test('that does not fit the contract is not sent', async () => {
    let requests = 0;
    const url = await raw((_request, response) => {
      requests++;
      response.end();
    });
    const client = clientFor({ endpoints: [url] });
    const error = await failure(client.order({ body: { sku: 7 as never, quantity: 0 } }));
    expect(error).toMatchObject({
      code: 'FWK_HTTP_CALL_INVALID',
      operation: 'shop.order',
      issues: [
        { in: 'body', path: 'sku' },
        { in: 'body', path: 'quantity' },
      ],
    });
    const flat = client.item({ id: 'a' } as never);
    expect((await failure(flat)).message).toMatch(
      /not sent, it does not fit its contract, and a call has no part "id" \(known: params, query, headers, body\): params\.id/,
    );
    for (const id of ['', '..', 'x'.repeat(41)]) {
      expect((await failure(client.item({ params: { id } }))).code).toBe('FWK_HTTP_CALL_INVALID');
    }
    const unwritable = client.item({ params: { id: 'a' }, query: { size: new Map() as never } });
    expect((await failure(unwritable)).message).toMatch(/query\.size: cannot be written in a URL/);
    expect(requests).toBe(0);
  });

  test.each<[string, RequestListener, RegExp]>([
    [
      'of another shape',
      (_q, r) => void r.setHeader('content-type', 'application/json').end('"x"'),
      /response: .*number/,
    ],
    [
      'with a dangerous key',
      (_q, r) => void r.setHeader('content-type', 'application/json').end('{"a":{"__proto__":{}}}'),
      /the answer cannot be used: the key "a.__proto__" is not allowed/,
    ],
    ['that is no JSON', (_q, r) => void r.setHeader('content-type', 'application/json').end('{'), /is not JSON/],
    ...(overHttp() ? onlyOverHttp : []),
  ])('whose answer is %s fails, naming the operation', async (_what, listener, message) => {
    const client = clientFor({ endpoints: [await raw(listener)], maxAnswerBytes: 1000 });
    const error = await failure(client.tick());
    expect(error).toMatchObject({ code: 'FWK_HTTP_ANSWER_INVALID', operation: 'shop.tick' });
    expect(error.message).toMatch(message);
  });

  test('that is refused gets the problem that the server sent', async () => {
    const { url } = await serve({
      item: () => {
        throw problem(404, 'No such item', 'there is no "a"', { members: { hint: 'b' } });
      },
    });
    const error = (await failure(clientFor({ endpoints: [url] }).item({ params: { id: 'a' } }))) as RemoteError;
    expect(error).toMatchObject({
      code: 'FWK_HTTP_REMOTE',
      operation: 'shop.item',
      status: 404,
      problem: { title: 'No such item', detail: 'there is no "a"', hint: 'b' },
      traits: { outcome: 'ignored' },
    });
    expect(error.message).toMatch(/^shop\.item answered 404 No such item: there is no "a" \(trace [0-9a-f]{32}\)$/);
  });
});

describe('trying again', () => {
  const flaky = (failures: number, status: number, headers: Record<string, string> = {}) => {
    const seen: { key: unknown; attempt: unknown }[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push({ key: request.headers['idempotency-key'], attempt: request.headers['fwk-attempt'] });
      if (seen.length <= failures) response.writeHead(status, headers).end();
      else
        response.setHeader('content-type', 'application/json').end(request.method === 'POST' ? '{"order":"1"}' : '1');
    };
    return { seen, listener };
  };
  const order = { body: { sku: 'lamp', quantity: 1 } };

  test('happens when the operation may be repeated, with one idempotency key for all attempts', async () => {
    const { seen, listener } = flaky(2, 500);
    const client = clientFor({ endpoints: [await raw(listener)], retry: { baseDelayMs: 0 } });
    expect(await client.order(order)).toEqual({ order: '1' });
    expect(seen.map(({ attempt }) => attempt)).toEqual([undefined, '2', '3']);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    await client.order(order);
    expect(seen[3]?.key).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(seen[3]?.key).not.toBe(seen[0]?.key);
    await client.order(order, { idempotencyKey: 'my "own" key' });
    expect(seen[4]?.key).toBe('"my \\"own\\" key"');
  });

  test.each([
    ['the operation may not be repeated', 'tick', 500, {}, 1],
    ['the request was at fault', 'order', 422, {}, 1],
    ['the server says that it is useless', 'order', 503, { 'fwk-retry': 'no' }, 1],
    ['no attempts are left', 'order', 500, {}, 3],
  ] as const)('does not happen when %s', async (_case, operation, status, headers, attempts) => {
    const { seen, listener } = flaky(9, status, headers);
    const client = clientFor({ endpoints: [await raw(listener)], retry: { baseDelayMs: 0 } });
    const error = await failure(operation === 'tick' ? client.tick() : client.order(order));
    expect(error).toMatchObject({ code: 'FWK_HTTP_REMOTE', status });
    expect(seen).toHaveLength(attempts);
  });

  test('waits as long as the server asks', async () => {
    const { listener } = flaky(1, 503, { 'retry-after': '1' });
    const client = clientFor({ endpoints: [await raw(listener)] });
    const startedMs = performance.now();
    await client.order(order);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
  });

  test('goes to another instance when one was killed, and no idempotent call fails', async () => {
    const [first, second] = [await serve(), await serve()];
    const client = clientFor({ endpoints: [first.url, second.url] });
    const get = () => client.item({ params: { id: 'a' } });
    // Both have idle connections when the first dies.
    await Promise.all(Array.from({ length: 20 }, get));
    await first.close();
    const after = await Promise.all(Array.from({ length: 50 }, get));
    expect(after).toHaveLength(50);
  });

  test('finds calls that were in flight when their instance was killed', async () => {
    const begun = deferred<void>();
    const hang = {
      item: () => {
        begun.resolve();
        return new Promise<never>(() => {});
      },
    };
    const dying = await serve(hang);
    const endpoints = liveValue<readonly Endpoint[]>(staticEndpoints('shop', [dying.url]).value);
    const other = await serve();
    const client = clientFor({ memberships: { of: () => endpoints, settled: async () => {} } });
    const call = client.item({ params: { id: 'a' } });
    await begun.promise;
    endpoints.set([...endpoints.value, ...staticEndpoints('other', [other.url]).value]);
    await dying.close();
    expect(await call).toEqual({ id: 'a', size: 0 });
  });

  test('is allowed for any call that was provably not sent', async () => {
    const gone = await nobodyAt();
    const { url } = await serve();
    for (let round = 0; round < 10; round++) {
      const client = clientFor({ endpoints: [gone, url] });
      expect(await client.tick()).toBe(1);
    }
    const alone = clientFor({ endpoints: [gone], retry: false });
    expect(await failure(alone.tick())).toMatchObject({
      code: 'FWK_HTTP_CONNECTION',
      sent: false,
      traits: { notProcessed: true },
      details: { connection: true, reason: 'ECONNREFUSED' },
      message: expect.stringMatching(/; nothing listens there: start it, or correct the address$/),
    });
  });

  test('is not, once the request may have been processed', async () => {
    let requests = 0;
    const url = await raw((request) => {
      requests++;
      (request.socket as Socket).destroy();
    });
    const error = await failure(clientFor({ endpoints: [url] }).tick());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
    expect(error.traits.notProcessed).toBe(false);
    expect(requests).toBe(1);
  });
});

describe('time and cancellation', () => {
  const hanging = async () => {
    const begun = deferred<CallContext>();
    const cancelled = deferred<unknown>();
    const { url } = await serve({
      tick: ({ context }) => {
        context.onCancel(cancelled.resolve);
        begun.resolve(context);
        return new Promise(() => {});
      },
    });
    return { url, begun, cancelled };
  };

  test('an attempt that takes too long is given up, and its handler is told', async () => {
    const { url, cancelled } = await hanging();
    const error = await failure(clientFor({ endpoints: [url], timeoutMs: 50 }).tick());
    expect(error.code).toBe('FWK_RESILIENCE_TIMEOUT');
    expect(((await cancelled.promise) as FwkError).code).toBe('FWK_KERNEL_CANCELLED');
  });

  test('the total time ends the call, and crosses to the server', async () => {
    const { url, begun } = await hanging();
    const startedMs = performance.now();
    const error = await failure(clientFor({ endpoints: [url], deadlineMs: 200 }).tick());
    expect(error.code).toBe('FWK_KERNEL_DEADLINE_EXCEEDED');
    expect((await begun.promise).deadlineMs).toBeLessThan(startedMs + 5000);
  });

  test('a caller who gives up gets its own reason, and the handler is told', async () => {
    const { url, begun, cancelled } = await hanging();
    const { context, cancel } = cancellable();
    const call = clientFor({ endpoints: [url] }).tick({}, { context });
    await begun.promise;
    const reason = new Error('the customer left');
    cancel(reason);
    expect(await failure(call)).toBe(reason);
    await cancelled.promise;
  });

  test('an AbortSignal does the same, and keeps no listener', async () => {
    const { url, begun, cancelled } = await hanging();
    const controller = new AbortController();
    const client = clientFor({ endpoints: [url] });
    const call = client.tick({}, { signal: controller.signal });
    await begun.promise;
    controller.abort(new Error('aborted'));
    expect((await failure(call)).message).toBe('aborted');
    await cancelled.promise;
    expect((await failure(client.tick({}, { signal: controller.signal }))).message).toBe('aborted');
  });

  // Within one process there is none.
  if (wireUnderTest() !== 'local') {
    test('a call cancelled while it waits for a connection never reaches the server', async () => {
      const { url, begun } = await hanging();
      const client = clientFor({ endpoints: [url], maxConnections: 1 });
      const first = cancellable();
      const firstCall = failure(client.tick({}, { context: first.context }));
      await begun.promise;
      const second = cancellable();
      const secondCall = failure(client.forget({ params: { id: 'a' } }, { context: second.context }));
      await new Promise(setImmediate);
      second.cancel('two');
      expect(await secondCall).toBe('two');
      first.cancel('one');
      expect(await firstCall).toBe('one');
    });
  }
});

describe('endpoints', () => {
  test('a call made before the first list is known waits for it', async () => {
    const { port } = await serve();
    const registry = memoryRegistry();
    const known = memberships(registry, defaultEnv);
    const ready = deferred<void>();
    const client = clientFor({
      memberships: {
        of: (service) => known.of(service),
        settled: async (service, context) => {
          await ready.promise;
          return known.settled(service, context);
        },
      },
    });
    const call = client.item({ params: { id: 'a' } });
    await registry.register({
      id: 'shop-1',
      service: 'shop',
      version: '1.0.0',
      address: '127.0.0.1',
      port,
      startedAtMs: 0,
      status: 'UP',
    });
    await sleep(defaultEnv.clock, 5, background);
    ready.resolve();
    expect(await call).toEqual({ id: 'a', size: 0 });
    known[Symbol.dispose]();
    await registry.close();
  });

  test('a service that nobody runs is a clear error', async () => {
    const client = clientFor({
      memberships: { of: () => liveValue<readonly Endpoint[]>([]), settled: async () => {} },
      retry: false,
    });
    expect(await failure(client.tick())).toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
  });

  test('a registry that is none is named as the cause long before the deadline, though the call may be repeated', async () => {
    const foreign = await raw((_request, response) => void response.end('hello, I am something else'));
    const registry = localRegistry({ port: Number(new URL(foreign).port) }, { logger: noLogger });
    const known = memberships(registry, defaultEnv);
    closing.push(async () => {
      known[Symbol.dispose]();
      await registry.close();
    });
    const client = clientFor({ memberships: known, deadlineMs: 15_000 });
    const startedMs = performance.now();
    const error = await failure(client.item({ params: { id: 'a' } }));
    expect(performance.now() - startedMs).toBeLessThan(7500);
    expect(error).toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT', traits: { notProcessed: true } });
    expect(error.message).toMatch(/^shop: no list of its instances is known since .*: registry local .* it is lost \(/);
    const againMs = performance.now();
    await failure(client.item({ params: { id: 'a' } }));
    expect(performance.now() - againMs).toBeLessThan(500);
  });

  if (overHttp()) {
    test('connections to an endpoint that left are closed', async () => {
      const sockets = new Set<Socket>();
      const server = createRawServer((_request, response) => {
        response.setHeader('content-type', 'application/json').end('1');
      }).listen(0, '127.0.0.1');
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      closing.push(async () => void server.close());
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const endpoints = liveValue<readonly Endpoint[]>(staticEndpoints('shop', [url]).value);
      const client = clientFor({ memberships: { of: () => endpoints, settled: async () => {} } });
      await client.tick();
      expect(sockets.size).toBe(1);
      const [socket] = sockets;
      endpoints.set([]);
      await once(socket as Socket, 'close');
      expect(sockets.size).toBe(0);
    });
  }

  test('a closed client says so', async () => {
    const { url } = await serve();
    const client = createClient(shop, reaching({ endpoints: [url] }));
    await client.tick();
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    expect((await failure(client.tick())).code).toBe('FWK_HTTP_CLIENT_CLOSED');
  });

  test('a client that is being closed refuses calls, and waits for those under way', async () => {
    const [begun, answer] = [deferred<void>(), deferred<number>()];
    let requests = 0;
    const { url } = await serve({
      item: () => {
        requests++;
        begun.resolve();
        return answer.promise.then(() => ({ id: 'a', size: 0 }));
      },
    });
    const client = createClient(shop, reaching({ endpoints: [url] }));
    const call = client.item({ params: { id: 'a' } });
    await begun.promise;
    let closed = false;
    const disposed = client[Symbol.asyncDispose]().then(() => {
      closed = true;
    });
    expect((await failure(client.tick())).code).toBe('FWK_HTTP_CLIENT_CLOSED');
    expect(closed).toBe(false);
    answer.resolve(1);
    expect(await call).toEqual({ id: 'a', size: 0 });
    await disposed;
    expect(requests).toBe(1);
  });

  test('a client that was closed makes no further attempt at a call that it began', async () => {
    let requests = 0;
    const answered = deferred<void>();
    const url = await raw((_request, response) => {
      requests++;
      response.writeHead(503, { 'retry-after': '1' }).end(answered.resolve);
    });
    const client = createClient(shop, reaching({ endpoints: [url] }));
    const call = failure(client.item({ params: { id: 'a' } }));
    await answered.promise;
    await client[Symbol.asyncDispose]();
    expect((await call).code).toBe('FWK_HTTP_CLIENT_CLOSED');
    expect(requests).toBe(1);
  });

  test('a client that is closed before its first connection is made lets that call end', async () => {
    const { url } = await serve();
    const client = createClient(shop, reaching({ endpoints: [url] }));
    const call = client.tick();
    await client[Symbol.asyncDispose]();
    expect(await call).toBe(1);
  });

  test('a client that cannot know where to call is refused', () => {
    expect(() => createClient(shop, {})).toThrow(/client of shop cannot know where to call/);
    expect(() => createClient(shop, { endpoints: [] })).toThrow(/endpoints must be a list of base URLs/);
    expect(() => createClient(shop, { endpoints: ['ftp://x'] })).toThrow(/ftp/);
    expect(() => createClient(shop, { endpoints: ['http://x'], timeoutMs: 0 })).toThrow(/timeoutMs must be/);
  });

  test('options of its breakers that do not fit are told when it is made', () => {
    const breakerOf = (breaker: Partial<BreakerOptions>) => () =>
      createClient(shop, { endpoints: ['http://x'], breaker });
    expect(breakerOf({ failureRatio: 7 })).toThrow(/failureRatio must be/);
    expect(breakerOf({ openMs: 60_000 })).toThrow(/openMs 60000 is above maxOpenMs/);
  });
});

describe('around the call', () => {
  test('a fallback answers for its own operation, once trying has failed', async () => {
    let requests = 0;
    const url = await raw((_request, response) => {
      requests++;
      response.writeHead(500).end();
    });
    const client = clientFor({
      endpoints: [url],
      retry: { baseDelayMs: 0 },
      fallback: {
        item: (error, { args: [request] }) => ({
          id: `${request.params.id} ${(error as RemoteError).status}`,
          size: -1,
        }),
      },
    });
    expect(await client.item({ params: { id: 'a' } })).toEqual({ id: 'a 500', size: -1 });
    expect(requests).toBe(3);
    expect(await failure(client.tick())).toMatchObject({ status: 500 });
  });

  test('logical calls and attempts are measured apart', async () => {
    const seen: string[] = [];
    const instrument = () => ({ add() {}, set() {}, observe() {}, [Symbol.dispose]() {} });
    const metrics: typeof defaultEnv.metrics = {
      counter: instrument,
      gauge: instrument,
      observe: instrument,
      histogram: ({ name }, labels) => ({
        observe: () => void seen.push(`${name} ${labels?.outcome ?? labels?.['http.response.status_code']}`),
      }),
    };
    let requests = 0;
    const url = await raw((_request, response) => {
      requests++;
      response.writeHead(requests === 1 ? 503 : 200, { 'content-type': 'application/json' }).end('{"id":"a","size":1}');
    });
    const client = clientFor({ endpoints: [url], retry: { baseDelayMs: 0 }, env: makeEnv({ metrics }) });
    await client.item({ params: { id: 'a' } });
    expect(seen.filter((line) => line.startsWith('http.'))).toEqual([
      'http.client.request.duration 503',
      'http.client.request.duration 200',
      'http.client.operation.duration success',
    ]);
  });
});
