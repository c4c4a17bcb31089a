/** Compression of answers and bodies over HTTP: where it pays, within limits. */
import { createServer as createNodeServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, brotliDecompressSync, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AnswerInvalidError } from '../calling/client-errors.js';
import { createClient } from '../client/create-client.js';
import { coder } from '../coding/codings.js';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { readAll } from '../fixtures/read-all.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import { createServer } from './server.js';

const library = contract('library', {
  version: '1.0.0',
  operations: {
    list: get('/list/:count', { params: z.object({ count: z.coerce.number() }), response: z.array(z.string()) }),
    tagged: get('/tagged', {
      responses: {
        200: {
          body: text('text/csv'),
          headers: z.object({ etag: z.string(), 'cache-control': z.string().optional(), vary: z.string() }),
        },
      },
    }),
    image: get('/image', { response: bytes('image/png') }),
    count: post('/count', { body: z.array(z.string()), response: z.number() }),
    store: post('/store', { body: bytes(), response: z.number() }),
    fail: get('/fail', { response: z.string() }),
    follow: get('/follow/:count', { params: z.object({ count: z.coerce.number() }), stream: z.string() }),
  },
});

let cacheControl: string | undefined;
let given = 0;
let goOn: () => void = () => {};
const server = createServer({
  compression: {},
  bodyLimitBytes: 5_000_000,
  serve: [
    served(library, {
      list: ({ params: { count } }) => Array.from({ length: count }, (_, index) => `book ${index % 10}`),
      tagged: () => ({
        status: 200,
        body: 'a,b\n'.repeat(1000),
        headers: { etag: '"7"', 'cache-control': cacheControl, vary: 'origin' },
      }),
      image: () => new Uint8Array(5000),
      count: ({ body }) => body.length,
      store: ({ body }) => body.length,
      fail: () => {
        throw problem(418, 'x'.repeat(3000));
      },
      async *follow({ params: { count } }) {
        for (given = 0; given < count; given++) {
          if (given === 3 && count === 4) {
            await new Promise<void>((resolve) => {
              goOn = resolve;
            });
          }
          yield count > 1000 ? Array.from({ length: 100 }, () => Math.random()).join() : `item ${given}`;
        }
      },
    }),
  ],
});
beforeAll(() => server.start());
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

