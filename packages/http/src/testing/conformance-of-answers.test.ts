import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bytes } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { wires } from '../fixtures/send-over.js';
import { contractConformance, type ServedContract, serveContract } from '../testing.js';

const files = contract('files', {
  version: '1.0.0',
  operations: {
    store: post('/files', {
      headers: z.object({ 'x-owner': z.string() }),
      body: bytes(),
      responses: { 201: { headers: z.object({ location: z.string() }) }, 200: z.number() },
    }),
    read: get('/files/:id', { params: z.object({ id: z.string() }), response: bytes('image/png') }),
  },
});
const examples = {
  store: { body: Uint8Array.of(0, 255), headers: { 'x-owner': 'me' } },
  read: { params: { id: 'a' } },
};

describe.each(wires)('our own server conforms over %s:', (wire) => {
  let running: ServedContract<typeof files>;
  beforeAll(async () => {
    running = await serveContract(files, {
      store: () => ({ status: 201, headers: { location: '/files/a' } }),
      read: () => Uint8Array.of(1, 2, 3),
    });
  });
  afterAll(() => running[Symbol.asyncDispose]());
  const where = () => (wire === 'local' ? running.server : running.url);
  for (const { name, run } of contractConformance(files, where, examples, { wire })) test(name, run);
});

describe('a server is found out', () => {
  let server: Server;
  let answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body?: string };
  beforeAll(async () => {
    server = createServer((_request, response) => response.writeHead(answer.status, answer.headers).end(answer.body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const named = (name: string) => contractConformance(files, url, examples).find((each) => each.name.startsWith(name));

  test.each([
    ['that answers another status', 'files.store', { status: 202, headers: {} }],
    ['that lacks a header', 'files.store', { status: 201, headers: {} }],
    ['that answers another type', 'files.read', { status: 200, headers: { 'content-type': 'image/gif' }, body: 'x' }],
    ['that answers an error', 'files.read', { status: 404, headers: {} }],
  ])('%s', async (_, name, given) => {
    answer = given;
    const found = named(`${name} answers its example`);
    expect(found).toBeDefined();
    await expect(found?.run()).rejects.toThrow();
  });

  test('and one that keeps the contract is not', async () => {
    answer = { status: 201, headers: { location: '/files/a' } };
    await named('files.store answers its example')?.run();
  });
});
