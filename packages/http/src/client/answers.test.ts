/** Answers by status, their headers, and bodies that are no JSON: the same over all wires. */
import { makeEnv } from '@fwk/kernel';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AnswerInvalidError, CallInvalidError } from '../calling/client-errors.js';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post, put } from '../contract/operation.js';
import { reachable, reachedOver } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const order = z.object({ total: z.number(), note: z.string().default('none') });
const tagged = z.object({ etag: z.string(), 'x-left': z.coerce.number<number>().int().optional() });
const slow = z.string().refine(async (value) => value !== 'bad');
const desk = contract('desk', {
  version: '1.0.0',
  operations: {
    read: post('/read', {
      body: z.unknown(),
      responses: {
        200: { body: order, headers: tagged },
        202: slow,
        204: {},
        302: { headers: z.object({ location: z.string() }) },
        304: {},
      },
      errors: { Gone: { status: 410 } },
    }),
    echo: post('/echo', { body: bytes(), response: bytes('image/png') }),
    shout: put('/shout', { body: text('text/csv'), response: text('text/csv') }),
    mixed: get('/mixed/:as', {
      params: z.object({ as: z.string() }),
      responses: { 200: bytes('image/png'), 201: text(), 203: z.number() },
    }),
    keyed: post('/keyed', {
      body: bytes(),
      responses: { 201: { body: z.number(), headers: z.object({ location: z.string() }) } },
      idempotencyKey: true,
    }),
  },
});
/** As clients of another version know it. */
const narrow = contract('desk', {
  version: '0.9.0',
  operations: {
    read: post('/read', {
      body: z.unknown(),
      responses: { 200: { body: order, headers: tagged.extend({ 'x-due': z.string() }) } },
    }),
    echo: post('/echo', { body: bytes(), response: bytes('image/gif') }),
  },
});

const logged: { readonly err?: unknown }[] = [];
const { logger } = makeEnv();
let runs = 0;
const server = createServer({
  bodyLimitBytes: 200_000,
  env: { logger: { ...logger, error: (data: object) => void logged.push(data) } },
  serve: [
    served(desk, {
      read({ body }) {
        if (body === 'gone') throw new desk.errors.Gone();
        return body as never;
      },
      echo: ({ body }) => body,
      shout: ({ body }) => body.toUpperCase(),
      mixed: ({ params: { as } }) =>
        as === 'bytes'
          ? { status: 200, body: Uint8Array.of(0, 255) }
          : as === 'text'
            ? { status: 201, body: 'é€😀' }
            : { status: 203, body: 7 },
      keyed: ({ body }) => ({ status: 201, body: body.length, headers: { location: `/keyed/${++runs}` } }),
    }),
  ],
});
beforeAll(async () => {
  await server.start();
  reachable(server);
});
afterAll(() => server.close());
afterEach(() => {
  logged.length = 0;
});

