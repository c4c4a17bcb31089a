/** A client follows the policy of its service: everything that a policy can do, live, listed and set by hand. */
import { createServer as createRawServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { roundRobin } from '@fwk/discovery';
import { type AnyLayer, liveValue, makeEnv } from '@fwk/kernel';
import { policyRegistry } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { AnyContract } from '../contract/contract-types.js';
import { get } from '../contract/operation.js';
import { shop } from '../fixtures/shop-contract.js';
import { frontOf, reaching } from '../fixtures/wire-under-test.js';
import { describeClient } from './client-core.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener, called: Pick<AnyContract, 'name' | 'plans'> = shop): Promise<string> {
  const server = createRawServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const front = await frontOf(called, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  return front.url;
}

function json(value: unknown): RequestListener {
  return (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

function follow(endpoints: readonly string[], options: Partial<ClientOptions<typeof shop>> = {}) {
  const source = liveValue<unknown>({});
  const env = makeEnv();
  const policies = policyRegistry(env, source);
  const client = createClient(shop, reaching({ endpoints, policies, env, ...options }));
  closing.push(async () => client[Symbol.asyncDispose]());
  return { client, policies, configure: (shopPolicy: object) => source.set({ shop: shopPolicy }) };
}

const failing: RequestListener = (_request, response) => response.writeHead(503).end();

describe('configuration', () => {
  test('changes what the next call meets', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls++;
      failing(request, response);
    });
    const { client, configure } = follow([url], { breaker: false, retry: { baseDelayMs: 0 } });
    const ask = () => client.item({ params: { id: 'a' } });
    await expect(ask()).rejects.toMatchObject({ code: 'FWK_HTTP_REMOTE' });
    expect(calls).toBe(3);
    configure({ operations: { item: { retry: { maxAttempts: 2 } } } });
    await expect(ask()).rejects.toMatchObject({ code: 'FWK_HTTP_REMOTE' });
    expect(calls).toBe(5);
    configure({ operations: { item: { fallback: { value: 7 } } } });
    expect(await ask()).toBe(7);
  });

  test('that means nothing for this contract is refused, and what was in force stays', async () => {
    const { client, policies, configure } = follow([await serve(json(1))]);
    configure({ operations: { tock: { timeoutMs: 5 } } });
    expect(policies.refusal?.reasons).toEqual([
      'policy "shop" where it is used: operations.tock is no operation; there are item, order, tick, forget',
    ]);
    expect(await client.tick()).toBe(1);
  });

  test('puts in every layer that a policy knows, each in its scope', async () => {
    const { client, configure } = follow([await serve(json(1))]);
    configure({
      cache: { ttlMs: 1000 },
      coalesce: {},
      hedge: {},
      rateLimit: {},
      throttle: {},
      limit: {},
      bulkhead: {},
      fault: { ratio: 0, latencyMs: 1 },
    });
    const layers = describeClient(client)!;
    expect(layers.map(({ role }) => role)).toEqual([
      'operation-telemetry',
      'deadline',
      'cache',
      'coalesce',
      'retry',
      'hedge',
      'rate-limit',
      'throttle',
      'keyed-attempts',
      'shadow',
      'balance',
    ]);
    expect(layers.at(-1)?.inner?.map(({ role }) => role)).toEqual([
      'circuit-breaker',
      'adaptive-limit',
      'bulkhead',
      'attempt-timeout',
      'fault-injection',
      'attempt-telemetry',
      'connection',
    ]);
    expect(await client.tick()).toBe(1);
  });
});

test('headers that the caller gives are part of what a cache without a key of its own knows a call by', async () => {
  const asked: unknown[] = [];
  const tenants = contract('tenants', {
    version: '1.0.0',
    operations: { of: get('/of', { headers: z.object({ 'x-tenant': z.string() }), response: z.string() }) },
  });
  const url = await serve((request, response) => {
    asked.push(request.headers['x-tenant']);
    json(`for ${request.headers['x-tenant']}`)(request, response);
  }, tenants);
  await using client = createClient(tenants, reaching({ endpoints: [url], cache: { ttlMs: 60_000 }, coalesce: {} }));
  const of = (tenant: string) => client.of({ headers: { 'x-tenant': tenant } });
  expect(await Promise.all([of('a'), of('b'), of('a')])).toEqual(['for a', 'for b', 'for a']);
  expect(await of('b')).toBe('for b');
  expect(asked.sort()).toEqual(['a', 'b']);
});

test('a cache without a key of its own keeps what reads, and lets all else through', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    json(request.method === 'GET' ? { id: 'a', size: 1 } : { order: 'made' })(request, response);
  });
  const { client } = follow([url], { cache: { ttlMs: 60_000 } });
  for (let again = 0; again < 2; again++) {
    await client.item({ params: { id: 'a' } });
    await client.item({ params: { id: 'b' } });
    await client.order({ body: { sku: 'lamp', quantity: 1 } });
  }
  expect(asked.sort()).toEqual(['GET /items/a', 'GET /items/b', 'POST /orders', 'POST /orders']);
});

