/** The sessions of Mux that a client has with an endpoint: when they are made, given up, replaced, and left for HTTP. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createMeter } from '@fwk/core';
import { memberships, memoryRegistry } from '@fwk/discovery';
import { anInstance } from '@fwk/discovery/testing';
import { cancellable, defaultEnv, isFwkError, liveValue, makeEnv } from '@fwk/kernel';
import { policyRegistry } from '@fwk/resilience';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { WireChoice } from '../calling/wire-choice.js';
import { clientAt, clientOf, heard, serveMux } from '../fixtures/mux-client.js';
import { shop } from '../fixtures/shop-contract.js';
import { serveContract } from '../testing/serve-contract.js';
import { createClient } from './create-client.js';

const patience = { timeout: 5000, interval: 5 };

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that speaks HTTP alone. */
function listenHttp(answer: RequestListener): Promise<string> {
  return listen(createHttpServer(answer));
}

const seven: RequestListener = (_, response) => {
  response.setHeader('content-type', 'application/json').end('7');
};

/** The wires that attempts took. */
function wiresIn(metrics: ReturnType<typeof createMeter>): string[] {
  const labels = metrics
    .collect()
    .filter(({ name }) => name === 'http.client.request.duration')
    .flatMap(({ samples }) => samples.map((sample) => String(sample.labels.network_protocol_name)));
  return [...new Set(labels)].sort();
}

const failed = (call: Promise<unknown>) => call.catch((error: unknown) => error);

describe('the wire of a call', () => {
  test('is Mux where an endpoint says that it serves it, and HTTP elsewhere', async () => {
    const server = await serveMux((call) => call.answer(0, '7'));
    const place = server.url.replace('mux:', 'http:');
    expect(await clientOf({ [place]: ['http', 'mux'] }).tick()).toBe(7);
    expect(server.heard).toHaveLength(1);
    const http = `http://${await listenHttp(seven)}`;
    expect(await clientOf({ [http]: ['http'] }).tick()).toBe(7);
    expect(await clientAt([http]).tick()).toBe(7);
  });

  test('is what the option says, and follows it while calls under way end on theirs', async () => {
    const server = await serveMux();
    const seen: string[] = [];
    const http = await listenHttp((request, response) => {
      seen.push(String(request.url));
      seven(request, response);
    });
    const wire = liveValue<WireChoice>('mux');
    const client = clientAt([server.url.replace('mux:', 'http:')], { wire });
    const under = client.tick();
    const call = await heard(server);
    wire.set('http');
    const other = await failed(client.tick());
    // This server speaks no HTTP.
    expect(other).toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
    call.answer(0, '7');
    expect(await under).toBe(7);
    expect(await clientAt([`http://${http}`], { wire: 'http' }).tick()).toBe(7);
    expect(seen).toEqual(['/ticks']);
  });

  test('follows the configuration of its service, against a server of both wires', async () => {
    const metrics = createMeter();
    const handlers = {
      item: () => ({ id: 'a', size: 1 }),
      order: () => ({ order: '' }),
      tick: () => 7,
      forget: () => {},
    };
    await using served = await serveContract(shop, handlers);
    const source = liveValue<unknown>({ shop: { wire: 'mux' } });
    const policies = policyRegistry(makeEnv(), source);
    const client = clientAt([served.url], { policies, env: { metrics } });
    expect(await client.tick()).toBe(7);
    expect(wiresIn(metrics)).toEqual(['mux']);
    source.set({ shop: { wire: 'http' } });
    expect(await client.tick()).toBe(7);
    expect(wiresIn(metrics)).toEqual(['http', 'mux']);
  });

  test('is Mux to an endpoint that speaks nothing else, whatever the option says', async () => {
    const server = await serveMux((call) => call.answer(0, '7'));
    expect(await clientAt([server.url], { wire: 'http' }).tick()).toBe(7);
  });

  test('stands in the metrics of its attempts', async () => {
    const metrics = createMeter();
    const server = await serveMux((call) => call.answer(0, '7'));
    const http = `http://${await listenHttp(seven)}`;
    await clientAt([server.url], { env: { metrics } }).tick();
    await clientAt([http], { env: { metrics } }).tick();
    expect(wiresIn(metrics)).toEqual(['http', 'mux']);
  });
});

describe('an endpoint that says Mux and does not speak it', () => {
  test('is asked over HTTP at once, and for Mux again only later', async () => {
    let connections = 0;
    const server = createHttpServer(seven);
    server.on('connection', () => connections++);
    const client = clientOf({ [`http://${await listen(server)}`]: ['http', 'mux'] });
    expect(await Promise.all([client.tick(), client.tick()])).toEqual([7, 7]);
    const before = connections;
    for (let call = 0; call < 5; call++) expect(await client.tick()).toBe(7);
    expect(connections).toBe(before);
  });

  test('is asked over HTTP when it answers nothing, within the time of the attempt', async () => {
    const silent = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (first) => {
          // HTTP is answered, what begins with a zero is not.
          if (first[0] !== 0)
            socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n7');
        });
      }),
    );
    const client = clientOf({ [`http://${silent}`]: ['http', 'mux'] }, { timeoutMs: 1000 });
    expect(await client.tick()).toBe(7);
  });

  test('fails the call where only Mux may be taken, as one that was not sent', async () => {
    const http = await listenHttp(seven);
    for (const client of [clientAt([`http://${http}`], { wire: 'mux' }), clientAt([`mux://${http}`])]) {
      const error = await failed(client.tick());
      expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false, traits: { notProcessed: true } });
      expect(String(error)).toMatch(/did not open a Mux session/);
    }
  });

  test('is not tried over HTTP when nobody listens there', async () => {
    const error = await failed(clientOf({ 'http://127.0.0.1:1': ['http', 'mux'] }).tick());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false, details: { reason: 'ECONNREFUSED' } });
  });
});

