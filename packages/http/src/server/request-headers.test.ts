/** Headers of requests as handlers read them, with a schema in the contract and without. */
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import type { RequestHeaders } from '../contract/contract-types.js';
import { get, post } from '../contract/operation.js';
import { exchangeRaw } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { served } from '../serving/served.js';
import { createServer } from './server.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const tenants = contract('tenants', {
  version: '1.0.0',
  operations: {
    of: get('/of', {
      headers: z.strictObject({ 'x-tenant': z.string().max(40), 'x-depth': z.coerce.number<number>().optional() }),
      response: z.object({ tenant: z.string(), depth: z.number().optional() }),
    }),
    all: get('/all', { response: z.record(z.string(), z.string()) }),
    open: get('/open', {
      headers: z.record(z.string(), z.string()),
      response: z.record(z.string(), z.string()),
    }),
    pay: post('/pay', {
      headers: z.object({ 'x-tenant': z.string(), cookie: z.string().optional() }),
      body: z.object({ cents: z.number() }),
      response: z.number(),
      idempotencyKey: true,
    }),
    ofValibot: get('/valibot', { headers: v.object({ 'x-tenant': v.string() }), response: z.string() }),
    ofArk: get('/ark', { headers: ark({ 'x-tenant': 'string' }), response: z.string() }),
  },
});

async function serve(onAll: (headers: RequestHeaders) => void = () => {}) {
  let paid = 0;
  const server = createServer({
    serve: [
      served(tenants, {
        of: ({ headers }) => ({ tenant: headers['x-tenant'], depth: headers['x-depth'] }),
        all: ({ headers }) => {
          onAll(headers);
          return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
        },
        open: ({ headers }) => headers,
        pay: () => ++paid,
        ofValibot: ({ headers }) => JSON.stringify(headers),
        ofArk: ({ headers }) => JSON.stringify(headers),
      }),
    ],
  });
  closing.push(() => server.close());
  await server.start();
  const client = createClient(tenants, {
    endpoints: [server.url],
    timeoutMs: 20_000,
    deadlineMs: 60_000,
    retry: false,
  });
  closing.push(async () => client[Symbol.asyncDispose]());
  return { server, client, url: server.url };
}

