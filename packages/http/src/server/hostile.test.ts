/** What no client of ours sends, over bare connections. */
import { connect } from 'node:net';
import { makeEnv } from '@fwk/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { del, get, post } from '../contract/operation.js';
import { exchangeRaw } from '../fixtures/raw-connection.js';
import { served } from '../serving/served.js';
import { createServer } from './server.js';

const anything = z.any();
const shop = contract('shop', {
  version: '1.0.0',
  operations: {
    list: get('/orders', { query: anything, response: anything }),
    item: get('/orders/:id', { params: z.object({ id: z.string() }), response: anything }),
    line: get('/orders/:id/lines/:line', {
      params: z.object({ id: z.string(), line: z.string() }),
      response: anything,
    }),
    remove: del('/orders/:id', { params: z.object({ id: z.string() }) }),
    order: post('/orders', { body: anything, response: anything }),
    tick: post('/ticks', { response: anything }),
  },
});
const ran: string[] = [];
const note =
  (name: string) =>
  ({ params }: { readonly params?: unknown }) => {
    ran.push(name);
    return { params };
  };
const server = createServer({
  env: makeEnv(),
  serve: [
    served(shop, {
      list: ({ query }) => {
        ran.push('list');
        return query;
      },
      item: note('item'),
      line: note('line'),
      remove: () => void ran.push('remove'),
      order: ({ body }) => {
        ran.push('order');
        return body;
      },
      tick: note('tick'),
    }),
  ],
});
beforeAll(() => server.start());
afterAll(() => server.close());
beforeEach(() => {
  ran.length = 0;
});

const json = 'content-type: application/json\r\n';

/** Sends a request and answers its status, its code and the whole text. */
async function sent(text: string): Promise<{ readonly status: number; readonly code: string; readonly text: string }> {
  const answer = await exchangeRaw(server.port, text);
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  const isProblem = /^content-type: application\/problem\+json/im.test(answer);
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
    code: isProblem ? (JSON.parse(body) as { code: string }).code : '',
    text: answer,
  };
}

const ask = (line: string, headers = '', body = '') =>
  sent(`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n${body}`);
const withBody = (body: string, headers = json) =>
  ask('POST /orders', `${headers}content-length: ${body.length}\r\n`, body);

test.each([
  'DELETE /orders/',
  'DELETE /orders/..',
  'DELETE /orders/.',
  'DELETE /orders/%2e%2e',
  'DELETE /orders/%2E.',
  'DELETE /orders/.%2e',
  'DELETE /orders/%2e',
  'GET //orders',
  'GET /orders//lines/1',
  'GET /orders/a/lines/',
  'GET /orders/../lines/1',
  'GET /orders/%2e%2e/lines/%2E',
  'GET /orders/x/../a',
  'GET http://x/orders/..',
  'GET /orders/..?a=1',
])('a path with an empty or dot segment reaches no handler: %s', async (line) => {
  expect(await ask(line)).toMatchObject({ status: 404, code: 'FWK_HTTP_ROUTE_UNKNOWN' });
  expect(ran).toEqual([]);
});

test.each([
  ['GET /orders/...', '...'],
  ['GET /orders/.a', '.a'],
  ['GET /orders/a.', 'a.'],
  ['GET /orders/a%2F..%2Fb', 'a/../b'],
  ['GET /orders/%252e%252e', '%2e%2e'],
  ['GET /orders/%25', '%'],
  ['GET /orders/%E2%82%AC', '€'],
  ['GET http://x/orders/a', 'a'],
])('other values of a path arrive as they were meant: %s', async (line, id) => {
  const { status, text } = await ask(line);
  expect(status).toBe(200);
  expect(Buffer.from(text, 'latin1').toString()).toContain(`"id":${JSON.stringify(id)}`);
});

test.each([
  'GET /orders/%ff',
  'GET /orders/%',
  'GET /orders/%c0%ae%c0%ae',
  'GET /orders/%ed%a0%80',
  'GET /orders/\xff',
  'GET /orders/a#b',
  'GET /orders?q=a#b',
  'GET /orders?q=%ff',
  'GET /orders?q=%c3',
  'GET /orders?%zz=1',
  'GET /orders?q=\xc3\xa9',
  'GET /orders?__proto__=1',
  'GET /orders?%5f_proto__=1',
])('a target that is not percent-encoded UTF-8 is refused: %s', async (line) => {
  expect(await ask(line)).toMatchObject({ status: 400, code: 'FWK_HTTP_REQUEST_MALFORMED' });
  expect(ran).toEqual([]);
});

