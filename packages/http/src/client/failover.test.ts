/** Calls that go on to a second provider of the same contract, and what they cost. */
import { createServer as createRawServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUsage } from '@fwk/core';
import { type FwkError, liveValue, type Meter, makeEnv, notesKey } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { type PolicySettings, policyRegistry } from '@fwk/resilience';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { del, get, post, put } from '../contract/operation.js';
import { bearer } from '../credentials/given-secrets.js';
import { describeClient } from './client-core.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

const By = z.object({ by: z.string(), units: z.number() });
const bank = contract('bank', {
  version: '1.0.0',
  operations: {
    rate: get('/rate', { response: By }),
    search: post('/search', { response: By, idempotent: true }),
    pay: post('/pay', { response: By, idempotencyKey: true }),
    wire: post('/wire', { response: By }),
    set: put('/set', { response: By }),
    remove: del('/remove', { response: By }),
  },
});

/** What a provider does with a request: a status, or no answer, or a broken connection. */
type Mode = number | 'breaks' | 'hangs';

async function provider(name: string, mode: Mode = 200) {
  const seen: IncomingHttpHeaders[] = [];
  const control = { mode, seen, url: '' };
  const server = createRawServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    if (control.mode === 'hangs') return;
    if (control.mode === 'breaks') {
      response.destroy();
      return;
    }
    response.writeHead(control.mode, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ by: name, units: 3 }));
  }).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.on('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  control.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return control;
}

/** Where nobody listens. */
const nowhere = 'http://127.0.0.1:1';

type Options = Partial<ClientOptions<typeof bank>> & ClientParts;

