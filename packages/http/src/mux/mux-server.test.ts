/** A server of contracts over Mux, called by our own client and by bare sessions. */

import { type Labels, type Meter, noMeter } from '@fwk/kernel';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { reachable } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { shop } from '../fixtures/shop-contract.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  const handlers = {
    item: ({ params, query }: { params: { id: string }; query: { size?: number } }) => {
      if (params.id === 'lost') throw problem(404, 'No such item', `there is no ${params.id} ✓`);
      return { id: params.id, size: query.size ?? 0 };
    },
    order: ({ body }: { body: { sku: string } }) => ({ order: body.sku }),
    tick: () => 7,
    forget: () => {},
  };
  server = createServer({ serve: [served(shop, handlers as never)], ...options });
  await server.start();
  return server;
}

test('answers calls over Mux and over HTTP at one port', async () => {
  const { url } = await start();
  await using mux = createClient(shop, { endpoints: [url], wire: 'mux' });
  await using http = createClient(shop, { endpoints: [url], wire: 'http' });
  for (const client of [mux, http]) {
    expect(await client.tick()).toBe(7);
    expect(await client.item({ params: { id: 'ä/b?' }, query: { size: 3 } })).toEqual({ id: 'ä/b?', size: 3 });
    expect(await client.order({ body: { sku: 'lämp ✓', quantity: 1 } })).toEqual({ order: 'lämp ✓' });
    expect(await client.forget({ params: { id: 'a' } })).toBeUndefined();
    await expect(client.item({ params: { id: 'lost' }, query: {} })).rejects.toMatchObject({
      status: 404,
      problem: { title: 'No such item', detail: 'there is no lost ✓', instance: '/items/lost' },
    });
  }
});

test('requests have separate series by wire', async () => {
  const all: Labels[] = [];
  const histogram: Meter['histogram'] = ({ name }, labels = {}) => {
    if (name === 'http.server.request.duration') all.push(labels);
    return noMeter.histogram({ name, help: '' });
  };
  const { url } = reachable(await start({ env: { metrics: { ...noMeter, histogram } } }));
  for (const wire of wires) await sendOver(wire, shop)(`${url}/ticks`, { method: 'POST' });
  const common = { 'http.request.method': 'POST', 'http.route': '/ticks', 'http.response.status_code': '200' };
  expect(all).toEqual([
    { ...common, 'url.scheme': 'http' },
    { ...common, 'url.scheme': 'mux', 'network.protocol.name': 'mux' },
    { ...common, 'url.scheme': 'local', 'network.protocol.name': 'local' },
  ]);
});
