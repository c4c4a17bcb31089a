/**
 * A grid: text that means something to paths, queries or headers, in each place where callers and handlers can put text, over each
 * wire. It arrives as it was given, or is refused where it was given; it never becomes another path, value or header.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CallInvalidError } from '../calling/client-errors.js';
import { text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { reachable, reachedOver } from '../fixtures/local-servers.js';
import { startMuxServer } from '../fixtures/mux-server.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const any = z.string();
const grid = contract('grid', {
  version: '1.0.0',
  operations: {
    path: get('/path/:first/:second', { params: z.object({ first: any, second: any }), response: z.unknown() }),
    query: get('/query', { query: z.record(any, z.unknown()), response: z.unknown() }),
    headers: get('/headers', {
      headers: z.object({ 'x-value': any.optional(), 'x-injected': any.optional() }),
      response: z.unknown(),
    }),
    all: get('/all', { response: z.record(any, any) }),
    answer: post('/answer', {
      body: any,
      responses: { 200: { body: text(), headers: z.object({ 'x-value': any, 'x-injected': any.optional() }) } },
    }),
    secret: get('/secret', { response: any }),
  },
});

let asked = 0;
const server = createServer({
  serve: [
    served(grid, {
      path: ({ params }) => {
        asked++;
        return params;
      },
      query: ({ query }) => {
        asked++;
        return query;
      },
      headers: ({ headers }) => {
        asked++;
        return headers;
      },
      all: ({ headers }) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      answer: ({ body }) => ({ status: 200, body, headers: { 'x-value': body } }),
      secret: () => 'a path that nobody asked for',
    }),
  ],
});
beforeAll(async () => {
  await server.start();
  reachable(server);
});
afterAll(() => server.close());

const values: readonly string[] = [
  ...['\r', '\n', '\r\n', 'a\r\nx-injected: b', 'a\nx-injected: b', 'a\r\n\r\nGET /secret HTTP/1.1\r\n\r\n', '\r\n x'],
  ...['\0', 'a\0b', '\t', 'a\tb', '\x0b', '\x1b[2J', '\x7f', '\x85', '\u2028', '\u2029'],
  ...['%', '%%', '%0d%0a', '%00', '%2e%2e', '%2F', '%252e%252e%252f', '%ff', '%c0%ae', '%u002e', '%zz'],
  ...['/', '//', '/secret', '\\', '..\\', 'a/b', 'a/../secret', './a', '../secret', '..;/secret', '.', '..', '...', ''],
  ...[
    '?',
    '?a=b',
    '#',
    '#a',
    '&',
    'a&b=c',
    '=',
    '+',
    'a b',
    ' ',
    ' a ',
    ';',
    ',',
    ':',
    '@',
    '*',
    '|',
    '"',
    "'",
    '`',
    '<>',
    '{}',
  ],
  ...['[', ']', 'a[b]', '[]', '~', '!', '$', '(', ')', '^'],
  ...['ä', 'é', 'ÿ', '€', 'ﬀ', '．．', '／', '😀', '\u202e', '\ufeff', '\u0301', 'İ'],
  ...[
    '\ud800',
    'a\udc00',
    '__proto__',
    'constructor',
    'toString',
    'null',
    'undefined',
    'NaN',
    '-0',
    'true',
    'x'.repeat(1000),
  ],
];
const isUnicode = (value: string) => !/\p{Surrogate}/u.test(value);
const isHeaderText = (value: string) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
const trimmed = (value: string) => value.replace(/^[ \t]+|[ \t]+$/g, '');
const shown = (value: string) => JSON.stringify(value.slice(0, 40));
const cases = values.map((value) => [shown(value), value] as const);

describe.each(wires)('over %s', (wire) => {
  const limits = {
    retry: false,
    breaker: false,
    connectTimeoutMs: 10_000,
    timeoutMs: 20_000,
    deadlineMs: 20_000,
  } as const;
  let client: ReturnType<typeof open>;
  const open = () => createClient(grid, { ...reachedOver(wire, server), ...limits });
  beforeAll(() => {
    client = open();
  });
  afterAll(() => client[Symbol.asyncDispose]());

  /** What arrived; undefined where the call was refused before anything was sent. */
  async function arrived<T>(call: () => Promise<T>): Promise<T | undefined> {
    const before = asked;
    try {
      return await call();
    } catch (error) {
      expect(error).toBeInstanceOf(CallInvalidError);
      expect(asked).toBe(before);
      return undefined;
    }
  }

  test.each(cases)('%s in a path', async (_, value) => {
    const refused = value === '' || value === '.' || value === '..' || !isUnicode(value);
    const given = { first: value, second: 'end' };
    expect(await arrived(() => client.path({ params: given }))).toEqual(refused ? undefined : given);
    const last = { first: 'begin', second: value };
    expect(await arrived(() => client.path({ params: last }))).toEqual(refused ? undefined : last);
  });

  test.each(cases)('%s in a query, as a value, in a list, nested, and as a name', async (_, value) => {
    const sent = value.replaceAll(/\p{Surrogate}/gu, '\ufffd');
    const query = (given: Record<string, unknown>) => arrived(() => client.query({ query: given }));
    expect(await query({ value, other: 'b' })).toEqual({ value: sent, other: 'b' });
    expect(await query({ value: [value, 'b'] })).toEqual({ value: [sent, 'b'] });
    expect(await query({ f: { g: value } })).toEqual({ f: { g: sent } });
    const asName = value === '__proto__' || value === 'a[b]' ? undefined : { [sent]: 'a' };
    expect(await query({ [value]: 'a' })).toEqual(asName);
    const refusedInside = value === '' || value === '__proto__' || /[[\]]/.test(value);
    expect(await query({ f: { [value]: 'a' } })).toEqual(refusedInside ? undefined : { f: { [sent]: 'a' } });
  });

  test.each(cases)('%s in a header of a request', async (_, value) => {
    const got = await arrived(() => client.headers({ headers: { 'x-value': value } }));
    expect(got).toEqual(isHeaderText(value) ? { 'x-value': trimmed(value) } : undefined);
  });

  test.each(cases)('%s in a header that the client sends with all calls', async (_, value) => {
    const make = () => createClient(grid, { ...reachedOver(wire, server), ...limits, headers: { 'x-value': value } });
    if (!isHeaderText(value)) {
      expect(make).toThrow(/x-value/);
      return;
    }
    await using own = make();
    expect(await own.headers()).toEqual({ 'x-value': trimmed(value) });
  });

  test.each(cases)('%s in a body, and in the header of an answer', async (_, value) => {
    const answer = await client.answer({ body: value }).catch((error: unknown) => error);
    if (isHeaderText(value) && isUnicode(value)) {
      expect(answer).toEqual({ status: 200, body: value, headers: { 'x-value': trimmed(value) } });
    } else expect(answer).toMatchObject({ status: 500 });
  });

  test('names of headers are names, and those of the framework and the connection are its own', async () => {
    const names = [
      '',
      ' ',
      'a b',
      'a:b',
      'a\r\nb',
      'ä',
      'a\0',
      'host',
      'content-length',
      'transfer-encoding',
      'fwk-caller',
      'traceparent',
    ];
    for (const name of names) {
      expect(
        () => createClient(grid, { ...reachedOver(wire, server), headers: { [name]: 'x' } }),
        shown(name),
      ).toThrow();
    }
  });

  test.each([
    ['/path/a/%2e%2e', 404],
    ['/path/a/%2E.', 404],
    ['/path/a/..%2f..%2fsecret', 200],
    ['/path/a%2fb/c', 200],
    ['/path/a/%', 400],
    ['/path/a/%zz', 400],
    ['/path/a/%ff', 400],
    ['/path/a/%c0%ae%c0%ae', 400],
    ['/path/a/%ed%a0%80', 400],
    ['/path/a//b', 404],
    ['/path/a/b/', 404],
    ['/path/a/%00', 200],
    ['/path/a/b%0d%0ax-injected:%20b', 200],
    ['/path/a/b;c', 200],
    ['/path/a/b%23c%3fd', 200],
    ['/query?a=%ff', 400],
    ['/query?a=%', 400],
    ['/query?__proto__=1', 400],
    ['/query?a[__proto__]=1', 400],
    ['/query?a=1&a[b]=2', 400],
    ['/query?a=%00%0d%0a', 200],
  ])('%s that somebody else sends is answered with %i', async (target, status) => {
    const answer = await sendOver(wire, grid)(server.url + target);
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('x-injected');
    expect(answer.text).not.toContain('nobody asked for');
    if (status === 200) expect(Object.values(answer.json as object).join()).toMatch(/./);
    else expect(answer.json).toMatchObject({ status });
  });
});

