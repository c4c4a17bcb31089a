import { Injectable, inject } from '@fwk/core';
import { testApp } from '@fwk/core/testing';
import { NoEndpointError } from '@fwk/discovery';
import { type Announcement, type Component, FwkError, noLogger } from '@fwk/kernel';
import { BreakerOpenError } from '@fwk/resilience';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../client/client-of.js';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import type { Call, Handlers } from '../contract/contract-types.js';
import { get } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { Serves, served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import { http } from './http.js';

@Injectable()
class Shelf {
  readonly size = 7;
}

const begun = deferred<void>();
const finish = deferred<number>();

@Serves(shop)
class ShopService implements Handlers<typeof shop> {
  private readonly shelf = inject(Shelf);

  item({ params }: Call<typeof shop, 'item'>) {
    if (params.id === 'none') throw problem(404, 'No such item');
    return { id: params.id, size: this.shelf.size };
  }

  async order({ body }: Call<typeof shop, 'order'>) {
    return { order: body.sku };
  }

  tick() {
    begun.resolve();
    return finish.promise;
  }

  forget() {}
}

/** Hears what servers announce, as discovery does. */
function listening(): Component & { readonly heard: readonly Announcement[] } {
  const heard: Announcement[] = [];
  return { name: 'listening', heard, ready: ({ announcements }) => void heard.push(...announcements) };
}

const urlOf = (heard: readonly Announcement[]) => `http://${heard[0]?.address}:${heard[0]?.port}`;

test('serves decorated classes that the container builds, announces itself and answers probes', async () => {
  const discovery = listening();
  await using app = await testApp({ use: [http({ serve: [ShopService] }), discovery] });
  expect(app.state).toBe('ready');
  const { heard } = discovery;
  expect(heard).toEqual([
    { wires: ['http', 'mux'], address: '127.0.0.1', port: expect.any(Number), contracts: ['shop@1.0.0'] },
  ]);
  const url = urlOf(heard);
  expect((await send(`${url}/items/a`)).json).toEqual({ id: 'a', size: 7 });
  expect((await send(`${url}/readyz?verbose`)).json.components).toHaveProperty('http');
  expect((await send(`${url}/metrics`)).text).toMatch(
    /http_server_request_duration_seconds_count\{[^}]*http_route="\/items\/\{id\}"[^}]*\} 1/,
  );
});

test('serves plain handlers, without decorators, beside decorated classes', async () => {
  const ping = contract('ping', { version: '2.0.0', operations: { ping: get('/ping', { response: z.string() }) } });
  const discovery = listening();
  const component = http({ serve: [served(ping, { ping: () => 'pong' }), ShopService] });
  await using app = await testApp({ use: [component, discovery] });
  expect(app.state).toBe('ready');
  expect(discovery.heard[0]?.contracts).toEqual(['ping@2.0.0', 'shop@1.0.0']);
  expect((await send(`${urlOf(discovery.heard)}/ping`)).json).toBe('pong');
  expect((await send(`${urlOf(discovery.heard)}/items/a`)).status).toBe(200);
});

test('the answer that no instance is known, or a breaker is open, has the details that its code promises', async () => {
  const discovery = listening();
  const broken = contract('broken', { version: '1.0.0', operations: { none: get('/none'), open: get('/open') } });
  const handlers = {
    none: async () => {
      throw new NoEndpointError('stock', { known: 2, filtered: { draining: 2 }, stale: 'http://10.0.0.1 refused' });
    },
    open: async () => {
      const refusal = { breaker: 'shop/inside', state: 'open', rule: 'failureRatio', measured: 0.9, threshold: 0.5 };
      throw new BreakerOpenError({ ...refusal, nextProbeInMs: 700 }, undefined);
    },
  };
  await using app = await testApp({ use: [http({ serve: [served(broken, handlers)] }), discovery] });
  expect(app.state).toBe('ready');
  const none = await send(`${urlOf(discovery.heard)}/none`);
  expect(none).toMatchObject({ status: 503, json: { service: 'stock', known: 2, filtered: { draining: 2 } } });
  const open = await send(`${urlOf(discovery.heard)}/open`);
  expect(open.json).toMatchObject({ status: 503, rule: 'failureRatio', measured: 0.9, nextProbeInMs: 700 });
  expect(none.text + open.text).not.toMatch(/10\.0\.0\.1|inside/);
});

test('answers probes while the application starts, and is not ready then', async () => {
  let probed: Promise<readonly number[]> | undefined;
  let url = '';
  const slow: Component = {
    name: 'slow',
    start({ announcements }) {
      url = urlOf(announcements);
      probed = Promise.all(['livez', 'readyz'].map(async (probe) => (await send(`${url}/${probe}`)).status));
      return probed.then(() => {});
    },
  };
  await using app = await testApp({ use: [http(), slow] });
  expect(app.state).toBe('ready');
  expect(await probed).toEqual([200, 503]);
  expect((await send(`${url}/readyz`)).status).toBe(200);
});

test('stopping answers what is in flight, then takes nothing more', async () => {
  const discovery = listening();
  const app = await testApp({ use: [http({ serve: [ShopService] }), discovery] });
  const url = urlOf(discovery.heard);
  const inFlight = send(`${url}/ticks`, { method: 'POST' });
  await begun.promise;
  const stopped = app.stop();
  finish.resolve(5);
  expect(await inFlight).toMatchObject({ status: 200, json: 5, headers: { connection: 'close' } });
  await stopped;
  await expect(send(`${url}/items/a`)).rejects.toThrow(/ECONNREFUSED/);
});

