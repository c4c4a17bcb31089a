/** Headers that a client adds to its requests: constant ones, and those of a function that is asked for each attempt. */
import { createServer as createRawServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { background, cancellable, type FwkError, isFwkError, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, layerContract, recordEvents } from '@fwk/kernel/testing';
import { policyRegistry } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { clientOperation, type OperationRequest, type OperationResponse } from '../calling/operation-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { describeClient } from './client-core.js';
import type { HeadersCall, HeadersFunction } from './client-headers.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';
import { headersLayer } from './headers-layer.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Answers each request by the next of some statuses, and 200 after the last. */
async function serve(...statuses: readonly number[]) {
  const seen: IncomingHttpHeaders[] = [];
  const listener: RequestListener = (request, response) => {
    const status = statuses[seen.length] ?? 200;
    seen.push(request.headers);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(request.method === 'GET' ? '{"id":"a","size":1}' : '{"order":"made"}');
  };
  const server = createRawServer(listener).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.on('listening', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function clientFor(url: string, options: Partial<ClientOptions<typeof shop>> & ClientParts) {
  const client = createClient(shop, {
    endpoints: [url],
    timeoutMs: 20_000,
    deadlineMs: 60_000,
    breaker: false,
    retry: { baseDelayMs: 0 },
    ...options,
  });
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

const item = { params: { id: 'a' } };
const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

test('constant headers go with every request, beside the framework’s own', async () => {
  const { url, seen } = await serve();
  const client = clientFor(url, { headers: { 'X-Tenant': 'acme', 'x-absent': undefined }, caller: 'checkout' });
  await client.item(item);
  expect(seen[0]).toMatchObject({ 'x-tenant': 'acme', 'fwk-caller': 'checkout', accept: expect.any(String) });
  expect(seen[0]).not.toHaveProperty('x-absent');
});

describe('a function', () => {
  test('is told what the attempt is, and may answer at once or later', async () => {
    const { url, seen } = await serve();
    const told: HeadersCall[] = [];
    const client = clientFor(url, {
      headers: async (call) => {
        told.push(call);
        return { authorization: 'Bearer one' };
      },
    });
    await client.order({ body: { sku: 'lamp', quantity: 1 } });
    expect(told[0]).toMatchObject({
      service: 'shop',
      operation: 'shop.order',
      method: 'POST',
      path: '/orders',
      attempt: 1,
    });
    expect(told[0]?.body).toBe('{"sku":"lamp","quantity":1}');
    expect(told[0]?.context.deadlineMs).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(seen[0]?.authorization).toBe('Bearer one');
    const atOnce = clientFor(url, { headers: ({ path }) => ({ 'x-signed': path }) });
    await atOnce.item(item);
    expect(seen[1]?.['x-signed']).toBe('/items/a');
  });

  test('is asked anew for each attempt', async () => {
    const { url, seen } = await serve(503, 503);
    let token = 0;
    await clientFor(url, { headers: () => ({ authorization: `Bearer ${++token}` }) }).item(item);
    expect(seen.map((headers) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2', 'Bearer 3']);
  });

  test('is asked once for a call with an idempotency key, whose owner a server knows by the credential', async () => {
    const { url, seen } = await serve(500, 500);
    let token = 0;
    const client = clientFor(url, { headers: () => ({ authorization: `Bearer ${++token}` }) });
    await client.order({ body: { sku: 'lamp', quantity: 1 } });
    await client.order({ body: { sku: 'lamp', quantity: 1 } });
    expect(seen.map((headers) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 1', 'Bearer 1', 'Bearer 2']);
  });

  test('does not hide that a credential is refused', async () => {
    const { url, seen } = await serve(401);
    const error = await failure(clientFor(url, { headers: () => ({ authorization: 'Bearer old' }) }).item(item));
    expect(error).toMatchObject({ code: 'FWK_HTTP_REMOTE', status: 401 });
    expect(seen).toHaveLength(1);
  });

  test.each<[string, () => unknown, string, string]>([
    ['a line break', () => ({ 'x-a': 'secret\r\nx-b: 1' }), 'x-a', 'has a line break, a control character'],
    ['a NUL', () => ({ 'x-a': 'secret\0' }), 'x-a', 'has a line break, a control character'],
    ['a number', () => ({ 'x-a': 7 }), 'x-a', 'must be text, not number'],
    ['a list', async () => ({ 'x-a': ['secret'] }), 'x-a', 'must be text, not object'],
    ['a name that is none', () => ({ 'x:a': 'secret' }), 'x:a', 'is no name of a header'],
    ['a name with a line break', () => ({ 'x\r\na': 'secret' }), 'x\r\na', 'is no name of a header'],
    ['an empty name', () => ({ '': 'secret' }), '', 'headers that have an empty name among them'],
    ['a header of the connection', () => ({ 'Transfer-Encoding': 'secret' }), 'transfer-encoding', 'belongs to the'],
    ['a header of ours', async () => ({ traceparent: 'secret' }), 'traceparent', 'is written by the framework itself'],
    ['the deadline', () => ({ 'fwk-deadline-ms': '1' }), 'fwk-deadline-ms', 'is written by the framework itself'],
    ['one name twice', () => ({ 'x-a': 'secret', 'X-A': 'b' }), 'x-a', 'is given twice'],
    ['much too much', () => ({ 'x-a': 'secret'.repeat(2000) }), 'x-a', 'has 12000 characters, more than 8192'],
    ['nothing', () => undefined, '', 'headers that must be an object of names and values, not undefined'],
    ['text', () => 'secret', '', 'headers that must be an object of names and values, not string'],
    [
      'a Headers object',
      () => new Headers({ 'x-a': 'secret' }),
      '',
      'headers that must be an object of names and values, not a Headers',
    ],
    ['null, later', async () => null, '', 'headers that must be an object of names and values, not null'],
  ])('that answers %s ends the call before anything is sent', async (_what, headers, header, said) => {
    const { url, seen } = await serve();
    const error = await failure(clientFor(url, { headers: headers as HeadersFunction }).item(item));
    expect(error).toMatchObject({ code: 'FWK_HTTP_HEADERS_INVALID', header, message: expect.stringContaining(said) });
    expect(error.message + JSON.stringify(error.details)).not.toContain('secret');
    expect(seen).toEqual([]);
  });

  test.each<[string, HeadersFunction]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])(
    'that %s ends the call with its error as the cause, tried once and held against nobody',
    async (_what, headers) => {
      const { url, seen } = await serve();
      let asked = 0;
      const error = await failure(
        clientFor(url, {
          headers: (call) => {
            asked++;
            return headers(call);
          },
        }).item(item),
      );
      expect(error).toMatchObject({ code: 'FWK_HTTP_HEADERS_FAILED', cause: { message: 'secret' } });
      expect(error.message).toBe("shop.item was not sent: the client's headers function threw");
      expect(error.traits).toMatchObject({ refusedBy: 'caller', notProcessed: true });
      expect([asked, seen]).toEqual([1, []]);
    },
  );

  test('does not see its headers in events', async () => {
    const { url } = await serve(503);
    const events = recordEvents();
    const env = makeEnv({ events });
    await clientFor(url, { env, headers: () => ({ authorization: 'Bearer secret' }) }).item(item);
    expect(events.all.length).toBeGreaterThan(0);
    expect(JSON.stringify(events.all)).not.toContain('secret');
  });
});

describe('constant headers that cannot be sent', () => {
  test.each<[string, unknown, string]>([
    ['a line break', { 'x-a': 'secret\n' }, 'headers.x-a has a line break, a control character, or one beyond Latin-1'],
    ['a number', { 'x-a': 7 }, 'headers.x-a must be text, not number'],
    ['a header of the connection', { Host: 'secret' }, 'headers.host belongs to the connection'],
    ['a Map', new Map([['x-a', 'secret']]), 'headers must be an object of names and values, not a Map'],
    ['text', 'secret', 'headers must be an object of names and values, not string'],
  ])('such as %s are refused when the client is made', (_what, headers, said) => {
    const make = () => createClient(shop, { endpoints: ['http://127.0.0.1:1'], headers: headers as never });
    expect(make).toThrow(said);
    expect(make).not.toThrow('secret');
  });

  test('and a limit of time that is none', () => {
    const make = () => createClient(shop, { endpoints: ['http://127.0.0.1:1'], headersTimeoutMs: 0 });
    expect(make).toThrow('headersTimeoutMs must be a number from 1 to 60000 ms');
  });
});

describe('answers that callers share', () => {
  const endpoints = ['http://127.0.0.1:1'];
  const headers = () => ({ authorization: 'Bearer one' });

  test('are refused without a key of their own where headers are a function', () => {
    const make = (options: Partial<ClientOptions<typeof shop>>) => () => createClient(shop, { endpoints, ...options });
    expect(make({ headers, cache: { ttlMs: 1000 } })).toThrow(/cache needs a keyOf where headers is a function/);
    expect(make({ headers, coalesce: {} })).toThrow(/coalesce needs a keyOf where headers is a function/);
    expect(make({ headers, operations: { item: { cache: { ttlMs: 1 } } } })).toThrow(
      /operations\.item: cache needs a keyOf/,
    );
    expect(make({ headers, cache: { ttlMs: 1000, keyOf: () => 'all' } })).not.toThrow();
    expect(make({ headers: { 'x-a': '1' }, cache: { ttlMs: 1000 } })).not.toThrow();
  });

  test('are refused as well when configuration asks for them later, and what was in force stays', () => {
    const source = liveValue<unknown>({});
    const env = makeEnv();
    const policies = policyRegistry(env, source);
    const client = createClient(shop, { endpoints, headers, policies, env });
    closing.push(async () => client[Symbol.asyncDispose]());
    const roles = () => describeClient(client)?.map(({ role }) => role);
    source.set({ shop: { cache: { ttlMs: 1000 } } });
    expect(policies.refusal?.reasons[0]).toMatch(
      /^policy "shop" where it is used: cache needs a keyOf where headers is/,
    );
    expect(roles()).toEqual([
      'operation-telemetry',
      'deadline',
      'retry',
      'keyed-attempts',
      'headers',
      'shadow',
      'balance',
    ]);
    source.set({ shop: { operations: { item: { coalesce: {} } } } });
    expect(policies.refusal?.reasons[0]).toMatch(/operations\.item: coalesce needs a keyOf/);
  });
});

describe('the layer', () => {
  const request: OperationRequest = {
    operation: clientOperation({ ...shop.plans[0]!, timeoutMs: 70 }, undefined),
    path: '/items/a',
    body: undefined,
    headers: ['x-own', 'call'],
    idempotencyKey: undefined,
    given: {},
  };
  const answer: OperationResponse = { status: 200, value: 7 };
  const layer = () => headersLayer('shop', () => ({ 'x-a': '1' }), 2000);
  for (const { name, run } of layerContract({ layer, request, answer })) test(name, run);

  function built(headers: HeadersFunction) {
    const clock = fakeClock();
    const sent: (readonly string[])[] = [];
    const service = headersLayer('shop', headers, 2000).wrap(
      {
        call: (passed) => {
          sent.push(passed.headers);
          return Promise.resolve(answer);
        },
        status: () => 'ready',
      },
      makeEnv({ clock }),
    );
    return { clock, sent, service };
  }

  test('calls on at once when the function answers at once, and lets what the call says stand', () => {
    const { service, sent } = built(() => ({ 'x-a': '1', 'x-own': 'client' }));
    void service.call(request, background);
    expect(sent).toEqual([['x-own', 'call', 'x-a', '1']]);
  });

  test('gives a function that hangs up after its limit, and leaves no timer', async () => {
    const { service, sent, clock } = built(() => new Promise(() => {}));
    const failed = failure(service.call(request, background));
    await clock.advance(1999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await failed).toMatchObject({
      code: 'FWK_HTTP_HEADERS_FAILED',
      message: "shop.item was not sent: the client's headers function took longer than headersTimeoutMs 2000",
    });
    expect([sent, clock.pending]).toEqual([[], 0]);
  });

  test('ends the wait with the call, by the caller’s own reason', async () => {
    const { service, clock } = built(() => new Promise(() => {}));
    const { context, cancel } = cancellable();
    const failed = failure(service.call(request, context));
    const reason = new Error('enough');
    cancel(reason);
    expect(await failed).toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('sends nothing for a call that was cancelled while the function answered', async () => {
    const { context, cancel } = cancellable();
    const reason = new Error('enough');
    const { service, sent } = built(async () => {
      cancel(reason);
      return {};
    });
    expect(await failure(service.call(request, context))).toBe(reason);
    expect(sent).toEqual([]);
  });

  test('takes what throws when it is looked at as a failure of the function', async () => {
    const { service } = built(() => ({
      get 'x-a'(): string {
        throw new Error('no token');
      },
    }));
    const error = await failure(service.call(request, background));
    expect(isFwkError(error, 'FWK_HTTP_HEADERS_FAILED')).toBe(true);
    expect(error.cause).toMatchObject({ message: 'no token' });
  });
});
