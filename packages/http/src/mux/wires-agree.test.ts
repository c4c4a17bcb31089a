/** One server, the same calls over both wires: callers and handlers see the same. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { randomFlag, traceKey } from '@fwk/core';
import { background, currentContext } from '@fwk/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { del, get, post } from '../contract/operation.js';
import { wires } from '../fixtures/send-over.js';
import { localGroup } from '../local/local-group.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { exchangeOverMux } from '../testing/mux-exchange.js';
import { problem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';

const anything = z.unknown();
const text = z.string();
const depot = contract('depot', {
  version: '1.0.0',
  operations: {
    place: get('/halls/:hall/places/:place', {
      params: z.object({ hall: text, place: text }),
      query: z.record(text, anything),
      response: anything,
    }),
    store: post('/store', { body: anything, response: anything }),
    heads: post('/heads', { response: anything }),
    letters: post('/letters', { body: z.number(), response: text }),
    lengthOf: post('/lengths', { body: text, response: z.number() }),
    wait: post('/waits', { response: z.number() }),
    fail: post('/fails', {
      body: z.object({ status: z.number(), detail: text, members: z.record(text, anything) }),
      response: text,
    }),
    drop: del('/places/:id', { params: z.object({ id: text }) }),
  },
});

let seen: unknown[] = [];
let answerWaiting: (() => void)[] = [];
const server = createServer({
  // More than the largest answer below.
  maxUnsentBytes: 2 ** 30,
  serve: [
    served(depot, {
      place: ({ params, query }) => ({ params, query }),
      store: ({ body }) => body ?? null,
      heads: ({ headers }) => {
        const { 'x-own': own, authorization, cookie, 'set-cookie': set, 'accept-language': language } = headers;
        const flags = currentContext().get(traceKey)?.flags;
        return { own, authorization, cookie, set, language, flags };
      },
      letters: ({ body }) => 'x'.repeat(body),
      lengthOf: ({ body }) => body.length,
      wait: () => new Promise((resolve) => answerWaiting.push(() => resolve(7))),
      fail: ({ body: { status, detail, members } }) => {
        throw problem(status, 'Failed', detail, { members });
      },
      drop: ({ params }) => void seen.push(params.id),
    }),
  ],
});

const group = localGroup();

beforeAll(async () => {
  await server.start();
  group.add(server);
});
afterAll(() => server.close());
beforeEach(() => {
  seen = [];
  answerWaiting = [];
});

type Depot = ReturnType<typeof clientOver>;

function clientOver(
  wire: (typeof wires)[number],
  headers: Readonly<Record<string, string>> = {},
  own: { readonly maxAnswerBytes?: number } = {},
) {
  const patient = { retry: false, breaker: false, timeoutMs: 20_000, deadlineMs: 20_000 } as const;
  const reached = wire === 'local' ? { group } : { endpoints: [server.url] };
  return createClient(depot, { ...reached, wire, headers, ...patient, ...own });
}

/** What a caller gets, without what is new each time. */
async function got(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const { status, traits, problem: document } = error;
    return { status, traits, problem: { ...document, traceId: undefined } };
  }
}

