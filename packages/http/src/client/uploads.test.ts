/** Files as bodies: read as they arrive, bounded, over HTTP. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { Call, RequestOf } from '../contract/contract-types.js';
import { get, put } from '../contract/operation.js';
import { upload } from '../contract/upload.js';
import { compareContracts } from '../evolution/compare-contracts.js';
import { openApi } from '../evolution/open-api.js';
import { send } from '../fixtures/raw-request.js';
import { localGroup } from '../local/local-group.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { contractConformance } from '../testing/contract-conformance.js';
import { createClient } from './create-client.js';

const params = z.object({ name: z.string() });
const answer = z.object({ bytes: z.number(), sha256: z.string() });
const files = contract('files', {
  version: '1.0.0',
  operations: {
    store: put('/files/:name', { params, bodyStream: upload('image/png', { maxBytes: 50_000_000 }), response: answer }),
    small: put('/small', { bodyStream: upload(undefined, { maxBytes: 10, idleMs: 300 }), response: answer }),
    first: put('/first', { bodyStream: upload(), response: z.number() }),
    lazy: put('/lazy', { bodyStream: upload(), response: z.number() }),
  },
});

async function digest(body: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    hash.update(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}

let goOn: () => void = () => {};
let failed: unknown;
const server = createServer({
  serve: [
    served(files, {
      store: ({ body }) => digest(body),
      small: ({ body }) =>
        digest(body).catch((error: unknown) => {
          failed = error;
          throw error;
        }),
      async first({ body }) {
        for await (const piece of body) return piece.length;
        return 0;
      },
      async lazy({ body }) {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return (await digest(body)).bytes;
      },
    }),
  ],
});
let open: ReturnType<typeof connect>;
const connect = () => createClient(files, { endpoints: [server.url], retry: false });
let folder: string;
beforeAll(async () => {
  await server.start();
  open = connect();
  folder = await mkdtemp(join(tmpdir(), 'upload-'));
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await server.close();
  await rm(folder, { recursive: true });
});

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

test('a file arrives as it was, larger than any body that is held in memory', async () => {
  const content = Buffer.alloc(20_000_000, 'file');
  const path = join(folder, 'a.png');
  await writeFile(path, content);
  const expected = { bytes: content.length, sha256: sha256(content) };
  expect(await open.store({ params: { name: 'a' }, body: createReadStream(path) })).toEqual(expected);
  expect(await open.store({ params: { name: 'a' }, body: [content.subarray(0, 7), content.subarray(7)] })).toEqual(
    expected,
  );
  expect(await open.store({ params: { name: 'a' }, body: [] })).toEqual({ bytes: 0, sha256: sha256(new Uint8Array()) });
  const other = await fetch(`${server.url}/files/b`, {
    method: 'PUT',
    body: content,
    headers: { 'content-type': 'image/png' },
  });
  expect(await other.json()).toEqual(expected);
});

test('a caller gives no more than its handler reads', async () => {
  let given = 0;
  async function* pieces() {
    for (; given < 90; given++) yield new Uint8Array(1_000_000);
  }
  const call = open.lazy({ body: pieces() });
  let before = -1;
  // It stands still once all buffers on the way are full.
  while (given !== before) {
    before = given;
    await sleep(200);
  }
  expect(given).toBeLessThan(60);
  goOn();
  expect(await call).toBe(90_000_000);
});

test('a handler may answer before the end', async () => {
  async function* endless() {
    for (;;) yield new Uint8Array(100_000);
  }
  expect(await open.first({ body: endless() })).toBeGreaterThan(0);
});

test('a file that is too large is refused with the limit and what was measured, announced or not', async () => {
  const put = (headers: Record<string, string>, body: string) =>
    send(`${server.url}/small`, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/octet-stream', ...headers },
    });
  const told = { code: 'FWK_HTTP_BODY_TOO_LARGE', limitBytes: 10, receivedBytes: 11 };
  expect(await put({}, 'x'.repeat(11))).toMatchObject({ status: 413, json: told });
  expect(await put({ 'transfer-encoding': 'chunked' }, 'x'.repeat(11))).toMatchObject({ status: 413, json: told });
  expect(await put({}, 'x'.repeat(10))).toMatchObject({ status: 200, json: { bytes: 10 } });
  await expect(open.small({ body: [new Uint8Array(8), new Uint8Array(8)] })).rejects.toThrow(
    /makes the file 16 bytes long, more than maxBytes 10/,
  );
});

test('another content type, and a body that is encoded, are refused', async () => {
  const put = (headers: Record<string, string>) => send(`${server.url}/files/a`, { method: 'PUT', body: 'x', headers });
  expect(await put({ 'content-type': 'image/gif' })).toMatchObject({
    status: 415,
    json: { code: 'FWK_HTTP_MEDIA_TYPE' },
  });
  expect(await put({ 'content-type': 'multipart/form-data; boundary=a' })).toMatchObject({ status: 415 });
  expect(await put({ 'content-type': 'image/png', 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
});

test('a file that stops arriving ends by a limit, and one whose caller leaves ends at once', async () => {
  const headers = { 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' };
  const slow = new Promise<number | undefined>((resolve) => {
    const sent = request(`${server.url}/small`, { method: 'PUT', headers, agent: false }, (got) => {
      got.resume();
      resolve(got.statusCode);
      sent.destroy();
    });
    sent.on('error', () => {});
    sent.write('x');
  });
  expect(await slow).toBe(504);
  expect(failed).toMatchObject({ code: 'FWK_HTTP_STREAM_IDLE' });
  failed = undefined;
  const leaving = request(`${server.url}/small`, { method: 'PUT', headers, agent: false });
  leaving.on('error', () => {});
  leaving.write('x');
  await sleep(50);
  leaving.destroy();
  while (failed === undefined) await sleep(5);
  expect(String(failed)).toMatch(/left|closed/);
});

test('pieces that are no bytes, and a body that is no list of them, are not sent', async () => {
  await expect(open.small({ body: ['text' as never] })).rejects.toThrow(/must be a Uint8Array/);
  await expect(open.small({ body: 7 as never })).rejects.toThrow(/must be items/);
  await expect(open.small({ body: new Uint8Array(3) as never })).rejects.toThrow(/must be a Uint8Array/);
});

test('it goes over HTTP where the client takes Mux, and is copied within one process', async () => {
  await using mux = createClient(files, { endpoints: [server.url], wire: 'mux', retry: false });
  expect(await mux.small({ body: [new Uint8Array(3)] })).toMatchObject({ bytes: 3 });
  const bytes = Uint8Array.of(1, 2);
  let got: Uint8Array = new Uint8Array();
  const handlers = {
    async first({ body }: Call<typeof files, 'first'>) {
      for await (const piece of body) got = piece.fill(7);
      return got.length;
    },
  };
  const nowhere = () => expect.unreachable('another operation was called');
  const other = createServer({
    serve: [served(files, { store: nowhere, small: nowhere, lazy: nowhere, ...handlers })],
    listen: false,
  });
  await other.start();
  const group = localGroup();
  group.add(other);
  await using local = createClient(files, { group, wire: 'local', retry: false });
  expect(await local.first({ body: [bytes] })).toBe(2);
  expect([got[0], bytes[0]]).toEqual([7, 1]);
  await other.close();
});

const examples = {
  store: { params: { name: 'a' }, body: [Uint8Array.of(1, 2)] },
  small: { body: [Uint8Array.of(1)] },
  first: { body: [Uint8Array.of(1)] },
  lazy: { body: [] },
};
const cases = contractConformance(files, () => server.url, examples).filter(({ name }) =>
  /store|small|first/.test(name),
);
for (const { name, run } of cases) test(`conformance: ${name}`, run);

test('its types, its OpenAPI, and what changes break', () => {
  expectTypeOf<Call<typeof files, 'store'>['body']>().toEqualTypeOf<AsyncIterable<Uint8Array>>();
  expectTypeOf<RequestOf<typeof files, 'small'>['body']>().toEqualTypeOf<
    AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  >();
  expect(openApi(files).paths['/files/{name}']?.put?.requestBody).toEqual({
    required: true,
    content: { 'image/png': {} },
  });
  const version = (type: string, maxBytes: number) =>
    contract('files', {
      version: '1.0.0',
      operations: { store: put('/store', { bodyStream: upload(type, { maxBytes }) }) },
    });
  const changes = (before: [string, number], after: [string, number]) =>
    compareContracts(version(...before), version(...after)).changes.map(({ breaks, why }) => `${breaks}: ${why}`);
  expect(changes(['image/png', 10], ['image/png', 5])).toEqual(['old clients: its maxBytes is 5, 10 before']);
  expect(changes(['image/png', 10], ['image/png', 20])).toEqual(['new clients: its maxBytes is 20, 10 before']);
  expect(changes(['image/png', 10], ['image/gif', 10])).toEqual(['old clients: it is image/gif, no longer image/png']);
});

test.each([
  [() => upload('png'), /type must be a media type/],
  [() => upload('image/png', { maxBytes: 0 }), /maxBytes/],
  [() => upload('image/png', { idleMs: 0 }), /idleMs/],
  [
    () => contract('a', { version: '1.0.0', operations: { a: get('/a', { stream: upload() }) } }),
    /only a body can be one/,
  ],
])('%s is refused', (make, why) => {
  expect(make).toThrow(why);
});
