/** What servers say of their load, and what clients make of it, with real servers on both wires. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Balancer, type Candidate, type HeardLoad, prequal, roundRobin } from '@fwk/discovery';
import { background, cancellable, type Meter, noMeter } from '@fwk/kernel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { startMuxServer } from '../fixtures/mux-server.js';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

type Tick = () => number | Promise<number>;

/** A server of ours that counts the ticks which its handler was asked for. */
async function ticker(tick: Tick = () => 1, options: Partial<ServerOptions> = {}) {
  const seen = { ticks: 0 };
  const server = createServer({
    serve: [
      served(shop, {
        item: ({ params }) => ({ id: String(params.id), size: 1 }),
        order: () => ({ order: 'o-1' }),
        tick: () => {
          seen.ticks++;
          return tick();
        },
        forget: () => {},
      }),
    ],
    ...options,
  });
  await server.start();
  open.push({ [Symbol.asyncDispose]: () => server.close() });
  return Object.assign(seen, { url: server.url });
}

/** A balancer that takes turns and shows what its endpoints have said. */
function listening() {
  const reports: (readonly [number, number])[] = [];
  const usual = roundRobin();
  const balancer: Balancer = {
    ...usual,
    picker(candidates, env, previous) {
      const inner = usual.picker(candidates, env, previous);
      return {
        pick: (...args) => inner.pick(...args),
        reported: (_nowMs, { heard }: Candidate) => {
          const { inFlight, latencyMs } = heard as HeardLoad;
          reports.push([inFlight, latencyMs]);
        },
      };
    },
  };
  return { balancer, reports };
}

function clientOf(urls: readonly string[], balancer: Balancer, wire: 'auto' | 'http' | 'mux' = 'auto') {
  const client = createClient(shop, { endpoints: urls, balancer, wire, timeoutMs: 20_000, deadlineMs: 20_000 });
  open.push(client);
  return client;
}

