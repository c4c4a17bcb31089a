import { expect, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { localGroup } from './local-group.js';

test('x', async () => {
  const group = localGroup();
  const server = createServer({
    listen: false,
    serve: [
      served(shop, {
        item: ({ params, query }) => ({ id: params.id, size: query.size ?? 0 }),
        order: ({ body }) => ({ order: body.sku }),
        tick: () => 7,
        forget: () => {},
      }),
    ],
  });
  await server.start();
  group.add(server);
  const client = createClient(shop, { group });
  expect(await client.item({ params: { id: 'a/b' }, query: { size: 3, tags: ['x'] } })).toEqual({ id: 'a/b', size: 3 });
  expect(await client.order({ body: { sku: 'lamp', quantity: 1 } })).toEqual({ order: 'lamp' });
  await client[Symbol.asyncDispose]();
  await server.close();
});
