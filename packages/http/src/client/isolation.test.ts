/** One operation that fails must not take its neighbours with it, whatever it does. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMeter } from '@fwk/core';
import { type Endpoint, memberships, staticEndpoints, staticRegistry } from '@fwk/discovery';
import { liveValue, makeEnv } from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { Client } from '../contract/contract-types.js';
import { get } from '../contract/operation.js';
import { frontOf, overHttp, reaching } from '../fixtures/wire-under-test.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

const warehouse = contract('warehouse', {
  version: '1.0.0',
  operations: {
    stock: get('/stock', { response: z.number() }),
    report: get('/report', { response: z.number(), timeoutMs: 60 }),
  },
});
type Warehouse = typeof warehouse;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const front = await frontOf(warehouse, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  return front.url;
}

const answer = (response: ServerResponse, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end('1');

/** Three instances whose `report` does what the test says. */
function warehouses(report: (response: ServerResponse, instance: number) => void): Promise<string[]> {
  return Promise.all(
    [0, 1, 2].map((instance) =>
      serve((request, response) => (request.url === '/report' ? report(response, instance) : answer(response))),
    ),
  );
}

function clientFor(options: Partial<ClientOptions<Warehouse>> & ClientParts): Client<Warehouse> & AsyncDisposable {
  const client = createClient(warehouse, reaching({ timeoutMs: 5000, ...options }));
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

/** Calls both operations equally often, ten at a time. @returns the share of each that succeeded */
async function share(client: Client<Warehouse>, rounds = 40): Promise<{ stock: number; report: number }> {
  const good = { stock: 0, report: 0 };
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: 10 }, (_, index): 'stock' | 'report' => (index % 2 === 0 ? 'stock' : 'report'));
    await Promise.all(
      calls.map((name) =>
        client[name]().then(
          () => good[name]++,
          () => {},
        ),
      ),
    );
  }
  return { stock: good.stock / (rounds * 5), report: good.report / (rounds * 5) };
}

const failures: Record<string, (response: ServerResponse) => void> = {
  'answers 500': (response) => answer(response, 500),
  'says that it is overloaded': (response) => answer(response, 503),
  'never answers': () => {},
  'breaks its connection': (response) => void response.destroy(),
  'breaks its answer off': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10' });
    response.write('1');
    setTimeout(() => response.destroy(), 1);
  },
  'answers what its contract does not know': (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('"one"'),
};

/** Over Mux a callee cannot break the connection of one call. */
const possible = Object.entries(failures).filter(([name]) => overHttp() || !name.startsWith('breaks'));

describe.each(possible)('an operation that %s', (_name, report) => {
  test.each([
    ['with retries', {}],
    ['without retries', { retry: false } as const],
    ['with endpoints that are never put out', { ejection: false } as const],
  ])(
    'leaves the others alone, %s',
    async (_how, options) => {
      const client = clientFor({ endpoints: await warehouses(report), ...options });
      const { stock, report: reported } = await share(client);
      expect(stock).toBeGreaterThan(0.99);
      expect(reported).toBe(0);
    },
    30_000,
  );
});

test('an operation is not sent to the endpoints where it fails while another answers it', async () => {
  const client = clientFor({
    endpoints: await warehouses((response, instance) => answer(response, instance === 2 ? 200 : 500)),
    retry: false,
  });
  // On a busy machine it takes more than one round until all breakers are open. What still fails then are their probes.
  await vi.waitFor(
    async () => {
      const settled = await share(client, 40);
      expect(settled.stock).toBe(1);
      expect(settled.report).toBeGreaterThan(0.8);
    },
    { timeout: 50_000, interval: 0 },
  );
}, 60_000);

test('an operation that some callers get an answer to is not refused to all because it fails for others', async () => {
  let calls = 0;
  const client = clientFor({
    endpoints: await warehouses((response) => answer(response, calls++ % 3 === 0 ? 200 : 500)),
    retry: false,
  });
  const { stock, report } = await share(client, 100);
  expect(stock).toBe(1);
  expect(report).toBeGreaterThan(0.2);
}, 30_000);

test('an operation that nobody answers is refused at once, and no other is', async () => {
  let reports = 0;
  const urls = await warehouses((response) => {
    reports++;
    answer(response, 500);
  });
  const events = recordEvents();
  const client = clientFor({ endpoints: urls, retry: false, env: { events } });
  await share(client, 60);
  expect(reports).toBeLessThan(150);
  const opened = events.all.filter(({ name }) => name === 'breaker.opened').map(({ data }) => String(data.name));
  expect(opened.length).toBeGreaterThan(0);
  expect(opened.every((name) => name.endsWith('/report'))).toBe(true);
}, 30_000);