describe.each(['http', 'mux'] as const)('over %s', (wire) => {
  test('each answer says how many other calls are in flight and how long one takes', async () => {
    const gate = deferred<number>();
    let first = true;
    const server = await ticker(() => {
      if (!first) return 2;
      first = false;
      return gate.promise;
    });
    const { balancer, reports } = listening();
    const client = clientOf([server.url], balancer, wire);
    const slow = client.tick();
    await vi.waitFor(() => expect(server.ticks).toBe(1), { timeout: 15_000 });
    await client.tick();
    await client.tick();
    gate.resolve(1);
    await slow;
    expect(reports.map(([inFlight]) => inFlight)).toEqual([1, 1, 0]);
    const [, , last] = reports.map(([, latencyMs]) => latencyMs);
    expect(last).toBeGreaterThan(0);
  });

  test('an answer that is an error says it too', async () => {
    const server = await ticker(() => {
      throw new Error('broken');
    });
    const { balancer, reports } = listening();
    const client = clientOf([server.url], balancer, wire);
    await expect(client.tick()).rejects.toMatchObject({ status: 500 });
    // How long a failure took says nothing.
    expect(reports).toEqual([[0, 0]]);
  });

  test('nothing is said where the server is told not to', async () => {
    const server = await ticker(() => 1, { loadReports: false });
    const { balancer, reports } = listening();
    const client = clientOf([server.url], balancer, wire);
    await client.tick();
    await client.item({ params: { id: 'a' } });
    expect(reports).toEqual([]);
    expect((await fetch(`${server.url}/loadz`)).status).toBe(404);
  });

  test('prequal asks servers for their load, which is no call of theirs', async () => {
    const gate = deferred<number>();
    let held = 10;
    const busy = await ticker(() => (held-- > 0 ? gate.promise : 1));
    const idle = await ticker();
    // The busy one has calls of others.
    const others = clientOf([busy.url], roundRobin());
    const under = Array.from({ length: 10 }, () => others.tick());
    await vi.waitFor(() => expect(busy.ticks).toBe(10), { timeout: 15_000 });
    const client = clientOf([busy.url, idle.url], prequal({ probeTimeoutMs: 1000, hotQuantile: 0.3 }), wire);
    // The first ones may be made before the connections are, and without an answer.
    for (let call = 0; call < 5; call++) await client.tick();
    const [before, after] = [busy.ticks, idle.ticks];
    for (let call = 0; call < 20; call++) await client.tick();
    expect([busy.ticks - before, idle.ticks - after]).toEqual([0, 20]);
    gate.resolve(1);
    await Promise.allSettled(under);
  });

  test('a server that does not know the question is called all the same, and asked once', async () => {
    const asked: string[] = [];
    const old = await oldServer(wire, asked);
    const client = clientOf([old, old.replace('127.0.0.1', 'localhost')], prequal({ probeTimeoutMs: 1000 }));
    for (let call = 0; call < 10; call++) expect(await client.tick()).toBe(7);
    expect(asked.filter((what) => what === 'tick')).toHaveLength(10);
    // Over Mux a server that is known for nothing else is not asked before it has told by itself.
    expect(asked.filter((what) => what !== 'tick')).toHaveLength(wire === 'mux' ? 0 : 2);
  });

  test('what no server can say is not heard, and calls go on', async () => {
    const says = ['-1;5', '3', 'NaN;NaN', '99999999;1', '1;99999999', '0;0;0', '', '1;2'];
    const liar = await oldServer(wire, [], () => says.shift());
    const { balancer, reports } = listening();
    const client = clientOf([liar], balancer);
    for (let call = 0; call < 8; call++) expect(await client.tick()).toBe(7);
    expect(reports).toEqual([[1, 2]]);
  });

  test('a call that is given up while servers are asked was not sent', async () => {
    const server = await ticker();
    const client = clientOf([server.url, (await ticker()).url], prequal({ probeTimeoutMs: 1000 }), wire);
    await client.tick();
    const { context, cancel } = cancellable(background);
    const call = client.tick({}, { context });
    cancel(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(await client.tick()).toBe(1);
  });
});

/** A server without reports of its own. @param load - what it says of its load on the answer of a call */
async function oldServer(
  wire: 'http' | 'mux',
  asked: string[],
  load: () => string | undefined = () => undefined,
): Promise<string> {
  if (wire === 'mux') {
    const server = await startMuxServer((call) => {
      const known = call.destination === '/shop/tick';
      asked.push(known ? 'tick' : call.destination);
      const said = known ? load() : undefined;
      call.answer(known ? 0 : 1, known ? '7' : 'unknown', said === undefined ? {} : { 'fwk-load': said });
    });
    open.push(server);
    return server.url;
  }
  const server = createHttpServer((request, response) => {
    const known = request.url === '/ticks';
    asked.push(known ? 'tick' : String(request.url));
    const said = known ? load() : undefined;
    response.writeHead(known ? 200 : 404, {
      'content-type': 'application/json',
      ...(said !== undefined && { 'fwk-load': said }),
    });
    response.end(known ? '7' : '{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the load is told at /loadz to whoever may call, and is not counted among requests', async () => {
  let requests = 0;
  const metrics: Meter = {
    ...noMeter,
    histogram: ({ name }) => ({
      observe() {
        if (name === 'http.server.request.duration') requests++;
      },
    }),
  };
  const server = await ticker(() => 1, { env: { metrics } });
  const answer = await fetch(`${server.url}/loadz`);
  expect([answer.status, answer.headers.get('fwk-load')]).toEqual([204, '0;0']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(requests).toBe(0);
  await fetch(`${server.url}/ticks`, { method: 'POST' });
  expect(requests).toBe(1);
});

test('no operation can have the path at which the load is told', () => {
  const own = contract('own', { version: '1.0.0', operations: { load: get('/loadz') } });
  expect(() => createServer({ serve: [served(own, { load: () => {} })] })).toThrow(
    /GET \/loadz.*belongs to the probes/,
  );
});
