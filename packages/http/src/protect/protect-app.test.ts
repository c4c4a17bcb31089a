/** A guarded program in an application: management, metrics, traces, discovery, draining. */
import type { AddressInfo } from 'node:net';
import { type App, createApp } from '@fwk/core';
import { discovery, memberships, memoryRegistry, type Registry } from '@fwk/discovery';
import { currentContext, defaultEnv, liveValue, traceKey } from '@fwk/kernel';
import { resilience } from '@fwk/resilience';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { deferred } from '../fixtures/deferred.js';
import { type ProgramHandlers, programs } from '../fixtures/programs.js';
import { type RawRequest, send } from '../fixtures/raw-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { served } from '../serving/served.js';
import { protect } from './protect.js';
import type { ProtectOptions } from './protect-options.js';

const settings = {
  name: 'orders',
  version: '1.2.0',
  owner: 'team-orders',
  signals: false,
  logging: { level: 'silent' },
  shutdown: { propagationDelayMs: 0 },
} as const;

async function instanceIn(registry: Registry) {
  using known = memberships(registry, defaultEnv);
  const endpoints = known.of('orders');
  await expect.poll(() => endpoints.value.length).toBe(1);
  return endpoints.value[0]?.instance;
}

describe.each(Object.entries(programs))('a program of %s in an application', (name, make) => {
  const start = async (
    handlers: Partial<ProgramHandlers>,
    options: Partial<ProtectOptions> = {},
    more: Partial<Parameters<typeof createApp>[0]> = {},
  ) => {
    const { program, listen } = await make({ read: () => ({}), write: () => ({}), ...handlers });
    const registry = memoryRegistry();
    const told = name === 'node:http' ? { routes: { 'POST /orders': {}, 'GET /orders/:id': {} } } : {};
    let url = '';
    const guarded = protect(program, {
      ...told,
      async listen() {
        const server = await listen();
        url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        return server;
      },
      ...options,
    });
    const app = createApp({ ...settings, ...more, use: [...(more.use ?? []), discovery({ registry }), guarded] });
    await app.start();
    onTestFinished(() => app.stop().catch(() => undefined));
    return { app, registry, url, ask: (path: string, request?: RawRequest) => send(`${url}${path}`, request) };
  };
  const manage = async (app: App, path: string) => (await send(`${app.managementUrl}/manage/${path}`)).json;

  test('is found with its routes', async () => {
    const { registry, url } = await start({});
    const instance = await instanceIn(registry);
    expect(instance).toMatchObject({ service: 'orders', version: '1.2.0', status: 'UP' });
    expect(`http://${instance?.address}:${instance?.port}`).toBe(url);
    expect(instance?.metadata?.routes).toMatch(/^(GET|ALL|POST) \/orders(\/:id)?, (GET|ALL|POST) \/orders(\/:id)?$/);
  });

  test('stands in metrics by its routes, whatever is asked for', async () => {
    const { app, ask } = await start({});
    for (let id = 0; id < 30; id++) {
      await ask(`/orders/${id}`);
      await ask(`/nowhere/${id}`);
    }
    await ask('/orders', { method: 'POST', body: {} });
    await ask('/orders/1', { method: 'BREW' }).catch(() => undefined);
    const text = (await send(`${app.managementUrl}/manage/metrics`)).text;
    const counts = text.split('\n').filter((line) => line.startsWith('http_server_request_duration_seconds_count'));
    const routes = new Set(counts.map((line) => /http_route="([^"]*)"/.exec(line)?.[1] ?? ''));
    expect([...routes].sort()).toEqual(['', '/orders', '/orders/{id}']);
    expect(counts.find((line) => line.includes('route="/orders/{id}"') && line.includes('code="200"'))).toMatch(/ 30$/);
    expect(await manage(app, 'usage')).toBeDefined();
  });

  test('goes on with the trace of its caller', async () => {
    const seen: unknown[] = [];
    const { ask } = await start({
      write: async () => {
        await null;
        seen.push(currentContext().get(traceKey)?.traceId);
        return {};
      },
    });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await ask('/orders', { method: 'POST', body: {}, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    expect(seen).toEqual([traceId]);
  });

  test('follows the policy of its name, live', async () => {
    const limited = { rateLimit: { permitsPerSecond: 1, burst: 1 } };
    // The fixture of NestJS has routes for all methods.
    const route = name.startsWith('NestJS') ? 'ALL /orders' : 'POST /orders';
    const policies = liveValue<object>({ 'orders-server': { operations: { [route]: limited } } });
    const { ask, app } = await start({}, {}, { use: [resilience({ policies })] });
    const order = { method: 'POST', body: {} };
    expect((await ask('/orders', order)).status).toBe(201);
    const refused = await ask('/orders', order);
    expect(refused).toMatchObject({ status: 429, json: { code: 'FWK_RESILIENCE_RATE_LIMITED' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    policies.set({ 'orders-server': {} });
    expect((await ask('/orders', order)).status).toBe(201);
    expect(JSON.stringify(await manage(app, 'policies'))).toContain('orders-server');
  });

  test('shows its health, and what is known of its routes', async () => {
    const { app, ask } = await start({}, { name: 'orders' }, { checks: [{ name: 'database', check: () => false }] });
    expect((await ask('/livez')).status).toBe(200);
    await expect.poll(async () => (await ask('/readyz?verbose')).status).toBe(503);
    expect(await manage(app, 'routes')).toEqual(
      expect.arrayContaining([expect.objectContaining({ route: expect.stringContaining('/orders/:id') })]),
    );
    expect(await manage(app, 'health')).toMatchObject({ components: { orders: { status: 'UP' } } });
  });

  test('answers all that it has let in when it stops, and sends its callers away', async () => {
    const began = deferred<void>();
    const goOn = deferred<object>();
    const { app, ask } = await start(
      {
        read: () => {
          began.resolve();
          return goOn.promise;
        },
      },
      {},
      { shutdown: { propagationDelayMs: 100 } },
    );
    const inFlight = ask('/orders/1');
    await began.promise;
    const stopped = app.stop();
    const meanwhile = await ask('/orders', { method: 'POST', body: {} });
    expect(meanwhile).toMatchObject({ status: 201, headers: { connection: 'close' } });
    expect((await ask('/readyz')).status).toBe(503);
    goOn.resolve({ well: true });
    expect(await inFlight).toMatchObject({ status: 200, headers: { connection: 'close' }, json: { well: true } });
    await stopped;
    await expect(ask('/orders/1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('loses no request of many callers when it stops', async () => {
    const { app, ask, url } = await start({}, {}, { shutdown: { propagationDelayMs: 150 } });
    let stopping = false;
    let answered = 0;
    const caller = async () => {
      while (!stopping) {
        expect((await ask('/orders/1')).status).toBe(200);
        expect((await ask('/orders', { method: 'POST', body: { url } })).status).toBe(201);
        answered++;
      }
    };
    const callers = Array.from({ length: 4 }, caller);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = app.stop();
    await new Promise((resolve) => setTimeout(resolve, 75));
    stopping = true;
    await Promise.all(callers);
    await stopped;
    expect(answered).toBeGreaterThan(4);
  });

  test('serves a contract beside its own routes', async () => {
    const handlers = {
      item: ({ params }: { params: { id: string } }) => ({ id: params.id, size: 7 }),
      order: ({ body }: { body: { sku: string } }) => ({ order: body.sku }),
      tick: () => 1,
      forget: () => {},
    };
    const { ask, registry, url } = await start({}, { mount: { '/api': served(shop, handlers as never) } });
    expect(await ask('/api/items/a')).toMatchObject({ status: 200, json: { id: 'a', size: 7 } });
    const keyed = { method: 'POST', body: { sku: 'lamp', quantity: 1 }, headers: { 'idempotency-key': '"a"' } };
    expect(await ask('/api/orders', keyed)).toMatchObject({ status: 200, json: { order: 'lamp' } });
    expect(await ask('/api/orders', { ...keyed, body: { sku: 7 } })).toMatchObject({
      status: 400,
      json: { code: 'FWK_HTTP_REQUEST_INVALID' },
    });
    expect(await ask('/api/nothing')).toMatchObject({ status: 404, json: { code: 'FWK_HTTP_ROUTE_UNKNOWN' } });
    expect(await ask('/orders/1')).toMatchObject({ status: 200, headers: { 'x-by': 'program' } });
    const instance = await instanceIn(registry);
    expect(instance).toMatchObject({ contracts: ['shop@1.0.0'], metadata: { mounts: 'shop@1.0.0 /api' } });
    using known = memberships(registry, defaultEnv);
    for (const where of [{ memberships: known }, { endpoints: [`${url}/api`] }]) {
      const patient = { timeoutMs: 20_000, deadlineMs: 60_000 };
      await using client = createClient(shop, { service: 'orders', ...where, ...patient });
      expect(await client.item({ params: { id: 'b' }, query: {} })).toEqual({ id: 'b', size: 7 });
      expect(await client.order({ body: { sku: 'lamp', quantity: 1 } })).toEqual({ order: 'lamp' });
    }
  });
});