test.each([
  ['none', ''],
  ['an empty one', 'host:\r\n'],
  ['two', 'host: a\r\nhost: b\r\n'],
  ['two that are equal', 'host: a\r\nHOST: a\r\n'],
  ['a path', 'host: a/b\r\n'],
  ['a user', 'host: u@a\r\n'],
  ['a space', 'host: a b\r\n'],
  ['two ports', 'host: a:1:2\r\n'],
  ['a port that is none', 'host: a:b\r\n'],
  ['open brackets', 'host: [::1\r\n'],
  ['a list', 'host: a, b?\r\n'],
])('a Host header that is no one host is refused: %s', async (_name, host) => {
  const answer = await sent(`GET /orders HTTP/1.1\r\n${host}connection: close\r\n\r\n`);
  expect(answer).toMatchObject({ status: 400, code: 'FWK_HTTP_REQUEST_MALFORMED' });
  expect(ran).toEqual([]);
});

test.each(['a', 'a:80', '127.0.0.1:1', '[::1]', '[::1]:80', 'orders.shop.svc:8080', 'xn--a_b'])(
  'a Host header that is one host is taken: %s',
  async (host) => {
    expect((await sent(`GET /orders HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).status).toBe(200);
  },
);

test('HTTP/1.0 needs no Host', async () => {
  expect((await sent('GET /orders HTTP/1.0\r\n\r\n')).status).toBe(200);
});

test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'x'])('a body encoded by %s is refused', async (name) => {
  const answer = await withBody('{}', `${json}content-encoding: ${name}\r\n`);
  expect(answer).toMatchObject({ status: 415, code: 'FWK_HTTP_CONTENT_ENCODING' });
  expect(answer.text).toMatch(/accept-encoding: identity/);
  expect(ran).toEqual([]);
});

test('a body that says it is not encoded is taken', async () => {
  expect((await withBody('{}', `${json}content-encoding: Identity\r\n`)).status).toBe(200);
});

test.each(['"\xff"', '"\xc3"', '{"a":"\xed\xa0\x80"}', '"\xc0\xaf"', '\xfe\xff\x00"'])(
  'a body that is not UTF-8 is refused: %j',
  async (body) => {
    expect(await withBody(body)).toMatchObject({ status: 400, code: 'FWK_HTTP_BODY_NOT_JSON' });
    expect(ran).toEqual([]);
  },
);

describe('a page of another site', () => {
  const foreign = 'sec-fetch-site: cross-site\r\n';
  test.each(['POST /orders', 'POST /ticks', 'DELETE /orders/1', 'PUT /orders', 'POST /nothing', 'OPTIONS /orders'])(
    'may change nothing: %s',
    async (line) => {
      const answer = await ask(line, foreign);
      expect(answer).toMatchObject({ status: 403, code: 'FWK_HTTP_CROSS_SITE' });
      expect(ran).toEqual([]);
    },
  );

  test('may read; pages of the same site and programs may change things', async () => {
    expect((await ask('GET /orders', foreign)).status).toBe(200);
    for (const site of ['sec-fetch-site: same-origin\r\n', 'sec-fetch-site: none\r\n', '']) {
      expect((await ask('POST /ticks', site)).status).toBe(200);
    }
  });
});

describe('lengths that contradict each other', () => {
  test.each([
    ['two different lengths', 'content-length: 2\r\ncontent-length: 3\r\n'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n'],
    ['a negative length', 'content-length: -1\r\n'],
    ['a length that is no number', 'content-length: 2x\r\n'],
    ['a list of lengths', 'content-length: 2, 3\r\n'],
    ['chunks before another coding', 'transfer-encoding: chunked, gzip\r\n'],
    ['an unknown coding', 'transfer-encoding: xchunked\r\n'],
  ])('%s: 400, and nothing that follows is taken for a request', async (_name, headers) => {
    const smuggled = 'GET /orders HTTP/1.1\r\nhost: x\r\n\r\n';
    const answer = await ask('POST /orders', `${json}${headers}`, `{}${smuggled}`);
    expect(answer.status).toBe(400);
    expect(answer.code).toBe('FWK_HTTP_REQUEST_MALFORMED');
    expect(answer.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(ran).toEqual([]);
  });
});

test.each([
  ['CONNECT x:1', 400],
  ['PROPFIND /orders', 405],
  ['TRACE /orders', 405],
  ['OPTIONS *', 404],
  ['PURGE /nothing', 404],
  ['QUERY /livez', 405],
  ['POST /livez', 405],
])('%s is answered %i with a problem document', async (line, status) => {
  const answer = await ask(line);
  expect(answer.status).toBe(status);
  expect(answer.code).toMatch(/^FWK_HTTP_/);
});

test('a caller that waits for 100 Continue is refused before it sends its body, or told to go on', async () => {
  const big = await ask('POST /orders', `${json}content-length: 99999999\r\nexpect: 100-continue\r\n`);
  expect(big).toMatchObject({ status: 413, code: 'FWK_HTTP_BODY_TOO_LARGE' });
  const socket = connect(server.port, '127.0.0.1');
  const texts: string[] = [];
  socket.on('data', (chunk) => {
    texts.push(chunk.toString());
    if (texts.length === 1) socket.write('{}');
  });
  const ended = new Promise((resolve) => socket.on('close', resolve));
  socket.write(
    `POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${json}content-length: 2\r\nexpect: 100-continue\r\n\r\n`,
  );
  await ended;
  expect(texts.join('')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});
