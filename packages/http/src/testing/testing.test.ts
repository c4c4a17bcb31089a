import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Handlers } from '../contract/contract-types.js';
import { wires } from '../fixtures/send-over.js';
import { shop } from '../fixtures/shop-contract.js';
import { contractConformance, type Examples, type ServedContract, serveContract } from '../testing.js';

const handlers: Handlers<typeof shop> = {
  item: ({ params, query }) => ({ id: params.id, size: query.size ?? 0 }),
  order({ body }) {
    if (body.sku === 'none') throw new shop.errors.SoldOut({ data: { sku: body.sku } });
    return { order: `${body.sku} ${Math.random()}` };
  },
  tick: () => 1,
  forget: () => {},
};
const examples: Examples<typeof shop> = {
  item: { params: { id: 'a' }, query: { size: 3 } },
  order: { body: { sku: 'lamp', quantity: 1 } },
  tick: {},
  forget: { params: { id: 'a' } },
};

const errors = { order: { SoldOut: { body: { sku: 'none', quantity: 1 } } } };

test('serves a contract for a test, with a client of it, until it is disposed', async () => {
  let url = '';
  {
    await using running = await serveContract(shop, handlers);
    url = running.url;
    expect(await running.client.item({ params: { id: 'a' }, query: { size: 3 } })).toEqual({ id: 'a', size: 3 });
  }
  await expect(fetch(url)).rejects.toThrow();
});

describe.each(wires)('our own server conforms over %s:', (wire) => {
  let running: ServedContract<typeof shop>;
  beforeAll(async () => {
    running = await serveContract(shop, handlers);
  });
  afterAll(() => running[Symbol.asyncDispose]());
  const where = () => (wire === 'local' ? running.server : running.url);
  for (const { name, run } of contractConformance(shop, where, examples, { wire, errors })) test(name, run);
});

describe('a server that answers everything alike', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(`"${Math.random()}"`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cases = contractConformance(shop, url, examples, { errors });
  test.each(cases)('is found out: $name', ({ run }) => expect(run()).rejects.toThrow());
});