describe('a caller that gives up', () => {
  test('lets the server know, and ends at once', async () => {
    const server = await serveMux();
    const client = clientAt([server.url]);
    const own = new Error('enough');
    const { context, cancel } = cancellable();
    const call = failed(client.tick({}, { context }));
    const asked = await heard(server);
    cancel(own);
    expect(await call).toBe(own);
    await vi.waitFor(() => expect(asked.gone).toMatch(/gave up/), patience);
    const next = client.tick();
    (await heard(server, 2)).answer(0, '7');
    expect(await next).toBe(7);
  });

  test('while the session opens ends at once, and its call is never sent', async () => {
    const mute = await listen(createTcpServer(() => {}));
    const { context, cancel } = cancellable();
    const call = failed(clientAt([`mux://${mute}`]).tick({}, { context }));
    const own = new Error('enough');
    setImmediate(() => cancel(own));
    expect(await call).toBe(own);
  });

  test('by its deadline is an attempt that ran out of time', async () => {
    const server = await serveMux();
    const error = await failed(clientAt([server.url], { timeoutMs: 50 }).tick());
    expect(isFwkError(error, 'FWK_RESILIENCE_TIMEOUT')).toBe(true);
    await vi.waitFor(() => expect(server.heard[0]?.gone).toMatch(/gave up/), patience);
  });
});

describe('a session that ends', () => {
  test('fails the calls on it as perhaps done, and the next call makes another', async () => {
    const server = await serveMux();
    const client = clientAt([server.url]);
    const lost = failed(client.tick());
    await heard(server);
    server.sessions[0]?.close();
    expect(await lost).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true, traits: { retryable: true } });
    const next = client.tick();
    (await heard(server, 2)).answer(0, '7');
    expect(await next).toBe(7);
    expect(server.sessions).toHaveLength(2);
  });

  test('by being drained answers the calls on it, and takes no more', async () => {
    const server = await serveMux();
    const client = clientAt([server.url]);
    const first = client.tick();
    const call = await heard(server);
    server.sessions[0]?.drain();
    await vi.waitFor(() => expect(server.sessions[0]?.ended).toBeUndefined(), patience);
    const second = client.tick();
    const other = await heard(server, 2);
    other.answer(0, '2');
    expect(await second).toBe(2);
    expect(server.sessions.length).toBeGreaterThanOrEqual(1);
    call.answer(0, '1');
    expect(await first).toBe(1);
    await vi.waitFor(() => expect(server.sessions[0]?.ended).toBeDefined(), patience);
  });

  test('because its client was closed, when its last call is answered', async () => {
    const server = await serveMux();
    const client = clientAt([server.url]);
    const call = client.tick();
    const asked = await heard(server);
    const closed = client[Symbol.asyncDispose]();
    asked.answer(0, '7');
    expect(await call).toBe(7);
    await closed;
    await vi.waitFor(() => expect(server.sessions[0]?.ended).toBeDefined(), patience);
  });
});

describe('limits of a session', () => {
  test('make calls wait for their turn', async () => {
    const server = await serveMux((call) => void setImmediate(() => call.answer(0, '7')), { maxInFlight: 10_000 });
    const client = clientAt([server.url], { breaker: false });
    const answers = await Promise.all(Array.from({ length: 5000 }, () => client.tick()));
    expect(answers.every((answer) => answer === 7)).toBe(true);
    expect(server.sessions).toHaveLength(1);
  });

  test('make calls wait while the peer reads nothing, and go on when it does', async () => {
    const server = await serveMux((call) => call.answer(0, '{"order":"7"}'), { pingTimeoutMs: 60_000 });
    const client = clientAt([server.url], { timeoutMs: 30_000, deadlineMs: 30_000 });
    const body = { sku: 'x'.repeat(1_000_000), quantity: 1 };
    await client.order({ body });
    const [socket] = server.sockets;
    socket?.pause();
    const orders = Array.from({ length: 12 }, () => client.order({ body }));
    // Nothing that the peer might answer ends one of them.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.heard).toHaveLength(1);
    socket?.resume();
    expect(await Promise.all(orders)).toHaveLength(12);
  });

  test('a lease that is over leads calls to another endpoint', async () => {
    const leased = await serveMux((call) => call.answer(0, '1'));
    const other = await serveMux((call) => call.answer(0, '2'));
    const client = clientAt([leased.url, other.url]);
    await vi.waitFor(async () => {
      await client.tick();
      expect(leased.heard.length).toBeGreaterThan(0);
    }, patience);
    leased.sessions[0]?.lease(0);
    // The lease has arrived when a call behind it is answered.
    await vi.waitFor(async () => expect(await client.tick()).toBe(2), patience);
    const before = leased.heard.length;
    for (let call = 0; call < 20; call++) await client.tick();
    expect(leased.heard.length).toBeLessThanOrEqual(before + 1);
  });
});

test('the report of an endpoint has its wire, its sessions, and the round-trip time of the last ping', async () => {
  const server = await serveMux((call) => call.answer(0, '7'));
  const registry = memoryRegistry();
  const known = memberships(registry, defaultEnv);
  const { port } = new URL(server.url.replace('mux:', 'http:'));
  await registry.register(anInstance({ service: 'shop', port: Number(port), metadata: { wires: 'http,mux' } }));
  const client = createClient(shop, { memberships: known });
  onTestFinished(() => client[Symbol.asyncDispose]());
  expect(await client.tick()).toBe(7);
  await vi.waitFor(
    () =>
      expect(known.monitor.list()).toMatchObject([
        { service: 'shop', wire: 'mux', sessions: 1, inFlight: 0, roundTripMs: expect.any(Number) },
      ]),
    patience,
  );
});