test('an endpoint that cannot be reached is refused at once for every operation, though it is the only one', async () => {
  const url = await serve((_request, response) => answer(response));
  for (const close of closing.splice(0).reverse()) await close();
  const client = clientFor({ endpoints: [url], retry: false });
  const errors: string[] = [];
  for (let call = 0; call < 40; call++) {
    await client[call % 2 === 0 ? 'stock' : 'report']().catch((error) => errors.push(error.code));
  }
  expect(errors.slice(0, 20)).toEqual(Array(20).fill('FWK_HTTP_CONNECTION'));
  expect(errors.slice(25)).toEqual(Array(15).fill('FWK_RESILIENCE_BREAKER_OPEN'));
});

test('an endpoint is shown as busy when it would take no operation that is called there', async () => {
  const urls = await warehouses((response) => answer(response, 500));
  const known = memberships(staticRegistry({ warehouse: urls }), makeEnv());
  closing.push(async () => known[Symbol.dispose]());
  const breaker = { openMs: 60_000, maxOpenMs: 60_000 };
  const client = clientFor({ memberships: known, retry: false, ejection: false, breaker });
  const statuses = () => [...new Set(known.monitor.list().map(({ status }) => status))];
  for (let call = 0; call < 120; call++) await client.report().catch(() => {});
  expect(statuses()).toEqual(['busy']);
  for (let call = 0; call < 12; call++) await client.stock();
  expect(statuses()).toContain('ready');
});

test('statuses that nobody has heard of are one series', async () => {
  let calls = 0;
  const url = await serve((_request, response) => answer(response, 600 + (calls++ % 300)));
  const metrics = createMeter();
  const client = clientFor({ endpoints: [url], retry: false, breaker: false, ejection: false, env: { metrics } });
  for (let call = 0; call < 50; call++) await client.stock().catch(() => {});
  const attempts = metrics.collect().find(({ name }) => name === 'http.client.request.duration');
  expect(attempts?.samples.map(({ labels }) => labels.error_type)).toEqual(['_OTHER']);
});

describe('metrics of breakers', () => {
  /** What is shown of breakers, one line a series. */
  const lines = (metrics: ReturnType<typeof createMeter>) =>
    metrics
      .collect()
      .flatMap(({ name, samples }) => samples.map(({ labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`))
      .filter((line) => line.startsWith('resilience.breaker'));

  test('stand under the service, however many endpoints come and go', async () => {
    const alive = await serve((_request, response) => answer(response));
    const metrics = createMeter({ maxSeriesPerInstrument: 20 });
    const endpoints = liveValue<readonly Endpoint[]>(staticEndpoints('warehouse', [alive]).value);
    const memberships = { of: () => endpoints, settled: async () => {} };
    const client = clientFor({ memberships, env: { metrics } });
    for (let replaced = 0; replaced < 300; replaced++) {
      // Another endpoint each time, though it is the same process that answers.
      const { pathname } = new URL(alive);
      endpoints.set(
        staticEndpoints('warehouse', [alive]).value.map((each) => ({ ...each, id: `${replaced}${pathname}` })),
      );
      await client.stock();
    }
    const all = lines(metrics);
    expect(all.join()).not.toContain('other');
    expect(all.filter((line) => line.includes('"outcome":"success"'))).toEqual([
      'resilience.breaker.calls {"breaker":"warehouse","outcome":"success","path":"warehouse"} 300',
    ]);
  });

  test('do not show an endpoint as open that has left', async () => {
    const failing = await serve((_request, response) => answer(response, 500));
    const metrics = createMeter();
    const endpoints = liveValue<readonly Endpoint[]>(staticEndpoints('warehouse', [failing]).value);
    const memberships = { of: () => endpoints, settled: async () => {} };
    const client = clientFor({ memberships, retry: false, env: { metrics } });
    for (let call = 0; call < 25; call++) await client.stock().catch(() => {});
    const open = () => lines(metrics).filter((line) => line.startsWith('resilience.breaker.open '));
    expect(open()).toEqual(['resilience.breaker.open {"breaker":"warehouse","path":"warehouse"} 1']);
    expect(lines(metrics).some((line) => line.startsWith('resilience.breaker.state'))).toBe(false);
    const alive = await serve((_request, response) => answer(response));
    endpoints.set(staticEndpoints('warehouse', [alive]).value);
    await client.stock();
    await expect.poll(open).toEqual(['resilience.breaker.open {"breaker":"warehouse","path":"warehouse"} 0']);
    await client[Symbol.asyncDispose]();
    expect(open()).toEqual(['resilience.breaker.open {"breaker":"warehouse","path":"warehouse"} 0']);
  });
});