test('connections on which nothing comes do not hold the stop of an application', async () => {
  const discovery = listening();
  const app = await testApp({ use: [http({ serve: [ShopService] }), discovery] });
  const port = discovery.heard[0]?.port as number;
  const body = 'host: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';
  const texts = ['', 'GET /ite', `POST /orders HTTP/1.1\r\n${body}`, `POST /nothing HTTP/1.1\r\n${body}`];
  const stuck = await Promise.all(texts.map((text) => rawConnection(port, text)));
  expect((await send(`http://127.0.0.1:${port}/items/a`)).status).toBe(200);
  await expect(app.stop()).resolves.toBeUndefined();
  await Promise.all(stuck.map(({ ended }) => ended));
});

test('injects a client of a contract, one for all, and closes it with the application', async () => {
  const discovery = listening();
  await using callee = await testApp({ use: [http({ serve: [ShopService] }), discovery] });
  expect(callee.state).toBe('ready');
  const firstShop = clientOf(shop, { endpoints: [urlOf(discovery.heard)] });

  @Injectable()
  class Buyer {
    readonly shop = inject(firstShop);
  }
  const app = await testApp({ name: 'buyer', providers: [Buyer] });
  const buyer = app.get(Buyer);
  expect(app.get(firstShop)).toBe(buyer.shop);
  expect(await buyer.shop.item({ params: { id: 'a' } })).toEqual({ id: 'a', size: 7 });
  await app.stop();
  const closed = await buyer.shop.tick().catch((error: FwkError) => error.code);
  expect(closed).toBe('FWK_HTTP_CLIENT_CLOSED');
});

test('one contract has one client key, unless it is given options', () => {
  expect(clientOf(shop)).toBe(clientOf(shop));
  expect(clientOf(shop, { timeoutMs: 5 })).not.toBe(clientOf(shop));
});

test('a client without discovery is an error that says what to add', async () => {
  await using app = await testApp();
  expect(() => app.get(clientOf(shop))).toThrow(/in an application, list discovery\(\) in `use`/);
});

test('what a callee says of the thing asked for is passed on, its failures become ours', async () => {
  const discovery = listening();
  await using inner = await testApp({ use: [http({ serve: [ShopService] }), discovery] });
  expect(inner.state).toBe('ready');
  await using client = createClient(shop, { endpoints: [urlOf(discovery.heard)] });
  const outer = listening();

  @Serves(shop)
  class Front implements Handlers<typeof shop> {
    item({ params }: Call<typeof shop, 'item'>) {
      return client.item({ params });
    }
    async order(): Promise<never> {
      throw new FwkError('FWK_RESILIENCE_TIMEOUT', 'secret');
    }
    tick = () => 1;
    forget() {}
  }
  await using app = await testApp({ use: [http({ serve: [Front] }), outer] });
  expect(app.state).toBe('ready');
  const url = urlOf(outer.heard);
  expect(await send(`${url}/items/none`)).toMatchObject({ status: 404, json: { title: 'No such item' } });
  const order = { method: 'POST', body: { sku: 'a', quantity: 1 }, headers: { 'idempotency-key': '"a"' } };
  const timedOut = await send(`${url}/orders`, order);
  expect(timedOut).toMatchObject({ status: 504, json: { code: 'FWK_RESILIENCE_TIMEOUT' } });
  expect(timedOut.text).not.toMatch(/secret/);
});

test('warns that it serves nothing, unless that was said', async () => {
  for (const [options, warned] of [
    [{}, true],
    [{ serve: [] }, false],
  ] as const) {
    const warnings: string[] = [];
    const logger = { ...noLogger, warn: (_: object, message: string) => void warnings.push(message) };
    await using app = await testApp({ env: { logger }, use: [http(options)] });
    expect(app.state).toBe('ready');
    expect(warnings.some((message) => message.includes('answers only probes: list classes with @Serves'))).toBe(warned);
  }
});

test('refuses a class that serves nothing, and options out of range', () => {
  class Plain {}
  class Heir extends ShopService {}
  expect(() => http({ serve: [Plain] })).toThrow(/Plain cannot be served: decorate the class with @Serves/);
  for (const wrong of [{}, null, { contract: shop }, { handlers: {} }, 'x', 1]) {
    expect(() => http({ serve: [wrong as never] })).toThrow(/cannot be served: .*give served\(contract, handlers\)/);
  }
  expect(() => http({ serve: [Heir] })).toThrow(/Heir cannot be served/);
  for (const [given, message] of [
    [Object.create(ShopService.prototype), 'an instance of ShopService cannot be served: give the class itself'],
    [shop, 'the contract "shop" cannot be served: it has no handlers: give served(contract, handlers)'],
    [undefined, 'undefined cannot be served: either the name is misspelt, or two modules import each other'],
  ] as const) {
    expect(() => http({ serve: [given as never] })).toThrow(message);
  }
  expect(() => http({ bodyLimitBytes: -1 })).toThrow(/http: bodyLimitBytes must be a whole number from 0/);
});
