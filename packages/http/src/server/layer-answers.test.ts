/** Layers that users add to a server, and that do not keep to what a layer must do: each request is answered all the same. */
import { type Layer, makeEnv } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { reachable } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import type { ServedAnswer } from '../serving/answer.js';
import { served } from '../serving/served.js';
import type { ServedRequest } from '../serving/served-request.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

const desk = contract('desk', {
  version: '1.0.0',
  operations: {
    look: get('/look', { response: z.string() }),
    put: post('/put', { body: z.unknown(), response: z.string() }),
    broken: get('/broken', { response: z.string() }),
  },
});

describe.each(wires)('over %s', (wire) => {
  const send = sendOver(wire, desk);

  const servers: HttpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  type DeskLayer = Layer<ServedRequest, ServedAnswer>;

  async function start(...added: readonly DeskLayer[]) {
    const errors: { readonly message: string; readonly err: unknown }[] = [];
    const { logger } = makeEnv();
    const env = makeEnv({
      logger: {
        ...logger,
        error: (data: object, message: string) => errors.push({ err: undefined, ...data, message }),
      },
    });
    const handlers = {
      look: () => 'seen',
      put: () => 'put',
      broken: () => {
        throw undefined;
      },
    };
    const server = createServer({
      serve: [served(desk, handlers)],
      env,
      timeoutMs: 20_000,
      layers: (layers) => added.reduce((all, layer) => all.use(layer), layers),
    });
    servers.push(server);
    await server.start();
    reachable(server);
    return { server, errors };
  }

  const layerOf = (service: Partial<ReturnType<DeskLayer['wrap']>>): DeskLayer => ({
    role: 'odd',
    wrap: (next) => ({
      call: (request, context) => next.call(request, context),
      status: () => 'ready',
      ...service,
    }),
  });

  const fine = { status: 200, contentType: 'text/plain', body: 'fine', headers: undefined };

  test.each<[string, unknown, RegExp]>([
    ['nothing', Promise.resolve(undefined), /answered undefined instead of a ServedAnswer/],
    ['null, and no promise', null, /answered null instead/],
    ['text', Promise.resolve('fine'), /answered 'fine' instead/],
    [
      'a Response',
      Promise.resolve(new Response('fine')),
      /with a body that is .*; it must be text, a Uint8Array or undefined/,
    ],
    ['no status', Promise.resolve({ ...fine, status: undefined }), /with the status undefined; .* from 200 to 599/],
    ['a status that is text', Promise.resolve({ ...fine, status: '200' }), /with the status '200'/],
    ['an interim status', Promise.resolve({ ...fine, status: 100 }), /with the status 100/],
    ['a status too high', Promise.resolve({ ...fine, status: 1000 }), /with the status 1000/],
    ['a body without a place for it', Promise.resolve({ ...fine, status: 204 }), /with the status 204 and a body/],
    ['an object as body', Promise.resolve({ ...fine, body: { a: 1 } }), /with a body that is .*must be text/],
    [
      'a content type with a line break',
      Promise.resolve({ ...fine, contentType: 'a\r\nb: c' }),
      /contentType that has a/,
    ],
    ['headers in a Map', Promise.resolve({ ...fine, headers: new Map() }), /headers that are no object/],
    [
      'a header with a line break',
      Promise.resolve({ ...fine, headers: { 'x-a': 'secret\r\nx-b: c' } }),
      /"x-a", which has a line break/,
    ],
    [
      'a header without value',
      Promise.resolve({ ...fine, headers: { 'x-a': undefined } }),
      /"x-a", which must be text/,
    ],
    [
      'a name that is none',
      Promise.resolve({ ...fine, headers: { 'x a': '1' } }),
      /"x a", which is no name of a header/,
    ],
    [
      'its own length',
      Promise.resolve({ ...fine, headers: { 'Content-Length': '9' } }),
      /written by the server itself/,
    ],
  ])('a layer that answers %s is said so in the log, and the caller has a 500', async (_what, answer, said) => {
    const { server, errors } = await start(layerOf({ call: () => answer as Promise<ServedAnswer> }));
    const bodies = [await send(`${server.url}/look`), await send(`${server.url}/put`, { method: 'POST', body: '1' })];
    for (const { status, json } of bodies) {
      expect([status, json.code, json.status]).toEqual([500, 'FWK_HTTP_INTERNAL', 500]);
      expect(JSON.stringify(json)).not.toMatch(/layer|secret/);
    }
    expect(errors).toMatchObject([
      { err: { code: 'FWK_HTTP_LAYER_ANSWER_INVALID', message: expect.stringMatching(said) } },
      { err: { message: expect.stringContaining('desk.put: a layer of the server answered') } },
    ]);
    expect(JSON.stringify(errors)).not.toContain('secret');
  });

  test('a layer may answer at once, without a promise', async () => {
    const { server } = await start(layerOf({ call: () => fine as never }));
    expect((await send(`${server.url}/put`, { method: 'POST', body: '1' })).text).toBe('fine');
  });

  test('a layer that throws at once, or cannot say how it stands, ends no more than its request', async () => {
    const fail = () => {
      throw new Error('torn');
    };
    const throwing = await start(layerOf({ call: fail }));
    expect((await send(`${throwing.server.url}/look`)).status).toBe(500);
    expect((await send(`${throwing.server.url}/put`, { method: 'POST', body: '1' })).status).toBe(500);
    const before = 'a layer or a schema failed before the handler was called';
    expect(throwing.errors).toMatchObject([
      { err: { message: 'torn' }, message: before },
      { err: { message: 'torn' }, message: before },
    ]);
    const { server, errors } = await start(layerOf({ status: fail }));
    expect((await send(`${server.url}/put`, { method: 'POST', body: '1' })).json).toBe('put');
    expect(errors).toEqual([]);
  });

  test('a layer without status is refused when the server starts', async () => {
    const added = layerOf({ status: undefined as never });
    await expect(start(added)).rejects.toMatchObject({
      code: 'FWK_KERNEL_SERVICE_INVALID',
      message: expect.stringMatching(/the layer 'odd' answered no service.*status\(\)/),
    });
  });

  test('a handler that throws nothing is told of in the log', async () => {
    const { server, errors } = await start();
    expect((await send(`${server.url}/broken`)).status).toBe(500);
    expect(errors).toMatchObject([{ err: { message: 'undefined was thrown' }, message: 'a handler failed' }]);
  });
});
