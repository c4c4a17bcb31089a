/** Dates and big integers: what a handler returns is what its caller gets, over all wires. */
import { type } from 'arktype';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CallInvalidError } from '../calling/client-errors.js';
import { codec } from '../contract/codec.js';
import { bytes } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { compareContracts } from '../evolution/compare-contracts.js';
import { openApi } from '../evolution/open-api.js';
import { reachable, reachedOver } from '../fixtures/local-servers.js';
import { readAll } from '../fixtures/read-all.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const date = z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: (at) => at.toISOString() });
const big = z.codec(z.string().regex(/^-?\d{1,40}$/), z.bigint(), { decode: BigInt, encode: String });
const entry = z.object({ at: date, amount: big, note: z.string().optional() });
const ofValibot = v.object({
  at: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((at) => new Date(at)),
  ),
});
const ofArktype = type({ at: 'string.date.iso.parse' });

const ledger = contract('ledger', {
  version: '1.0.0',
  operations: {
    book: post('/entries', {
      body: codec(entry),
      response: codec(entry),
      errors: { Closed: { status: 409, data: codec(z.object({ since: date })) } },
    }),
    find: get('/entries', {
      query: z.object({ from: z.coerce.date(), above: z.coerce.bigint() }),
      responses: { 200: codec(z.array(entry)), 204: {} },
    }),
    valibot: post('/valibot', {
      body: codec(ofValibot, ({ at }) => ({ at: at.toISOString() })),
      response: codec(ofValibot, ({ at }) => ({ at: at.toISOString() })),
    }),
    arktype: post('/arktype', {
      body: codec(ofArktype, ({ at }) => ({ at: at.toISOString() })),
      response: codec(ofArktype, ({ at }) => ({ at: at.toISOString() })),
    }),
    coerced: post('/coerced', {
      body: z.object({ at: z.coerce.date<Date>(), amount: z.coerce.bigint<bigint>() }),
      response: z.object({ at: z.coerce.date<Date>(), amount: z.coerce.bigint<bigint>() }),
    }),
    watch: get('/watch', { stream: codec(entry) }),
    follow: post('/follow', { bodyStream: codec(entry), response: codec(z.array(entry)) }),
  },
});

const first = { at: new Date(7), amount: 2n ** 70n };
const noon = new Date('2026-11-29T12:00:00.000Z');

const server = createServer({
  serve: [
    served(ledger, {
      book({ body }) {
        if (body.note === 'closed') throw new ledger.errors.Closed({ data: { since: noon } });
        if (body.note === 'bad') return { at: new Date(Number.NaN), amount: 1n };
        const { at, amount } = body;
        return { at: new Date(at.getTime() + 1), amount: amount + 1n, ...{ secret: 'x' } };
      },
      find: ({ query }) => ({ status: 200, body: [{ at: query.from, amount: query.above }] }),
      valibot: ({ body }) => ({ at: new Date(body.at.getTime() + 1) }),
      arktype: ({ body }) => ({ at: new Date(body.at.getTime() + 1) }),
      coerced: ({ body }) => ({ at: new Date(body.at.getTime() + 1), amount: body.amount + 1n }),
      async *watch() {
        yield first;
      },
      async follow({ body }) {
        const all = [];
        for await (const each of body) all.push(each);
        return all;
      },
    }),
  ],
});
beforeAll(async () => {
  await server.start();
  reachable(server);
});
afterAll(() => server.close());

describe.each(wires)('over %s', (wire) => {
  const open = () => createClient(ledger, { ...reachedOver(wire, server), retry: false });

  test('dates and big integers arrive as values, both ways', async () => {
    await using client = open();
    expect(await client.book({ body: first })).toEqual({ at: new Date(8), amount: 2n ** 70n + 1n });
    expect(await client.find({ query: { from: noon, above: 2n ** 65n } })).toMatchObject({
      status: 200,
      body: [{ at: noon, amount: 2n ** 65n }],
    });
    expect(await client.valibot({ body: { at: noon } })).toEqual({ at: new Date(noon.getTime() + 1) });
    expect(await client.arktype({ body: { at: noon } })).toEqual({ at: new Date(noon.getTime() + 1) });
    expect(await client.coerced({ body: first })).toEqual({ at: new Date(8), amount: 2n ** 70n + 1n });
  });

  test('an error carries them too', async () => {
    await using client = open();
    const error = await client.book({ body: { ...first, note: 'closed' } }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ledger.errors.Closed);
    expect(error).toMatchObject({ data: { since: noon } });
  });

  test('on the wire they are text, and what the schema does not know stays at the server', async () => {
    const sent = {
      method: 'POST',
      body: { at: noon.toISOString(), amount: '41' },
      headers: { 'content-type': 'application/json' },
    };
    const { json } = await sendOver(wire, ledger)(`${server.url}/entries`, sent);
    expect(json).toEqual({ at: '2026-11-29T12:00:00.001Z', amount: '42' });
  });

  test('a value that cannot be encoded is refused where it is given', async () => {
    await using client = open();
    const refused = client.book({ body: { at: new Date(Number.NaN), amount: 1n } });
    await expect(refused).rejects.toBeInstanceOf(CallInvalidError);
    await expect(client.book({ body: { at: '2026' as never, amount: 1n } })).rejects.toThrow(/body\.at: .*date/);
    await expect(client.book({ body: { ...first, note: 'bad' } })).rejects.toMatchObject({ status: 500 });
    const sent = {
      method: 'POST',
      body: { at: 'now', amount: '1e9' },
      headers: { 'content-type': 'application/json' },
    };
    const { status, json } = await sendOver(wire, ledger)(`${server.url}/entries`, sent);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      issues: [
        { in: 'body', path: 'at' },
        { in: 'body', path: 'amount' },
      ],
    });
  });
});

test('items of streams are encoded, both ways', async () => {
  await using client = createClient(ledger, { endpoints: [server.url] });
  expect(await readAll(client.watch())).toEqual({ items: [first], error: undefined });
  expect(await client.follow({ body: [first, first] })).toEqual([first, first]);
});

test('OpenAPI shows what stands on the wire, and a codec of the same form is no change', () => {
  const { paths } = openApi(ledger);
  const shown = paths['/entries']?.post?.responses[200]?.content;
  expect(shown).toMatchObject({
    'application/json': {
      schema: { properties: { at: { type: 'string', format: 'date-time' }, amount: { type: 'string' } } },
    },
  });
  const written = contract('ledger', {
    version: '1.0.0',
    operations: {
      book: post('/entries', {
        body: z.object({ at: z.iso.datetime(), amount: z.string().regex(/^-?\d{1,40}$/), note: z.string().optional() }),
      }),
    },
  });
  const coded = contract('ledger', {
    version: '1.0.0',
    operations: { book: post('/entries', { body: codec(entry) }) },
  });
  expect(compareContracts(written, coded)).toMatchObject({ breaking: false, unknown: false });
});

test.each([
  [() => codec(z.string().transform(Number), 7 as never), /encode must be a function/],
  [() => codec(v.string() as never), /encode must be a function/],
  [() => codec(bytes() as never, (value) => value as never), /what JSON can hold/],
  [() => codec({} as never), /must be a Standard Schema/],
])('%s is refused', (make, why) => {
  expect(make).toThrow(why);
});