test('what may run twice is hedged where an endpoint is slow, and nothing else', async () => {
  const waiting: string[] = [];
  const slow = await serve((request) => waiting.push(`${request.method}`));
  const quick = await serve((request, response) =>
    json(request.method === 'GET' ? { id: 'a', size: 1 } : 1)(request, response),
  );
  const { client } = follow([slow, quick], {
    hedge: { delayMs: 20, maxExtraRatio: 1, minimumSamples: 1 },
    retry: false,
    balancer: roundRobin(),
    timeoutMs: 1000,
  });
  for (let call = 0; call < 4; call++) await client.item({ params: { id: 'a' } });
  expect(waiting.length).toBeGreaterThan(0);
  const ticks = await Promise.allSettled([client.tick(), client.tick()]);
  expect(ticks.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a call with an idempotency key is not hedged: two attempts at once would be at two places', async () => {
  let arrived = 0;
  const answer: RequestListener = (request, response) => {
    arrived++;
    setTimeout(() => json({ order: 'made' })(request, response), 100);
  };
  const { client } = follow([await serve(answer), await serve(answer)], {
    hedge: { delayMs: 10, maxExtraRatio: 1, minimumSamples: 1 },
  });
  expect(await client.order({ body: { sku: 'lamp', quantity: 1 } })).toEqual({ order: 'made' });
  expect(arrived).toBe(1);
});

test('calls that read the same at the same time share one request, and others are sent for themselves', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    setTimeout(() => json(request.method === 'GET' ? { id: 'a', size: 1 } : 1)(request, response), 50);
  });
  const { client } = follow([url], { coalesce: {} });
  const read = (id: string) => client.item({ params: { id } });
  await Promise.all([read('a'), read('a'), read('b'), client.tick(), client.tick()]);
  expect(asked.sort()).toEqual(['GET /items/a', 'GET /items/b', 'POST /ticks', 'POST /ticks']);
});

describe('fallbacks', () => {
  test('of an operation are asked before those of all, and false takes them out', async () => {
    const url = await serve(failing);
    const { client, configure } = follow([url], { retry: false, breaker: false });
    const ask = () => client.item({ params: { id: 'a' } });
    configure({ fallback: { value: 'of all' }, operations: { item: { fallback: { value: 'its own' } } } });
    expect(await ask()).toBe('its own');
    expect(await client.tick()).toBe('of all');
    configure({ fallback: { value: 'of all' }, operations: { item: { fallback: false } } });
    await expect(ask()).rejects.toMatchObject({ code: 'FWK_HTTP_REMOTE' });
  });

  test('get what the caller gave, and not what goes over the wire', async () => {
    const given: unknown[] = [];
    const { client } = follow([await serve(failing)], {
      retry: false,
      fallback: {
        item: (_error, { args: [request] }) => {
          given.push(request);
          return { id: 'kept', size: 0 };
        },
      },
    });
    expect(await client.item({ params: { id: 'a' }, query: { size: 7 } })).toEqual({ id: 'kept', size: 0 });
    expect(given).toEqual([{ params: { id: 'a' }, query: { size: 7 } }]);
  });
});

describe('what is listed under /manage/policies', () => {
  test('the client with its endpoints, and one of them set by hand', async () => {
    const urls = [await serve(json(1)), await serve(json(1))];
    const { client, policies } = follow(urls);
    // At once, so that both endpoints get some: one that no call has gone to has no layers.
    await Promise.all(Array.from({ length: 20 }, () => client.tick()));
    expect(policies.list()).toMatchObject([{ name: 'shop', of: 'client' }]);
    const { uses, statistics } = policies.inspect('shop');
    expect(statistics.total).toMatchObject({ calls: 20, successes: 20 });
    const endpoints = Object.entries(uses[0]!.endpoints!);
    expect(endpoints).toHaveLength(2);
    expect(endpoints.reduce((sum, [, { statistics: own }]) => sum + own.total.calls, 0)).toBe(20);
    for (const [id] of endpoints) policies.force('shop', 'forced-open', id);
    await expect(client.tick()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    policies.reset('shop', endpoints[0]![0]);
    expect(await client.tick()).toBe(1);
  });

  test('a client that is closed is not', async () => {
    const { client, policies } = follow([await serve(json(1))]);
    await client[Symbol.asyncDispose]();
    expect(policies.list()).toEqual([]);
  });
});

describe('layers of a user', () => {
  const seeing = (role: string, seen: string[]): AnyLayer => ({
    role,
    wrap: (next) => ({
      call: (request, context) => {
        seen.push(role);
        return next.call(request, context);
      },
      status: (request) => next.status(request),
    }),
  });

  test('stand where their role says, round calls and in front of endpoints', async () => {
    const seen: string[] = [];
    const { client } = follow([await serve(failing)], {
      retry: { maxAttempts: 2, baseDelayMs: 0 },
      layers: (layers) => layers.before('retry', seeing('round calls', seen)),
      endpointLayers: (layers) => layers.after('circuit-breaker', seeing('at an endpoint', seen)),
    });
    await expect(client.item({ params: { id: 'a' } })).rejects.toThrow();
    expect(seen).toEqual(['round calls', 'at an endpoint', 'at an endpoint']);
  });

  test('are refused at a role that is not there, and when they are none', async () => {
    const url = await serve(json(1));
    expect(() => follow([url], { layers: (layers) => layers.before('retries', seeing('x', [])) })).toThrow(
      expect.objectContaining({ code: 'FWK_KERNEL_ROLE_UNKNOWN' }),
    );
    expect(() => follow([url], { layers: (() => undefined) as never })).toThrow('layers must answer the layers');
    expect(() =>
      follow([url], { layers: (layers) => layers.use({ role: 'x', wrap: () => undefined } as never) }),
    ).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_SERVICE_INVALID' }));
  });
});
