/** `fetch` for a service: that of the platform, whose requests go through the layers of a client. */
import type { RequestListener } from 'node:http';
import { healthToken } from '@fwk/core';
import { memberships, memoryRegistry, roundRobin } from '@fwk/discovery';
import { background, cancellable, defaultEnv, liveValue, makeEnv, priorityKey, runInContext } from '@fwk/kernel';
import { testAuthority } from '@fwk/kernel/testing';
import { policyRegistry } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { describeClient } from '../client/client-core.js';
import { checkoutApp } from '../fixtures/checkout-app.js';
import { type RawServer, rawServer } from '../fixtures/raw-server.js';
import { fetchOf, interceptorOf } from './adapter-tokens.js';
import { serviceFetch } from './service-fetch.js';
import type { ServiceOptions } from './service-requests.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function serve(listener: RequestListener): Promise<RawServer> {
  const server = await rawServer(listener);
  closing.push(server);
  return server;
}

/** Times that a busy machine keeps. */
const patient = { timeoutMs: 20_000, deadlineMs: 60_000 };

/** Answers what it got; the first `busy` requests are refused. */
async function echo(busy = 0): Promise<RawServer> {
  let left = busy;
  return serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (left-- > 0) response.writeHead(503, { 'retry-after': '0' }).end('busy');
    else response.setHeader('x-answered', 'yes').end(`${request.method} ${request.url} ${body}`);
  });
}

function fetchFrom(server: RawServer, options: ServiceOptions & { readonly caller?: string } = {}) {
  const made = serviceFetch('inventory', {
    ...patient,
    endpoints: [server.url],
    retry: { baseDelayMs: 0 },
    ...options,
  });
  closing.push(made);
  return made;
}

const failure = (work: Promise<unknown>): Promise<Error & { readonly cause?: unknown }> =>
  work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error) => error,
  );