test.each(cases)('%s in a context of a call over Mux is refused, or is the value of one header', async (_, value) => {
  const { exchangeOverMux } = await import('../testing/mux-exchange.js');
  const wired = Buffer.from(value, 'latin1').toString('latin1');
  const sent = { url: server.url, destination: '/grid/headers', target: '/headers', headers: { 'x-value': wired } };
  const { status, text: answered } = await exchangeOverMux(sent);
  const arrives = isHeaderText(wired);
  expect(status).toBe(arrives ? 200 : 400);
  if (arrives) expect(JSON.parse(answered)).toEqual({ 'x-value': wired });
});

test.each(cases)('%s in a context of an answer over Mux is one header, or none', async (_, value) => {
  const bytes = Buffer.from(value, 'latin1');
  const wired = bytes.toString('latin1');
  await using other = await startMuxServer((call) =>
    call.answer(0, 'a', { 'x-value': bytes, 'content-type': 'text/plain' }),
  );
  const endpoints = [other.url.replace('mux:', 'http:')];
  await using client = createClient(grid, {
    endpoints,
    wire: 'mux',
    retry: false,
    connectTimeoutMs: 10_000,
    timeoutMs: 20_000,
    deadlineMs: 20_000,
  });
  const answer = await client.answer({ body: 'a' }).catch((error: unknown) => error);
  if (isHeaderText(wired)) expect(answer).toEqual({ status: 200, body: 'a', headers: { 'x-value': wired } });
  else
    expect(answer).toMatchObject({
      code: 'FWK_HTTP_ANSWER_INVALID',
      message: expect.stringContaining('headers.x-value'),
    });
});

test.each(['a\0b', 'a\rb', 'a\nx-injected', 'a\x01b'])(
  'an answer over HTTP with a broken header (%j) is no answer',
  async (value) => {
    const { createServer: listen } = await import('node:net');
    const broken = listen((socket) => {
      socket.on('error', () => {});
      socket.on('data', () =>
        socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-value: ${value}\r\ncontent-length: 0\r\n\r\n`),
      );
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const endpoints = [`http://127.0.0.1:${(broken.address() as import('node:net').AddressInfo).port}`];
    await using client = createClient(grid, { endpoints, wire: 'http', retry: false });
    await expect(client.answer({ body: 'a' })).rejects.toMatchObject({
      code: expect.stringMatching(/^FWK_HTTP_(CONNECTION|ANSWER_INVALID)$/),
    });
    broken.close();
  },
);