function ask(path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(server.url + path, { method: body ? 'POST' : 'GET', headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers as Answer['headers'],
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('an answer', () => {
  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['br;q=0.1, gzip', 'gzip', gunzipSync],
  ])('to a caller that takes %s is compressed with %s', async (accepted, coding, expand) => {
    const { status, headers, body } = await ask('/list/1000', { 'accept-encoding': accepted });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-encoding': coding, vary: 'accept-encoding' });
    expect(headers['content-length']).toBe(String(body.length));
    expect(JSON.parse(String(expand(body)))).toHaveLength(1000);
    expect(body.length).toBeLessThan(1000);
  });

  test.each([
    ['that is short', '/list/1', { 'accept-encoding': 'gzip' }],
    ['to a caller that does not ask', '/list/1000', {}],
    ['to a caller that wants another coding', '/list/1000', { 'accept-encoding': 'deflate' }],
    ['of bytes that are compressed already', '/image', { 'accept-encoding': 'gzip' }],
  ])('%s is sent as it is', async (_, path, headers) => {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers.vary).toBe(path === '/image' ? undefined : 'accept-encoding');
  });

  test('that is short is compressed where the caller refuses it as it is', async () => {
    const { headers, body } = await ask('/list/1', { 'accept-encoding': 'gzip, identity;q=0' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(String(gunzipSync(body))).toBe('["book 0"]');
  });

  test('with a strong tag gets a weak one, and a list of what it varies by gets longer', async () => {
    cacheControl = undefined;
    const compressed = await ask('/tagged', { 'accept-encoding': 'gzip' });
    expect(compressed.headers).toMatchObject({
      etag: 'W/"7"',
      vary: 'origin, accept-encoding',
      'content-encoding': 'gzip',
    });
    const plain = await ask('/tagged');
    expect(plain.headers).toMatchObject({ etag: '"7"', vary: 'origin, accept-encoding' });
    cacheControl = 'public, no-transform';
    expect((await ask('/tagged', { 'accept-encoding': 'gzip' })).headers).not.toHaveProperty('content-encoding');
  });

  test('that is an error is compressed as well', async () => {
    const { status, headers, body } = await ask('/fail', { 'accept-encoding': 'gzip' });
    expect(status).toBe(418);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/problem+json' });
    expect(JSON.parse(String(gunzipSync(body)))).toMatchObject({ status: 418 });
  });
});

describe('a body', () => {
  const json = { 'content-type': 'application/json' };
  const list = JSON.stringify(Array.from({ length: 1000 }, () => 'book'));

  test.each([
    ['gzip', gzipSync(list)],
    ['x-gzip', gzipSync(list)],
    ['br', brotliCompressSync(list)],
    ['identity', Buffer.from(list)],
  ])('in %s is read', async (coding, body) => {
    const answer = await ask('/count', { ...json, 'content-encoding': coding }, body);
    expect(String(answer.body)).toBe('1000');
  });

  test.each([
    ['deflate', 415, /send it with Content-Encoding (zstd or )?br or gzip/],
    ['gzip, gzip', 415, /Content-Encoding/],
    ['gzip', 400, /the body is not valid gzip/],
    ['br', 400, /the body is not valid br/],
  ])('that says %s and is not is refused with %i', async (coding, status, detail) => {
    const answer = await ask('/count', { ...json, 'content-encoding': coding }, Buffer.from(list));
    expect(answer.status).toBe(status);
    expect(JSON.parse(String(answer.body))).toMatchObject({ status, detail: expect.stringMatching(detail) });
    if (status === 415) expect(answer.headers['accept-encoding']).toBe(coder().known.join(', '));
  });

  test('that is cut off, or no JSON once it is expanded, is refused', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    const cut = await ask('/count', headers, gzipSync(list).subarray(0, -10));
    expect(JSON.parse(String(cut.body))).toMatchObject({ status: 400, code: 'FWK_HTTP_BODY_NOT_EXPANDED' });
    const notJson = await ask('/count', headers, gzipSync('{"'));
    expect(JSON.parse(String(notJson.body))).toMatchObject({ status: 400, code: 'FWK_HTTP_BODY_NOT_JSON' });
  });

  test.each([
    [
      'size',
      Buffer.from(Array.from({ length: 1_000_000 }, () => `${Math.random()}`.slice(2, 10)).join('')),
      'FWK_HTTP_BODY_TOO_LARGE',
      { limitBytes: 5_000_000 },
    ],
    ['ratio', Buffer.alloc(4_000_000), 'FWK_HTTP_BODY_EXPANDS', { maxRatio: 100 }],
    ['both', Buffer.alloc(200_000_000), 'FWK_HTTP_BODY_TOO_LARGE', { limitBytes: 5_000_000 }],
  ])(
    'that expands beyond a limit of %s is refused with the limit and what was measured',
    async (_, content, code, limit) => {
      const body = gzipSync(content);
      const headers = { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' };
      const answer = await ask('/store', headers, body);
      expect(answer.status).toBe(413);
      const told = JSON.parse(String(answer.body));
      expect(told).toMatchObject({ code, ...limit, compressedBytes: body.length });
      expect(told.expandedBytes).toBeGreaterThan(1_000_000);
      expect(told.expandedBytes).toBeLessThan(5_200_000);
      expect(told.detail).toContain(`${body.length} bytes of gzip had become ${told.expandedBytes}`);
    },
  );

  test('is refused by a server without compression, as before', async () => {
    await using plain = createServer({
      serve: [
        served(
          library,
          allOf(() => {
            throw problem(500, 'nobody is asked');
          }),
        ),
      ],
    });
    await plain.start();
    const answer = await fetch(`${plain.url}/count`, {
      method: 'POST',
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(list),
    });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-encoding')).toBe('identity');
  });
});

/** Handlers that are not asked for more. */
function allOf(handler: () => never): Parameters<typeof served<typeof library>>[1] {
  return {
    list: handler,
    tagged: handler,
    image: handler,
    count: handler,
    store: handler,
    fail: handler,
    follow: handler,
  };
}

describe('a stream', () => {
  test('is compressed, and each item arrives before the next one is there', async () => {
    const items: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        `${server.url}/follow/4`,
        { headers: { 'accept-encoding': 'gzip' }, agent: false },
        (answer) => {
          expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
          answer.pipe(createGunzip()).on('data', (chunk: Buffer) => {
            items.push(...String(chunk).trim().split('\n'));
            // The handler gives the fourth item only now that three have arrived.
            if (items.length === 3) goOn();
            if (items.length === 4) resolve();
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    expect(items.map((item) => JSON.parse(item))).toEqual(['item 0', 'item 1', 'item 2', 'item 3']);
  });

  test('waits for a reader that does not read', async () => {
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      request(`${server.url}/follow/1000000`, { headers: { 'accept-encoding': 'gzip' }, agent: false }, resolve).end();
    });
    answer.pause();
    let before = -1;
    // It stands still once all buffers on the way are full.
    while (given !== before) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(50_000);
    answer.destroy();
  });

  test('is expanded by a client, item by item', async () => {
    await using client = createClient(library, { endpoints: [server.url], compression: {} });
    const { items, error } = await readAll(client.follow({ params: { count: 500 } }));
    expect(error).toBeUndefined();
    expect(items).toHaveLength(500);
    let read = 0;
    for await (const _ of client.follow({ params: { count: 5000 } })) read++;
    expect(read).toBe(5000);
    for await (const item of client.follow({ params: { count: 1_000_000 } })) {
      expect(item.length).toBeGreaterThan(100);
      break;
    }
  });
});

describe('a client', () => {
  test('asks for compressed answers where it is told to, over HTTP alone', async () => {
    cacheControl = undefined;
    for (const wire of ['http', 'mux'] as const) {
      await using client = createClient(library, { endpoints: [server.url], wire, compression: { codings: ['gzip'] } });
      expect(await client.list({ params: { count: 2000 } })).toHaveLength(2000);
      expect(await client.image()).toHaveLength(5000);
      expect((await client.tagged()).headers.etag).toBe(wire === 'http' ? 'W/"7"' : '"7"');
    }
  });

  /** A server that answers what it is told to, whoever asks. */
  async function answering(headers: Record<string, string>, body: Buffer) {
    const other = createNodeServer((_request, response) => response.writeHead(200, headers).end(body));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const endpoints = [`http://127.0.0.1:${(other.address() as AddressInfo).port}`];
    const client = createClient(library, { endpoints, retry: false, maxAnswerBytes: 2_000_000 });
    return {
      client,
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]();
        other.close();
      },
    };
  }

  const json = { 'content-type': 'application/json' };

  test('reads answers that come compressed without being asked for', async () => {
    await using from = await answering({ ...json, 'content-encoding': 'gzip' }, gzipSync('["a"]'));
    expect(await from.client.list({ params: { count: 1 } })).toEqual(['a']);
  });

  test.each([
    [
      'gzip',
      gzipSync(Buffer.alloc(3_000_000)),
      /expands to more than maxRatio 100 times its size: 29\d\d bytes of gzip had become 1\d{6} /,
    ],
    ['br', brotliCompressSync(Buffer.alloc(3_000_000)), /expands to more than maxRatio 100/],
    ['gzip', Buffer.from('["a"]'), /is not valid gzip, or was cut off/],
    ['gzip', gzipSync('["a"]').subarray(0, -3), /is not valid gzip, or was cut off/],
    ['compress', Buffer.from('["a"]'), /is encoded \(compress\), which is not read/],
  ])('refuses an answer in %s that is none or a bomb', async (coding, body, why) => {
    await using from = await answering({ ...json, 'content-encoding': coding }, body);
    const failed = from.client.list({ params: { count: 1 } });
    await expect(failed).rejects.toThrow(why);
    await expect(failed).rejects.toBeInstanceOf(AnswerInvalidError);
  });

  test('refuses an answer that is larger than maxAnswerBytes once it is expanded', async () => {
    const content = Array.from({ length: 500_000 }, () => `${Math.random()}`.slice(2, 10)).join('');
    await using from = await answering(
      { ...json, 'content-encoding': 'gzip' },
      gzipSync(content, { level: 9 }).subarray(0),
    );
    await expect(from.client.list({ params: { count: 1 } })).rejects.toThrow(/is larger than maxAnswerBytes 2000000/);
  });

  test('refuses a stream that is a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, '\n'));
    await using from = await answering({ 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }, bomb);
    const { error } = await readAll(from.client.follow({ params: { count: 1 } }));
    expect(String(error)).toMatch(/expands to more than maxRatio 100 times its size/);
  });
});