const streamOf = (...chunks: readonly string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

describe('answers', () => {
  test('are those of the platform’s fetch, by paths and URLs of the service', async () => {
    const call = fetchFrom(await echo());
    const answer = await call('/stock?sku=lamp', { method: 'POST', body: 'hello' });
    expect(answer).toBeInstanceOf(Response);
    expect([answer.status, answer.headers.get('x-answered'), await answer.text()]).toEqual([
      200,
      'yes',
      'POST /stock?sku=lamp hello',
    ]);
    expect(await (await call('stock')).text()).toBe('GET /stock ');
    expect(await (await call(new URL('http://inventory/a'))).text()).toBe('GET /a ');
    const request = new Request('http://inventory/b', { method: 'PUT', body: 'c' });
    expect(await (await call(request)).text()).toBe('PUT /b c');
  });

  test('with an error status are answers', async () => {
    const call = fetchFrom(await serve((_request, response) => response.writeHead(404).end('none')));
    expect(await (await call('/a')).text()).toBe('none');
  });

  test('may be long, and stream', async () => {
    const call = fetchFrom(
      await serve((_request, response) => {
        for (let index = 0; index < 100; index++) response.write(Buffer.alloc(100_000));
        response.end();
      }),
    );
    expect((await (await call('/')).arrayBuffer()).byteLength).toBe(10_000_000);
  });

  test('that were refused are let go of: a long refusal that is tried again costs its connection, a short one does not', async () => {
    let left = 0;
    let bytes = 0;
    const sockets = new Set<unknown>();
    const server = await serve((request, response) => {
      sockets.add(request.socket);
      if (left-- > 0) response.writeHead(503).end(Buffer.alloc(bytes));
      else response.end('fine');
    });
    const call = fetchFrom(server);
    const ask = async (length: number) => {
      [left, bytes] = [2, length];
      sockets.clear();
      expect(await (await call('/a')).text()).toBe('fine');
      return sockets.size;
    };
    expect(await ask(1000)).toBe(1);
    expect(await ask(10_000_000)).toBe(3);
  });

  test('of which nobody is told to pause come whole', async () => {
    const long = await serve((_request, response) => response.writeHead(503).end(Buffer.alloc(300_000)));
    const call = fetchFrom(long);
    expect((await (await call('/a')).arrayBuffer()).byteLength).toBe(300_000);
  });

  test('follow redirects inside the service, and to other hosts', async () => {
    const other = await echo();
    const server = await serve((request, response) => {
      if (request.url === '/inside') response.writeHead(302, { location: '/here' }).end();
      else if (request.url === '/outside') response.writeHead(307, { location: `${other.url}/there` }).end();
      else response.end('here');
    });
    const call = fetchFrom(server);
    expect(await (await call('/inside')).text()).toBe('here');
    expect(await (await call('/outside')).text()).toBe('GET /there ');
  });
});

describe('requests', () => {
  test('carry caller, deadline, priority and trace, in the place of what is written by hand', async () => {
    const server = await echo();
    const call = fetchFrom(server, { caller: 'checkout', headers: () => ({ authorization: 'Bearer one' }) });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await runInContext(background.with({ values: [priorityKey.of('critical')] }), () =>
      call('/a', { headers: { 'fwk-attempt': '9', 'x-own': '1', traceparent, host: 'evil' } }),
    );
    const { headers } = server.seen[0]!;
    expect(headers).toMatchObject({
      'fwk-caller': 'checkout',
      'fwk-priority': 'critical',
      'fwk-deadline-ms': expect.stringMatching(/^\d+$/),
      'x-own': '1',
      authorization: 'Bearer one',
      host: new URL(server.url).host,
    });
    expect(headers).not.toHaveProperty('fwk-attempt');
    expect(headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  });

  test('are told to a headers function as they are sent, whatever their method, with the bytes of their body', async () => {
    const told: unknown[] = [];
    const call = fetchFrom(await echo(), {
      headers: ({ method, path, body }) => {
        told.push([method, path, typeof body === 'object' ? Buffer.from(body).toString() : body]);
        return {};
      },
    });
    await call('/a?b=c', { method: 'POST', body: 'hello' });
    await call('/d', { method: 'PROPFIND' });
    await call('/e', { method: 'POST', body: streamOf('x'), duplex: 'half' } as RequestInit);
    expect(told).toEqual([
      ['POST', '/a?b=c', 'hello'],
      ['PROPFIND', '/d', undefined],
      ['POST', '/e', undefined],
    ]);
  });

  test('carry the client’s own headers rather than those that fetch fills in, and those of the call rather than both', async () => {
    const server = await echo();
    const own = { 'user-agent': 'shop/1.0', 'accept-language': 'de' };
    for (const headers of [own, () => own]) {
      const call = fetchFrom(server, { headers });
      await call('/a');
      await call('/a', { headers: { 'user-agent': 'mine' } });
      const seen = server.seen.slice(-2).map((request) => request.headers);
      expect(seen).toMatchObject([own, { ...own, 'user-agent': 'mine' }]);
    }
  });

  test('are tried again by idempotent methods, with their body', async () => {
    const server = await echo(1);
    const answer = await fetchFrom(server)('/a', { method: 'PUT', body: 'hello' });
    expect(await answer.text()).toBe('PUT /a hello');
    expect(server.seen.map(({ headers }) => headers['fwk-attempt'])).toEqual([undefined, '2']);
  });

  test.each([
    ['by a method that is not idempotent', () => ({ method: 'POST', body: 'hello' })],
    [
      'with a stream, which is there only once',
      () => ({ method: 'PUT', body: streamOf('hel', 'lo'), duplex: 'half' as const }),
    ],
  ])('are not tried again %s', async (_what, init) => {
    const server = await echo(1);
    const call = fetchFrom(server);
    expect((await call('/a', init())).status).toBe(503);
    expect(server.seen).toHaveLength(1);
    expect(await (await call('/a', init())).text()).toContain(' /a hello');
  });

  test('are not tried again when the answer says that it is useless', async () => {
    const server = await serve((_request, response) => response.writeHead(503, { 'fwk-retry': 'no' }).end('busy'));
    expect(await (await fetchFrom(server)('/a')).text()).toBe('busy');
    expect(server.seen).toHaveLength(1);
  });

  test('that reached nobody are tried elsewhere, whatever they do', async () => {
    const gone = await echo();
    await gone[Symbol.asyncDispose]();
    const server = await echo();
    const call = serviceFetch('inventory', { ...patient, endpoints: [gone.url, server.url], balancer: roundRobin() });
    closing.push(call);
    for (let index = 0; index < 4; index++) {
      const answer = await call('/a', { method: 'POST', body: streamOf('hello'), duplex: 'half' });
      expect(await answer.text()).toBe('POST /a hello');
    }
  });

  test('go to the instances that discovery knows', async () => {
    const [one, two] = [await echo(), await echo()];
    const registry = memoryRegistry();
    for (const [index, { url }] of [one, two].entries()) {
      await registry.register({
        id: `inventory-${index}`,
        service: 'inventory',
        version: '1.0.0',
        address: '127.0.0.1',
        port: Number(new URL(url).port),
        startedAtMs: 0,
        status: 'UP',
      });
    }
    const known = memberships(registry, defaultEnv);
    closing.push({
      async [Symbol.asyncDispose]() {
        known[Symbol.dispose]();
        await registry.close();
      },
    });
    const call = serviceFetch('inventory', { ...patient, memberships: known, balancer: roundRobin() });
    closing.push(call);
    for (let index = 0; index < 4; index++) await (await call('/a')).text();
    expect([one.seen.length, two.seen.length]).toEqual([2, 2]);
  });
});

describe('what fails', () => {
  test('is a TypeError whose cause is our error', async () => {
    const server = await echo();
    await server[Symbol.asyncDispose]();
    const error = await failure(fetchFrom(server, { retry: false })('/a'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false });
  });

  test.each(['http://other/a', '//other/a', 'https://inventory/a', 'http://inventory:81/a', 'file:///etc/passwd'])(
    'includes %s, which is not of the service',
    async (url) => {
      const server = await echo();
      const error = await failure(fetchFrom(server)(url));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.cause).toMatchObject({ code: 'FWK_KERNEL_OPTIONS_INVALID' });
      expect(server.seen).toEqual([]);
    },
  );

  test('is a call that takes longer than its policy allows', async () => {
    const call = fetchFrom(await serve(() => {}), { timeoutMs: 20, retry: false });
    expect((await failure(call('/a'))).cause).toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
  });

  test('is a call whose context is over, by the context’s own reason', async () => {
    const { context, cancel } = cancellable();
    const server = await serve(() => cancel(new Error('enough')));
    const error = await failure(runInContext(context, () => fetchFrom(server)('/a')));
    expect(error.cause).toMatchObject({ message: 'enough' });
  });

  test('is one that its signal aborts, before, while it waits for an answer, and while the answer is read', async () => {
    const gone: Promise<void>[] = [];
    const server = await serve((request, response) => {
      gone.push(new Promise((resolve) => response.on('close', resolve)));
      if (request.url === '/streams') response.write('begin');
    });
    const call = fetchFrom(server);
    expect((await failure(call('/a', { signal: AbortSignal.abort() }))).name).toBe('AbortError');
    expect(server.seen).toEqual([]);
    const waiting = new AbortController();
    const waited = failure(call('/a', { signal: waiting.signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    waiting.abort();
    expect((await waited).name).toBe('AbortError');
    const reading = new AbortController();
    const answer = await call('/streams', { signal: reading.signal });
    reading.abort();
    expect((await failure(answer.text())).name).toBe('AbortError');
    await Promise.all(gone);
    expect(server.seen).toHaveLength(2);
  });

  test('is an answer that breaks off', async () => {
    const call = fetchFrom(
      await serve((_request, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
      }),
    );
    const answer = await call('/a');
    const error = await failure(answer.text());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
  });

  test('is everything once it is closed', async () => {
    const call = fetchFrom(await echo());
    await call[Symbol.asyncDispose]();
    expect((await failure(call('/a'))).cause).toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
  });

  test('is the body of an answer that nobody reads, when it is closed: closing does not wait for it for ever', async () => {
    const call = fetchFrom(await serve((_request, response) => void response.end('x'.repeat(5_000_000))));
    const unread = await call('/a');
    await call[Symbol.asyncDispose]();
    const error = await failure(unread.text());
    expect([error.message, error.cause]).toEqual([
      'terminated',
      expect.objectContaining({ code: 'FWK_HTTP_CLIENT_CLOSED' }),
    ]);
  });

  test('is a name that is none, and options that need a contract, when it is made', () => {
    expect(() => serviceFetch('Inventory', { endpoints: ['http://127.0.0.1:1'] })).toThrow(
      /name of the service must be/,
    );
    expect(() => serviceFetch('inventory', { endpoints: ['http://127.0.0.1:1'], cache: {} } as never)).toThrow(
      'cache is for clients of a contract',
    );
    expect(() => serviceFetch('inventory')).toThrow(/cannot know where to call/);
  });
});

test('its layers can be described', async () => {
  const layers = describeClient(fetchFrom(await echo(), { headers: () => ({}) }))!;
  expect(layers.map(({ role }) => role)).toEqual(['operation-telemetry', 'deadline', 'retry', 'headers', 'balance']);
  expect(layers.at(-1)?.inner?.map(({ role }) => role)).toEqual([
    'circuit-breaker',
    'attempt-timeout',
    'attempt-telemetry',
    'connection',
  ]);
});

describe('the policy of the service', () => {
  test('judges answers by their status: a breaker opens, and is listed with numbers by method', async () => {
    const server = await serve((_request, response) => response.writeHead(500).end());
    const source = liveValue<unknown>({ inventory: { retry: false, breaker: { consecutiveFailures: 3 } } });
    const env = makeEnv();
    const policies = policyRegistry(env, source);
    const call = serviceFetch('inventory', { endpoints: [server.url], policies, env });
    closing.push(call);
    for (let index = 0; index < 3; index++) expect((await call('/a')).status).toBe(500);
    const error = await failure(call('/a'));
    expect(error.cause).toMatchObject({ traits: { refusedBy: 'caller' } });
    expect(server.seen).toHaveLength(3);
  });

  test('may be meant for typed clients as well: what needs a contract is passed over', async () => {
    const server = await echo(1);
    const source = liveValue<unknown>({
      inventory: {
        cache: { ttlMs: 60_000 },
        coalesce: {},
        operations: { reserve: { timeoutMs: 1 }, POST: { timeoutMs: 5000 } },
      },
    });
    const env = makeEnv();
    const policies = policyRegistry(env, source);
    const call = serviceFetch('inventory', { endpoints: [server.url], policies, env, retry: { baseDelayMs: 0 } });
    closing.push(call);
    for (let index = 0; index < 2; index++) expect(await (await call('/a')).text()).toBe('GET /a ');
    expect([server.seen.length, policies.refusal]).toEqual([3, undefined]);
  });
});

test('in an application health tells of the files of its TLS, also of those of logical host names', async () => {
  const { ca } = testAuthority();
  const tls = { endpoints: ['https://127.0.0.1:1'], tls: { ca } };
  const called = fetchOf('inventory', tls);
  const hosts = interceptorOf({ services: { payments: tls } });
  const app = await checkoutApp();
  closing.push({ [Symbol.asyncDispose]: () => app.stop() });
  app.get(called);
  app.get(hosts);
  expect(Object.keys(app.get(healthToken).report().components)).toEqual(
    expect.arrayContaining(['tls of requests to "inventory"', 'tls of requests to "payments"']),
  );
});

test('in an application it is injected, knows the caller, and is closed with it', async () => {
  const server = await echo();
  const inventory = fetchOf('inventory', { endpoints: [server.url] });
  const app = await checkoutApp();
  const call = app.get(inventory);
  expect(await (await call('/a')).text()).toBe('GET /a ');
  expect(server.seen[0]?.headers['fwk-caller']).toBe('checkout');
  await app.stop();
  expect((await failure(call('/a'))).cause).toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
  const shared = fetchOf('inventory');
  expect(fetchOf('inventory')).toBe(shared);
  expect(fetchOf('other')).not.toBe(shared);
});
