/** Errors that a contract declares, from the handler that throws one to the caller that catches it. */
import { createMeter } from '@fwk/core';
import { isFwkError, makeEnv } from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AnswerInvalidError } from '../calling/client-errors.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { reachable, reachedOver } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { localGroup } from '../local/local-group.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';
import { createClient } from './create-client.js';

const left = z.object({ left: z.number(), note: z.string().default('none') });
const later = z.object({ at: z.string() }).refine(async ({ at }) => at !== '');
const errors = {
  OutOfStock: { status: 409, data: left },
  Later: { status: 422, data: later },
  Closed: { status: 503, retryable: false },
  Conflict: { status: 409, retryable: true },
  Foreign: { status: 402, type: 'https://example.com/problems/no-money', data: z.object({ balance: z.number() }) },
  Huge: { status: 400, data: z.string() },
  Anything: { status: 400, data: z.unknown() },
} as const;
const inventory = contract('inventory', {
  version: '1.0.0',
  operations: {
    reserve: post('/reservations', { body: z.string(), response: z.string(), errors }),
    keyed: post('/keyed', { response: z.string(), errors, idempotencyKey: true }),
    read: get('/read', { response: z.string(), errors: { Conflict: errors.Conflict } }),
    bare: post('/bare', { body: z.string(), response: z.string() }),
  },
});
/** The same service as clients know it that were made before it declared anything. */
const before = contract('inventory', {
  version: '0.9.0',
  operations: { reserve: post('/reservations', { body: z.string(), response: z.string() }) },
});
const { OutOfStock, Later, Closed, Conflict, Foreign, Huge, Anything } = inventory.errors;

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

/** What handlers throw, by what they are asked for. */
const thrown: Readonly<Record<string, () => unknown>> = {
  OutOfStock: () => new OutOfStock({ data: { left: 2 }, detail: 'two are left' }),
  'OutOfStock with more': () => new OutOfStock({ data: { left: 2, secret: 'x' } as never }),
  'OutOfStock with less': () => new OutOfStock({ data: {} as never, detail: 'a secret' }),
  'OutOfStock frozen': () => Object.freeze(new OutOfStock({ data: { left: 0 } })),
  Later: () => new Later({ data: { at: 'noon' } }),
  'Later refused': () => new Later({ data: { at: '' } }),
  Closed: () => new Closed({ retryAfterMs: 1500 }),
  Foreign: () => new Foreign({ data: { balance: 3 } }),
  Huge: () => new Huge({ data: 'é'.repeat(50_000) }),
  plain: () => problem(409, 'Taken', 'by another'),
  'a cycle': () => new Anything({ data: cyclic }),
};
let seenKeys: string[] = [];
let conflicts = 0;
const logged: { readonly err?: unknown }[] = [];
const metrics = createMeter();
const { logger } = makeEnv();
const server = createServer({
  env: { metrics, logger: { ...logger, error: (data: object) => void logged.push(data) } },
  serve: [
    served(inventory, {
      reserve({ body }) {
        throw thrown[body]?.();
      },
      keyed({ idempotencyKey = '' }) {
        seenKeys.push(idempotencyKey);
        throw new OutOfStock({ data: { left: seenKeys.length } });
      },
      read() {
        if (conflicts-- > 0) throw new Conflict();
        return 'read';
      },
      bare({ body }) {
        throw thrown[body]?.();
      },
    }),
  ],
});
const group = localGroup();
beforeAll(async () => {
  await server.start();
  reachable(server);
  group.add(server);
});
afterAll(() => server.close());
beforeEach(() => {
  seenKeys = [];
  logged.length = 0;
});

const patient = { connectTimeoutMs: 10_000, timeoutMs: 20_000, deadlineMs: 20_000 } as const;