describe('with a schema', () => {
  test('a handler gets typed values, and a client sends what its caller gave', async () => {
    const { client } = await serve();
    expect(await client.of({ headers: { 'x-tenant': ' acme ', 'x-depth': 3 } })).toEqual({ tenant: 'acme', depth: 3 });
    expect(await client.of({ headers: { 'x-tenant': 'café' } })).toEqual({ tenant: 'café' });
  });

  test('only the headers that it names are shown to it, so it may be strict', async () => {
    const { url } = await serve();
    const answer = await send(`${url}/of`, { headers: { 'X-Tenant': 'acme', 'x-other': '1' } });
    expect(answer).toMatchObject({ status: 200, json: { tenant: 'acme' } });
    expect((await send(`${url}/valibot`, { headers: { 'x-tenant': 'a' } })).json).toBe('{"x-tenant":"a"}');
    expect((await send(`${url}/ark`, { headers: { 'x-tenant': 'a' } })).json).toBe('{"x-tenant":"a"}');
  });

  test('one that does not name its headers is shown all of them', async () => {
    const { url } = await serve();
    const { json } = await send(`${url}/open`, { headers: { 'x-tenant': 'acme' } });
    expect(json).toMatchObject({ 'x-tenant': 'acme', host: expect.any(String) });
  });

  test('a missing or unfitting header is answered 400, saying which one', async () => {
    const { url } = await serve();
    const missing = await send(`${url}/of`);
    expect(missing.json).toMatchObject({ status: 400, code: 'FWK_HTTP_REQUEST_INVALID' });
    expect(missing.json.issues).toEqual([{ in: 'headers', path: 'x-tenant', message: expect.any(String) }]);
    const wrong = await send(`${url}/of`, { headers: { 'x-tenant': 'a'.repeat(41), 'x-depth': 'deep' } });
    expect(wrong.json.issues.map((issue: { path: string }) => issue.path)).toEqual(['x-tenant', 'x-depth']);
  });

  test('a header that is sent twice arrives joined', async () => {
    const { server } = await serve();
    const answer = await exchangeRaw(
      server.port,
      'GET /of HTTP/1.1\r\nhost: x\r\nX-Tenant: a\r\nx-tenant: b\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toContain('{"tenant":"a, b"}');
  });

  test('another value under one idempotency key is another request, which another cookie or unknown header is not', async () => {
    const { url } = await serve();
    const pay = (headers: Readonly<Record<string, string>>) =>
      send(`${url}/pay`, { method: 'POST', body: { cents: 1 }, headers: { 'idempotency-key': '"k"', ...headers } });
    expect((await pay({ 'x-tenant': 'a' })).json).toBe(1);
    expect((await pay({ 'x-tenant': 'a', cookie: 'session=2', 'x-request-id': '7' })).json).toBe(1);
    expect((await pay({ 'x-tenant': 'b' })).json).toMatchObject({ code: 'FWK_HTTP_IDEMPOTENCY_KEY_REUSED' });
  });
});

describe('without a schema', () => {
  test('a handler reads all headers, by names in lower case', async () => {
    let seen: RequestHeaders = {};
    const { server, url } = await serve((headers) => {
      seen = headers;
    });
    await send(`${url}/all`, { headers: { 'X-Trail': 'a', 'User-Agent': 'me' } });
    expect(seen).toMatchObject({ 'x-trail': 'a', 'user-agent': 'me' });
    expect(seen.absent).toBeUndefined();
    const text = 'GET /all HTTP/1.1\r\nhost: x\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nconnection: close\r\n\r\n';
    expect(await exchangeRaw(server.port, text)).toContain('"set-cookie":"a=1, b=2"');
  });
});

describe('a caller is refused before anything is sent', () => {
  const failing = async (headers: Readonly<Record<string, unknown>>) => {
    const { client } = await serve();
    return client.open({ headers: headers as Readonly<Record<string, string>> }).then(
      () => undefined,
      (error) => error,
    );
  };

  test.each([
    [
      'a line break',
      { 'x-a': 'secret\r\nx-b: 1' },
      'headers.x-a: has a line break, a control character, or one beyond Latin-1',
    ],
    ['a NUL', { 'x-a': 'secret\0' }, 'headers.x-a: has a line break'],
    ['what is beyond Latin-1', { 'x-a': 'secret ☃' }, 'headers.x-a: has a line break'],
    ['a name that is none', { 'x a': '1' }, 'headers.x a: is no name of a header'],
    ['a header of the connection', { Connection: 'close' }, 'headers.connection: belongs to the connection'],
    ['a length of its own', { 'content-length': '7' }, 'headers.content-length: belongs to the connection'],
    ['a header of the framework', { 'fwk-attempt': '7' }, 'headers.fwk-attempt: is written by the framework itself'],
    ['a name in two cases', { 'x-a': '1', 'X-A': '2' }, 'headers.x-a: is given twice'],
    ['a list', { 'x-a': ['1'] }, 'headers.x-a: cannot be written in a header'],
    ['too much', { 'x-a': 'secret'.repeat(1400) }, 'headers.x-a: has 8400 characters, more than 8192'],
    ['too much together', { 'x-a': 'y'.repeat(5000), 'x-b': 'y'.repeat(5000) }, 'have 10006 characters together'],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`x-${index}`, '1'])),
      'are 65, more than 64',
    ],
  ])('for %s', async (_what, headers, said) => {
    const error = await failing(headers);
    expect(error).toMatchObject({ code: 'FWK_HTTP_CALL_INVALID', message: expect.stringContaining(said) });
    expect(error.message + JSON.stringify(error.details)).not.toContain('secret');
  });
});