function clientFor(first: string, second: string, options: Options = {}, more: object = {}) {
  const events = recordEvents();
  const client = createClient(bank, {
    endpoints: [first],
    retry: false,
    timeoutMs: 20_000,
    deadlineMs: 60_000,
    alternatives: [{ service: 'second', endpoints: [second], retry: false, timeoutMs: 20_000, ...more }],
    ...options,
    env: { events, ...options.env },
  });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return { client, events };
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

const operations = ['rate', 'search', 'pay', 'wire', 'set', 'remove'] as const;
type Name = (typeof operations)[number];

describe('a call goes on', () => {
  test.each(operations)('when nothing was done: no connection, %s', async (name) => {
    const second = await provider('second');
    const { client, events } = clientFor(nowhere, second.url);
    expect(await client[name]()).toMatchObject({ by: 'second' });
    expect(events.all.filter((event) => event.name === 'failover.taken')).toMatchObject([
      { data: { service: 'bank', from: 'bank', to: 'second', operation: `bank.${name}`, code: 'FWK_HTTP_CONNECTION' } },
    ]);
  });

  test.each<[Mode, readonly Name[]]>([
    [429, ['rate', 'search', 'pay', 'wire', 'set', 'remove']],
    [503, ['rate', 'search']],
    [500, ['rate', 'search']],
    [501, ['rate', 'search']],
    ['breaks', ['rate', 'search']],
    [400, []],
    [401, []],
    [404, []],
  ])('after %s for what only reads, or was not done', async (mode, going) => {
    const [first, second] = [await provider('first', mode), await provider('second')];
    const { client } = clientFor(first.url, second.url);
    const gone = await Promise.all(
      operations.map(async (name) => [name, await client[name]().catch(() => undefined)] as const),
    );
    expect(gone.filter(([, answer]) => answer).map(([name]) => name)).toEqual(going);
    expect(second.seen).toHaveLength(going.length);
  });

  test('while the breaker of the first is open, at once and whatever it does', async () => {
    const [first, second] = [await provider('first', 500), await provider('second')];
    const { client } = clientFor(first.url, second.url, {
      breaker: { minimumCalls: 2, openMs: 60_000, maxOpenMs: 60_000 },
    });
    await failure(client.wire());
    await failure(client.wire());
    expect(await client.wire()).toMatchObject({ by: 'second' });
    expect(first.seen).toHaveLength(2);
  });

  test('when the quota of the first is used up', async () => {
    const [first, second] = [await provider('first'), await provider('second')];
    const clock = fakeClock();
    const { client } = clientFor(first.url, second.url, {
      env: { clock },
      rateLimit: { permitsPerSecond: 1, burst: 1 },
    });
    expect((await client.wire()).by).toBe('first');
    expect((await client.wire()).by).toBe('second');
    await clock.advance(1000);
    expect((await client.wire()).by).toBe('first');
  });

  test('when there is no credential for the first', async () => {
    const [first, second] = [await provider('first'), await provider('second')];
    const credentials = bearer(() => Promise.reject(new Error('vault sealed')));
    const { client } = clientFor(first.url, second.url, { credentials });
    expect((await client.pay()).by).toBe('second');
    expect(first.seen).toEqual([]);
  });

  test('after a time-out for what only reads; what may be done is not asked of another', async () => {
    const [first, second] = [await provider('first', 'hangs'), await provider('second')];
    const { client } = clientFor(first.url, second.url, { timeoutMs: 50 });
    expect((await client.rate()).by).toBe('second');
    expect(await failure(client.pay())).toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
    expect(second.seen).toHaveLength(1);
  });
});

test('a call may be allowed to repeat, or to go nowhere, by the policy, live', async () => {
  const [first, second] = [await provider('first', 500), await provider('second')];
  const settings = liveValue<Record<string, PolicySettings>>({ bank: { failover: { repeat: ['pay'] } } });
  const env = makeEnv({});
  const policies = policyRegistry(env, settings);
  const { client } = clientFor(first.url, second.url, { policies });
  expect((await client.pay()).by).toBe('second');
  await failure(client.wire());
  settings.set({ bank: { failover: false } });
  await failure(client.pay());
  await failure(client.rate());
  expect(second.seen).toHaveLength(1);
  expect(() => clientFor(first.url, second.url, { failover: { repeat: ['paid'] } })).toThrow(
    /failover.repeat has "paid", which the contract does not have/,
  );
});

test('when both are down, the last error says so, and each attempt to go on is told', async () => {
  const second = await provider('second', 503);
  const { client, events } = clientFor(nowhere, second.url, {
    alternatives: [
      { service: 'second', endpoints: [second.url], retry: false },
      { service: 'third', endpoints: [nowhere], retry: false },
    ],
  });
  expect(await failure(client.rate())).toMatchObject({ code: 'FWK_HTTP_CONNECTION', operation: 'third.rate' });
  expect(events.all.filter(({ name }) => name === 'failover.taken').map(({ data }) => [data.from, data.to])).toEqual([
    ['bank', 'second'],
    ['second', 'third'],
  ]);
  // The second may have done it, so nobody else is asked.
  expect(await failure(client.wire())).toMatchObject({ operation: 'second.wire', status: 503 });
});

test('nobody is asked for a call that was given up', async () => {
  const [first, second] = [await provider('first', 'hangs'), await provider('second')];
  const { client } = clientFor(first.url, second.url);
  const leaving = new AbortController();
  const call = failure(client.rate({}, { signal: leaving.signal }));
  await expect.poll(() => first.seen.length).toBe(1);
  leaving.abort(new Error('gone'));
  expect((await call).message).toBe('gone');
  expect(second.seen).toEqual([]);
});

test('what is the first one’s own stays with it: constant headers and credentials', async () => {
  const [first, second] = [await provider('first', 429), await provider('second')];
  const { client } = clientFor(
    first.url,
    second.url,
    { headers: { 'x-account': 'first', 'x-tenant': 'acme' }, credentials: bearer('of the first'), caller: 'shop' },
    { headers: { 'x-account': 'second' }, credentials: bearer('of the second') },
  );
  await client.pay({}, { idempotencyKey: 'order-7' });
  expect(first.seen[0]).toMatchObject({
    'x-account': 'first',
    'x-tenant': 'acme',
    authorization: 'Bearer of the first',
  });
  expect(second.seen[0]).toMatchObject({
    'x-account': 'second',
    authorization: 'Bearer of the second',
    'idempotency-key': '"order-7"',
    'fwk-caller': 'shop',
  });
  expect(second.seen[0]).not.toHaveProperty('x-tenant');
});

test('it is seen among the layers, in the notes of the call and in the metrics', async () => {
  const second = await provider('second');
  const counted: unknown[] = [];
  const { counter, ...meter } = makeEnv({}).metrics;
  const metrics = {
    ...meter,
    counter: (spec: Parameters<Meter['counter']>[0], labels: Parameters<Meter['counter']>[1]) => {
      if (spec.name === 'http.client.failovers') counted.push(labels);
      return { add: () => {} };
    },
  } as Meter;
  const { client } = clientFor(nowhere, second.url, { env: { metrics } });
  const notes = {};
  await client.rate({}, { context: (await import('@fwk/kernel')).background.with({ values: [notesKey.of(notes)] }) });
  expect(notes).toMatchObject({ fallback: 'second' });
  expect(counted).toEqual([{ 'server.address': 'bank', to: 'second', operation: 'rate', result: 'answered' }]);
  const roles = describeClient(client)?.map(({ role }) => role) ?? [];
  expect(roles.indexOf('failover')).toBeGreaterThan(roles.indexOf('deadline'));
  expect(roles.indexOf('failover')).toBeLessThan(roles.indexOf('balance'));
});

test.each([
  [[{ endpoints: ['http://127.0.0.1:1'] }]],
  [[{ service: 'bank', endpoints: ['http://127.0.0.1:1'] }]],
  [
    [
      { service: 'a', endpoints: ['http://127.0.0.1:1'] },
      { service: 'a', endpoints: ['http://127.0.0.1:2'] },
    ],
  ],
])('alternatives without names of their own are refused: %j', (alternatives) => {
  const make = () =>
    createClient(bank, { endpoints: [nowhere], alternatives: alternatives as ClientOptions['alternatives'] });
  expect(make).toThrow(/alternatives must each have a service/);
});

describe('costs', () => {
  function ledger() {
    const clock = fakeClock();
    return {
      clock,
      usage: createUsage({ service: 'shop', instance: 'shop-1', boot: 'b' }, makeEnv({}).metrics, { clock }),
    };
  }

  test('are added up by provider and operation, for answers alone', async () => {
    const { clock, usage } = ledger();
    const [first, second] = [await provider('first'), await provider('second')];
    const costs = { pay: 0.1, rate: ({ units }: z.infer<typeof By>) => units * 0.01 };
    const { client } = clientFor(first.url, second.url, { costs, usage, env: { clock } }, { costs: { rate: 0.5 } });
    await client.pay();
    await client.pay();
    await client.rate();
    await client.wire();
    first.mode = 404;
    await failure(client.rate());
    first.mode = 503;
    await client.rate();
    await clock.advance(60_000);
    expect(usage.read().periods).toMatchObject([
      {
        rows: [],
        costs: [
          { service: 'bank', operation: 'bank.pay', calls: 2, cost: 0.2 },
          { service: 'bank', operation: 'bank.rate', calls: 1, cost: 0.03 },
          { service: 'second', operation: 'second.rate', calls: 1, cost: 0.5 },
        ],
      },
    ]);
  });

  test('of a cached answer are those of the first', async () => {
    const { clock, usage } = ledger();
    const first = await provider('first');
    const { client } = clientFor(first.url, nowhere, {
      costs: { rate: 1 },
      cache: { ttlMs: 1000 },
      usage,
      env: { clock },
    });
    await client.rate();
    await client.rate();
    expect(usage.drain()[0]?.costs).toMatchObject([{ calls: 1, cost: 1 }]);
  });

  test.each<[string, () => number]>([
    ['throws', () => Reflect.apply(failing, undefined, [])],
    ['is negative', () => -1],
    ['is no number', () => Number.NaN],
    ['is beyond all', () => Number.POSITIVE_INFINITY],
  ])('that a function cannot tell (it %s) fail no call', async (_what, cost) => {
    const { clock, usage } = ledger();
    const first = await provider('first');
    const { client } = clientFor(first.url, nowhere, { costs: { rate: cost }, usage, env: { clock } });
    expect((await client.rate()).by).toBe('first');
    expect(usage.drain()[0]?.costs).toMatchObject([{ calls: 1, cost: 0 }]);
  });

  test.each([[{ pay: -1 }], [{ pay: Number.NaN }], [{ pay: '1' as unknown as number }]])('%j are refused', (costs) => {
    expect(() => createClient(bank, { endpoints: [nowhere], costs })).toThrow(/costs must be an object of operations/);
  });

  test('of an operation that is not there are refused', () => {
    const costs = { paid: 1 } as object;
    expect(() => createClient(bank, { endpoints: [nowhere], costs })).toThrow(/costs has "paid"/);
  });
});

function failing(): number {
  throw new Error('no price');
}