describe.each(wires)('over %s', (wire) => {
  const client = createClient(inventory, {
    group,
    endpoints: wire === 'local' ? undefined : ['http://127.0.0.1:1'],
    wire,
  });
  const open = (more: object = {}) =>
    createClient(inventory, { ...reachedOver(wire, server), retry: false, ...patient, ...more });
  afterAll(() => client[Symbol.asyncDispose]());

  /** How the call of a client ends that is asked for something. */
  async function asked(what: string): Promise<unknown> {
    await using client = open();
    return client.reserve({ body: what }).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );
  }

  test('a caller catches what the handler threw, with its data, as the schema of the contract gives them out', async () => {
    const error = await asked('OutOfStock');
    expect(error).toBeInstanceOf(OutOfStock);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).not.toBeInstanceOf(Conflict);
    expect(error).toMatchObject({
      name: 'OutOfStock',
      code: 'FWK_HTTP_REMOTE',
      operation: 'inventory.reserve',
      status: 409,
      detail: 'two are left',
      data: { left: 2, note: 'none' },
      traits: { outcome: 'ignored', retryable: false },
    });
    expect(String(error)).toMatch(/^OutOfStock: inventory.reserve answered 409 Out of stock: two are left \(trace/);
  });

  test('on the wire it is a problem document, whose data are what the schema let through', async () => {
    const sent = {
      method: 'POST',
      body: JSON.stringify('OutOfStock with more'),
      headers: { 'content-type': 'application/json' },
    };
    const { status, headers, json } = await sendOver(wire, inventory)(`${server.url}/reservations`, sent);
    expect([status, headers['content-type']]).toEqual([409, 'application/problem+json']);
    expect(json).toEqual({
      type: 'urn:fwk:problem:inventory:OutOfStock',
      title: 'Out of stock',
      status: 409,
      instance: '/reservations',
      code: 'OutOfStock',
      traceId: expect.any(String),
      data: { left: 2, note: 'none' },
    });
  });

  test.each([
    ['OutOfStock frozen', { name: 'OutOfStock', data: { left: 0, note: 'none' } }],
    ['Later', { name: 'Later', data: { at: 'noon' } }],
    ['Closed', { name: 'Closed', data: undefined, traits: { overloaded: true, retryable: false, retryAfterMs: 1500 } }],
    ['Foreign', { name: 'Foreign', data: { balance: 3 }, problem: { type: 'https://example.com/problems/no-money' } }],
    ['Huge', { name: 'Huge', data: 'é'.repeat(50_000) }],
  ])('%s arrives whole', async (what, expected) => {
    expect(await asked(what)).toMatchObject(expected);
  });

  test.each([
    ['OutOfStock with less', /inventory.reserve threw OutOfStock against its contract: error.left: /],
    ['Later refused', /inventory.reserve threw Later against its contract: error: /],
    ['a cycle', /circular/i],
  ])('%s is a fault of the server, which only its log explains', async (what, why) => {
    const error = await asked(what);
    expect(error).toMatchObject({ code: 'FWK_HTTP_REMOTE', status: 500, problem: { code: 'FWK_HTTP_INTERNAL' } });
    expect(JSON.stringify((error as RemoteError).problem)).not.toMatch(/secret|OutOfStock|left/);
    expect(logged).toHaveLength(1);
    expect(String(logged[0]?.err)).toMatch(why);
  });

  test('an operation answers no error that it does not declare', async () => {
    await using client = open();
    const error = await client.bare({ body: 'OutOfStock' }).catch((failure: unknown) => failure);
    expect(error).not.toBeInstanceOf(OutOfStock);
    expect(error).toMatchObject({ status: 500, problem: { code: 'FWK_HTTP_INTERNAL' } });
    expect(logged[0]?.err).toMatchObject({
      code: 'FWK_HTTP_ERROR_UNDECLARED',
      message:
        'inventory.bare threw inventory.OutOfStock, which it does not declare: add it to its errors, or throw another',
    });
  });

  test('a client whose contract does not know the error gets a remote error with what the document says', async () => {
    await using old = createClient(before, { ...reachedOver(wire, server), retry: false, ...patient });
    const error = await old.reserve({ body: 'OutOfStock' }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'RemoteError',
      status: 409,
      problem: { code: 'OutOfStock', title: 'Out of stock', detail: 'two are left', data: { left: 2 } },
    });
    expect(error).not.toBeInstanceOf(OutOfStock);
    expect(await asked('plain')).toMatchObject({ name: 'RemoteError', status: 409, problem: { title: 'Taken' } });
  });

  test('a client that the data do not fit gets a remote error, whose cause says why', async () => {
    const stricter = contract('inventory', {
      version: '2.0.0',
      operations: {
        reserve: post('/reservations', {
          body: z.string(),
          errors: {
            OutOfStock: { status: 409, data: left.extend({ due: z.string() }) },
            Foreign: {
              status: 402,
              type: errors.Foreign.type,
              data: z.unknown().transform(() => {
                throw new Error('a broken schema');
              }),
            },
          },
        }),
      },
    });
    await using strict = createClient(stricter, { ...reachedOver(wire, server), retry: false, ...patient });
    const error = await strict.reserve({ body: 'OutOfStock' }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'RemoteError', status: 409, traits: { outcome: 'ignored' } });
    expect((error as Error).cause).toBeInstanceOf(AnswerInvalidError);
    expect(String((error as Error).cause)).toMatch(/has the error OutOfStock against the contract: error.due: /);
    await expect(strict.reserve({ body: 'Foreign' })).rejects.toMatchObject({ name: 'RemoteError', status: 402 });
  });

  test('counts neither for nor against the callee, and is tried again only where the contract says so', async () => {
    const events = recordEvents();
    await using client = open({ retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 }, env: { events } });
    for (let call = 0; call < 30; call++)
      await expect(client.reserve({ body: 'OutOfStock' })).rejects.toThrow(OutOfStock as never);
    conflicts = 2;
    expect(await client.read()).toBe('read');
    conflicts = 3;
    await expect(client.read()).rejects.toBeInstanceOf(Conflict);
    expect(events.names.filter((name) => name.startsWith('retry.'))).toEqual([
      ...['retry.scheduled', 'retry.scheduled'],
      ...['retry.scheduled', 'retry.scheduled', 'retry.exhausted'],
    ]);
    expect(events.names.filter((name) => /breaker|ejected/.test(name))).toEqual([]);
  });

  test('is kept under its idempotency key', async () => {
    await using client = open();
    const answers = [1, 2].map(() =>
      client.keyed({}, { idempotencyKey: `order-${wire}` }).catch((error: unknown) => error),
    );
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ name: 'OutOfStock', data: { left: 1 } });
    expect(seenKeys).toHaveLength(1);
  });

  test('a handler that lets the error of another service pass tells of it as of any other', async () => {
    const front = contract('front', { version: '1.0.0', operations: { order: post('/order', { body: z.string() }) } });
    await using inner = open();
    await using outer = createServer({
      serve: [served(front, { order: async ({ body }) => void (await inner.reserve({ body })) })],
    });
    await outer.start();
    await using client = createClient(front, { ...reachedOver(wire, outer), retry: false, ...patient });
    const error = await client.order({ body: 'OutOfStock' }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'RemoteError', status: 409, problem: { detail: 'two are left' } });
    expect((error as RemoteError).problem).not.toHaveProperty('data');
  });

  test('a handler that lets an error of its own contract pass answers it', async () => {
    await using inner = open();
    const reserve = async ({ body }: { readonly body: string }) => inner.reserve({ body });
    const unused = () => '';
    await using outer = createServer({
      serve: [
        served(inventory, { reserve, keyed: unused, read: unused, bare: async ({ body }) => inner.reserve({ body }) }),
      ],
    });
    await outer.start();
    await using client = createClient(inventory, { ...reachedOver(wire, outer), retry: false, ...patient });
    await expect(client.reserve({ body: 'OutOfStock' })).rejects.toMatchObject({
      name: 'OutOfStock',
      data: { left: 2 },
    });
    const passed = await client.bare({ body: 'OutOfStock' }).catch((failure: unknown) => failure);
    expect(passed).toMatchObject({ name: 'RemoteError', status: 409 });
    expect((passed as RemoteError).problem).not.toHaveProperty('data');
  });

  test('a layer of the server cannot throw one past the check', async () => {
    await using layered = createServer({
      serve: [served(inventory, { reserve: () => '', keyed: () => '', read: () => '', bare: () => '' })],
      layers: (layers) =>
        layers.use({
          role: 'thrower',
          wrap: (next) => ({
            status: () => next.status(),
            call: () => Promise.reject(new OutOfStock({ data: { secret: 1 } as never })),
          }),
        }),
    });
    await layered.start();
    await using client = createClient(inventory, { ...reachedOver(wire, layered), retry: false, ...patient });
    await expect(client.reserve({ body: '' })).rejects.toMatchObject({
      status: 500,
      problem: { code: 'FWK_HTTP_INTERNAL' },
    });
  });

  test('metrics of both sides have its name', async () => {
    const own = createMeter();
    await using client = open({ env: { metrics: own } });
    await client.reserve({ body: 'OutOfStock' }).catch(() => {});
    const types = (meter: typeof own, metric: string) =>
      meter
        .collect()
        .filter(({ name }) => name === metric)
        .flatMap(({ samples }) => samples.map(({ labels }) => labels))
        .filter((labels) => Object.values(labels).includes('OutOfStock') && Object.values(labels).includes(wire));
    for (const labels of [
      ...types(own, 'http.client.request.duration'),
      ...types(metrics, 'http.server.request.duration'),
    ]) {
      expect(Object.values(labels)).toContain('409');
    }
    expect(types(own, 'http.client.request.duration').length).toBeGreaterThan(0);
    expect(types(metrics, 'http.server.request.duration').length).toBeGreaterThan(0);
  });
});

test('the error of a handler may be asserted without a server', async () => {
  expect(() => {
    throw new OutOfStock({ data: { left: 1 } });
  }).toThrow(expect.objectContaining({ name: 'OutOfStock', status: 409 }));
  expect(isFwkError(new OutOfStock({ data: { left: 1 } }), 'FWK_HTTP_OPERATION_ERROR')).toBe(true);
});