describe.each(wires)('over %s', (wire) => {
  const patient = {
    retry: false,
    breaker: false,
    connectTimeoutMs: 10_000,
    timeoutMs: 20_000,
    deadlineMs: 20_000,
  } as const;
  const open = () => createClient(desk, { ...reachedOver(wire, server), ...patient });
  const ask = async (body: unknown) => {
    await using client = open();
    // Awaited here: else the client is closed first, and nobody listens when the call fails.
    return await client.read({ body });
  };

  test.each([
    [
      { status: 200, body: { total: 7, secret: 1 }, headers: { etag: '"a"', 'x-other': 'b' } },
      { status: 200, body: { total: 7, note: 'none' }, headers: { etag: '"a"' } },
    ],
    [
      { status: 200, body: { total: 7 }, headers: { etag: '"é"', 'x-left': 3 } },
      { status: 200, headers: { etag: '"é"', 'x-left': 3 } },
    ],
    [
      { status: 202, body: 'later' },
      { status: 202, body: 'later', headers: undefined },
    ],
    [
      { status: 204, body: 'left out' },
      { status: 204, body: undefined, headers: undefined },
    ],
    [
      { status: 302, headers: { location: '/a?b=c' } },
      { status: 302, body: undefined, headers: { location: '/a?b=c' } },
    ],
    [{ status: 304 }, { status: 304, body: undefined, headers: undefined }],
  ])('%j arrives with its status, body and headers', async (answer, expected) => {
    expect(await ask(answer)).toMatchObject(expected);
  });

  test('headers that the contract does not name are not sent', async () => {
    const sent = {
      method: 'POST',
      body: JSON.stringify({ status: 200, body: { total: 1 }, headers: { etag: 'a', 'x-secret': 'b' } }),
      headers: { 'content-type': 'application/json' },
    };
    const { headers } = await sendOver(wire, desk)(`${server.url}/read`, sent);
    expect(headers).toMatchObject({ etag: 'a' });
    expect(headers).not.toHaveProperty('x-secret');
  });

  test.each([
    ['no answer', null, /answers of the statuses 200, 202, 204, 302, 304, not undefined/],
    ['an answer of a status that the contract lacks', { status: 201 }, /not 201/],
    ['a body of another status', { status: 202, body: 7 }, /response: /],
    ['a body that an asynchronous schema refuses', { status: 202, body: 'bad' }, /response: /],
    ['a missing header', { status: 200, body: { total: 1 }, headers: {} }, /headers.etag: /],
    ['no headers', { status: 200, body: { total: 1 } }, /headers.etag: /],
    [
      'a header of the wrong kind',
      { status: 200, body: { total: 1 }, headers: { etag: 'a', 'x-left': 'b' } },
      /headers.x-left: /,
    ],
    [
      'a header that is an object',
      { status: 200, body: { total: 1 }, headers: { etag: {} } },
      /headers.etag: cannot be written/,
    ],
    [
      'a header with a line break',
      { status: 302, headers: { location: '/\r\nset-cookie: a=b' } },
      /headers.location: has a line break/,
    ],
    [
      'a header beyond Latin-1',
      { status: 302, headers: { location: '/€' } },
      /headers.location: has a line break, a control/,
    ],
    [
      'a header that is too long',
      { status: 302, headers: { location: 'x'.repeat(9000) } },
      /headers.location: has 9000 characters/,
    ],
  ])('a handler that gives %s fails, and callers learn no more', async (_, answer, why) => {
    await expect(ask(answer)).rejects.toMatchObject({ status: 500, problem: { code: 'FWK_HTTP_INTERNAL' } });
    expect(String(logged[0]?.err)).toMatch(why);
  });

  test('an error stands beside the answers', async () => {
    await expect(ask('gone')).rejects.toBeInstanceOf(desk.errors.Gone);
  });

  test('a client refuses what its own contract does not have', async () => {
    await using client = createClient(narrow, { ...reachedOver(wire, server), ...patient });
    const refused = async (body: unknown) => client.read({ body }).catch((error: unknown) => error);
    expect(String(await refused({ status: 202, body: 'a' }))).toMatch(
      /the answer has the status 202, which the contract does not have/,
    );
    expect(await refused({ status: 304 })).toMatchObject({ name: 'RemoteError', status: 304 });
    expect(String(await refused({ status: 200, body: { total: 1 }, headers: { etag: 'a' } }))).toMatch(
      /headers.x-due: /,
    );
    await expect(client.echo({ body: Uint8Array.of(1) })).rejects.toThrow(
      /the answer is not image\/gif but image\/png/,
    );
    await expect(client.echo({ body: Uint8Array.of(1) })).rejects.toBeInstanceOf(AnswerInvalidError);
  });

  test('bytes arrive as they were, whatever they are', async () => {
    await using client = open();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (body) => {
        expect(Buffer.from(await client.echo({ body })).equals(body)).toBe(true);
      }),
      { numRuns: 30 },
    );
    const large = new Uint8Array(200_000).fill(255);
    expect(Buffer.from(await client.echo({ body: large })).equals(large)).toBe(true);
    await expect(client.echo({ body: new Uint8Array(200_001) })).rejects.toMatchObject({ status: 413 });
    await expect(client.echo({ body: 'text' as never })).rejects.toBeInstanceOf(CallInvalidError);
  });

  test('text arrives as it was', async () => {
    await using client = open();
    for (const body of ['', 'a,b\r\n"c"', 'ä€😀', '{"a":1}'])
      expect(await client.shout({ body })).toBe(body.toUpperCase());
    await expect(client.shout({ body: '\ud800' })).rejects.toBeInstanceOf(CallInvalidError);
  });

  test('each status has a content of its own', async () => {
    await using client = open();
    const asked = (as: string) => client.mixed({ params: { as } });
    expect((await asked('bytes')).body).toEqual(Buffer.of(0, 255));
    expect(await asked('text')).toEqual({ status: 201, body: 'é€😀', headers: undefined });
    expect(await asked('number')).toEqual({ status: 203, body: 7, headers: undefined });
  });

  test('an answer with headers is kept under its idempotency key, and a key is for the same bytes only', async () => {
    await using client = open();
    const idempotencyKey = `key-${wire}`;
    const first = await client.keyed({ body: Uint8Array.of(1) }, { idempotencyKey });
    expect(await client.keyed({ body: Uint8Array.of(1) }, { idempotencyKey })).toEqual(first);
    await expect(client.keyed({ body: Uint8Array.of(2) }, { idempotencyKey })).rejects.toMatchObject({ status: 422 });
  });
});

test.each([
  ['no type', {}, 415],
  ['another type', { 'content-type': 'image/gif' }, 415],
  ['the type with parameters, in capitals', { 'content-type': 'Application/Octet-Stream; a=b' }, 200],
])('bytes with %s over HTTP', async (_, headers, status) => {
  const answer = await fetch(`${server.url}/echo`, { method: 'POST', body: Uint8Array.of(1, 2), headers });
  expect(answer.status).toBe(status);
  if (status === 200) expect(answer.headers.get('content-type')).toBe('image/png');
  else
    expect(await answer.json()).toMatchObject({
      code: 'FWK_HTTP_MEDIA_TYPE',
      detail: 'the body must have the content type application/octet-stream',
    });
});

test('text that is not UTF-8 is refused', async () => {
  const headers = { 'content-type': 'text/csv' };
  const answer = await fetch(`${server.url}/shout`, { method: 'PUT', body: Uint8Array.of(255), headers });
  expect(answer.status).toBe(400);
});
