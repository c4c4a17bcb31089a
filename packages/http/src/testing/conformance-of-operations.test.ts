/** The conformance suite finds servers that keep, or do not keep, what contracts say of queries, codecs and compressed answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { codec } from '../contract/codec.js';
import { bytes } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { wires } from '../fixtures/send-over.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer as createOurServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { contractConformance } from '../testing.js';

const date = z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: (at) => at.toISOString() });
const entry = codec(z.object({ at: date }));
const search = z.object({
  filter: z.object({ tags: z.array(z.string()), size: z.object({ min: z.coerce.number<number>() }) }),
  lines: z.array(z.object({ sku: z.string() })),
});
const ledger = contract('ledger', {
  version: '1.0.0',
  operations: {
    find: get('/find', { query: search, response: search }),
    book: post('/book', { body: entry, response: z.object({ at: z.iso.datetime() }) }),
    read: get('/read', { responses: { 200: entry, 204: {} } }),
    list: get('/list', { response: z.array(z.string()) }),
    photo: get('/photo', { response: bytes('image/png') }),
  },
});
const examples = {
  find: { query: { filter: { tags: ['a'], size: { min: 3 } }, lines: [{ sku: 'x' }, { sku: 'y' }] } },
  book: { body: { at: new Date(7) } },
  read: {},
  list: {},
  photo: {},
};

describe.each(wires)('our own server conforms over %s:', (wire) => {
  let server: HttpServer;
  beforeAll(async () => {
    server = createOurServer({
      compression: {},
      serve: [
        served(ledger, {
          find: ({ query }) => query,
          book: ({ body }) => ({ at: body.at.toISOString() }),
          read: () => ({ status: 200, body: { at: new Date(7) } }),
          list: () => Array.from({ length: 1000 }, () => 'book'),
          photo: () => new Uint8Array(2000),
        }),
      ],
    });
    await server.start();
  });
  afterAll(() => server.close());
  const where = () => (wire === 'local' ? server : server.url);
  for (const { name, run } of contractConformance(ledger, where, examples, { wire })) test(name, run);
});

describe('a server is found out', () => {
  let server: Server;
  let answer: { readonly headers: Readonly<Record<string, string>>; readonly body: string | Buffer };
  beforeAll(async () => {
    server = createServer((_request, response) => response.writeHead(200, answer.headers).end(answer.body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const named = (name: string) => contractConformance(ledger, url, examples).find((each) => each.name.startsWith(name));
  const json = { 'content-type': 'application/json' };

  test.each([
    ['that writes a date in another form', 'ledger.read answers', { headers: json, body: '{"at":7}' }],
    [
      'that answers in a coding that was not asked for',
      'ledger.list compresses',
      { headers: { ...json, 'content-encoding': 'br' }, body: 'x' },
    ],
    [
      'that answers what is not compressed',
      'ledger.list compresses',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: '["a"]' },
    ],
    [
      'that compresses without being asked',
      'ledger.list answers',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('["a"]') },
    ],
  ])('%s', async (_, name, given) => {
    answer = given;
    const found = named(name);
    expect(found).toBeDefined();
    await expect(found?.run()).rejects.toThrow();
  });

  test.each<Record<string, string>>([{}, { 'content-encoding': 'gzip' }])(
    'and one that keeps the contract is not: %j',
    async (headers) => {
      answer = { headers: { ...json, ...headers }, body: 'content-encoding' in headers ? gzipSync('["a"]') : '["a"]' };
      await named('ledger.list compresses')?.run();
    },
  );
});