/** What all wires give, which is one. */
async function overAll(ask: (client: Depot) => Promise<unknown>, headers?: Readonly<Record<string, string>>) {
  const answers: unknown[] = [];
  for (const wire of wires) {
    await using client = clientOver(wire, headers);
    answers.push({ answer: await got(ask(client)), seen });
    seen = [];
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  return (answers[0] as { readonly answer: Readonly<Record<string, unknown>> }).answer;
}

describe('over all wires', () => {
  const texts = [
    'a',
    'a/b',
    'a b',
    '...',
    'ä€😀',
    '%2F',
    'a%',
    'a?b#c',
    'a+b',
    'a;b=c',
    "~!*'()",
    '\\',
    '\n',
    'x'.repeat(1000),
  ];

  test.each(texts)('the text %j arrives as it was given', async (given) => {
    const place = await overAll((client) =>
      client.place({ params: { hall: given, place: 'b' }, query: { [given]: [given, ''] } }),
    );
    expect(place.value).toEqual({ params: { hall: given, place: 'b' }, query: { [given]: [given, ''] } });
    expect(await overAll((client) => client.store({ body: given }))).toEqual({ value: given });
    await overAll((client) => client.drop({ params: { id: given } }));
  });

  const bodies: readonly unknown[] = [
    null,
    0,
    -0,
    2 ** 53 + 2,
    1e308,
    '',
    [],
    [[]],
    {},
    { a: null },
    new Date(0),
    { constructor: { prototype: 1 } },
  ];

  test.each(bodies.map((body) => ({ body })))('$body is the same body', async ({ body }) => {
    await overAll((client) => client.store({ body }));
  });

  test.each(['', ' ', ' a ', '\ta\t', 'é ', 'a  b', '"q"', 'x'.repeat(200)])(
    'headers have the value %j',
    async (value) => {
      await overAll((client) => client.heads(), {
        ...{ 'X-Own': value, authorization: value, cookie: value, 'set-cookie': value, 'accept-language': value },
      });
    },
  );

  test.each([0, 1, 2, 3])('a trace keeps its flags %d', async (flags) => {
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: undefined, flags, tracestate: '' };
    const context = background.with({ values: [traceKey.of(trace)] });
    const { value } = await overAll((client) => client.heads({}, { context }));
    expect((value as { readonly flags: number }).flags & randomFlag).toBe(flags & randomFlag);
  });

  test.each([400, 401, 404, 409, 413, 422, 429, 431, 499, 500, 501, 503, 504, 599])(
    'a problem of status %d is the same',
    async (status) => {
      const members = { code: 'OWN', left: [1, null], größe: 'é€😀' };
      await overAll((client) => client.fail({ body: { status, detail: 'é\n', members } }));
      await overAll((client) =>
        client.fail({ body: { status, detail: '', members: { ...members, notProcessed: true } } }),
      );
    },
  );

  test.each([10_000, 40_000, 70_000])('a refusal says the same in a document of %d characters', async (length) => {
    const body = { status: 429, detail: 'é'.repeat(length), members: { notProcessed: true } };
    const refusal = await overAll((client) => client.fail({ body }));
    expect(refusal).toMatchObject({ status: 429, traits: { notProcessed: true, refusedBy: 'callee' } });
  });

  test.each([1_048_574, 1_048_575, 2_000_000, 3_000_000, 10_000_000])(
    'a body of %d bytes is taken or refused alike',
    async (length) => {
      const body = 'x'.repeat(length);
      const answer = await overAll((client) => client.lengthOf({ body }));
      expect(answer).toMatchObject(
        length <= 1_048_574 ? { value: length } : { status: 413, problem: { limitBytes: 1_048_576 } },
      );
    },
  );

  test.each(wires)('a body that is too large leaves the calls beside it alone: %s', async (wire) => {
    await using client = clientOver(wire);
    const beside = client.wait();
    expect(await got(client.lengthOf({ body: 'x'.repeat(3_000_000) }))).toMatchObject({ status: 413 });
    for (const answer of answerWaiting) answer();
    expect(await beside).toBe(7);
  });

  test.each(wires)('an answer that is too large leaves the calls beside it alone: %s', async (wire) => {
    await using client = clientOver(wire, {}, { maxAnswerBytes: 1000 });
    const beside = client.wait();
    for (const length of [1000, 1_000_000, 70_000_000]) {
      await expect(client.letters({ body: length })).rejects.toThrow(/larger than maxAnswerBytes 1000/);
    }
    for (const answer of answerWaiting) answer();
    expect(await beside).toBe(7);
  });

  test.each(wires)('answers may be as large as a client can be told to take: %s', async (wire) => {
    await using client = clientOver(wire, {}, { maxAnswerBytes: 2 ** 30 });
    expect((await client.letters({ body: 3_000_000 })).length).toBe(3_000_000);
  });

  test.each(wires)('many large bodies arrive at a time: %s', async (wire) => {
    await using client = clientOver(wire);
    const body = 'x'.repeat(1_000_000);
    const answers = await Promise.all(Array.from({ length: 24 }, () => client.lengthOf({ body })));
    expect(answers).toEqual(Array.from({ length: 24 }, () => body.length));
  });
});

test('the largest body limit that a server can have is served over all wires', async () => {
  await using large = createServer({
    bodyLimitBytes: 2 ** 30,
    serve: [
      served(contract('sizes', { version: '1.0.0', operations: { size: depot.operations.lengthOf } }), {
        size: ({ body }) => body.length,
      }),
    ],
  });
  await large.start();
  const sizes = contract('sizes', { version: '1.0.0', operations: { size: depot.operations.lengthOf } });
  const own = localGroup();
  own.add(large);
  for (const wire of wires) {
    const reached = wire === 'local' ? { group: own } : { endpoints: [large.url] };
    await using client = createClient(sizes, { ...reached, wire, retry: false });
    expect(await client.size({ body: 'x'.repeat(3_000_000) })).toBe(3_000_000);
  }
});

test('a set-cookie header, which means nothing in a request, breaks no call over Mux', async () => {
  const sent = { url: server.url, destination: '/depot/heads', target: '', headers: { 'set-cookie': 'a=1' } };
  expect(JSON.parse((await exchangeOverMux(sent)).text)).toMatchObject({ set: 'a=1' });
});

test.each(['http', 'mux'])(
  'a program that never closes its client ends by itself: %s',
  async (wire) => {
    const clock = contract('clock', { version: '1.0.0', operations: { tick: get('/tick', { response: z.number() }) } });
    await using ticking = createServer({ serve: [served(clock, { tick: () => 7 })] });
    await ticking.start();
    const program = fileURLToPath(new URL('../fixtures/forgetful.mjs', import.meta.url));
    // It rejects when the program has to be ended.
    const { stdout } = await promisify(execFile)(process.execPath, [program, ticking.url, wire], { timeout: 25_000 });
    expect(stdout).toBe('7\n');
  },
  30_000,
);
