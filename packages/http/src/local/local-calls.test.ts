import { AsyncLocalStorage } from 'node:async_hooks';
import { createMeter } from '@fwk/core';
import { background, cancellable, isFwkError, sleep, systemClock } from '@fwk/kernel';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ClientOptions } from '../client/client-options.js';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import type { Client, Handlers } from '../contract/contract-types.js';
import { post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { localGroup } from './local-group.js';

const box = contract('box', {
  version: '1.0.0',
  operations: {
    echo: post('/echo', { body: z.unknown(), response: z.unknown() }),
    made: post('/made', { response: z.unknown() }),
    keyed: post('/keyed', { body: z.unknown(), response: z.unknown(), idempotencyKey: true }),
    next: post('/next', { body: z.number(), response: z.number(), timeoutMs: 60_000 }),
  },
});
type Box = typeof box;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const handlers: Handlers<Box> = {
  echo: ({ body }) => body,
  made: () => null,
  keyed: ({ body }) => body,
  next: ({ body }) => body,
};

/** A service in a group of its own, and a client of it. */
async function inOneProcess(
  replaced: Partial<Handlers<Box>> = {},
  options: Partial<ClientOptions<Box>> = {},
  own: Partial<ServerOptions> = {},
) {
  const group = localGroup();
  const server = createServer({ serve: [served(box, { ...handlers, ...replaced })], listen: false, ...own });
  await server.start();
  closing.push(() => server.close());
  group.add(server);
  const client = createClient(box, { group, wire: 'local', ...options });
  closing.push(async () => client[Symbol.asyncDispose]());
  return { group, server, client };
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => error,
  );

describe('values are copied', () => {
  test('so that a handler that changes its request changes nothing of the caller', async () => {
    const { client } = await inOneProcess({
      echo: ({ body }) => {
        const list = body as { parts: { left: number }[] };
        for (const part of list.parts) part.left = 0;
        list.parts.push({ left: -1 });
        return body;
      },
    });
    const given = { parts: [{ left: 7 }] };
    const call = client.echo({ body: given });
    expect(await call).toEqual({ parts: [{ left: 0 }, { left: -1 }] });
    expect(given).toEqual({ parts: [{ left: 7 }] });
  });

  test('when the call is made and when it is answered, whatever either side changes later', async () => {
    const [begun, go] = [deferred<void>(), deferred<void>()];
    const kept = { left: 7, parts: [1] };
    let seen: unknown;
    const { client } = await inOneProcess({
      echo: async ({ body }) => {
        begun.resolve();
        await go.promise;
        seen = body;
        return kept;
      },
    });
    const given = { order: 1 };
    const call = client.echo({ body: given });
    given.order = 2;
    await begun.promise;
    given.order = 3;
    go.resolve();
    const answer = (await call) as typeof kept;
    kept.left = 0;
    kept.parts.push(2);
    expect(seen).toEqual({ order: 1 });
    expect(answer).toEqual({ left: 7, parts: [1] });
    answer.parts.push(3);
    expect(kept.parts).toEqual([1, 2]);
  });

  test('for each caller that gets the same kept answer', async () => {
    const { client } = await inOneProcess();
    const ask = () => client.keyed({ body: { parts: [1] } }, { idempotencyKey: 'order-7' });
    const first = (await ask()) as { parts: number[] };
    first.parts.push(2);
    expect(await ask()).toEqual({ parts: [1] });
  });

  test('for each attempt, so that a second one does not see what the first has changed', async () => {
    let attempts = 0;
    const { client } = await inOneProcess({
      keyed: ({ body }) => {
        const { parts } = body as { parts: number[] };
        parts.push(2);
        attempts++;
        if (attempts === 1) throw new Error('try again');
        return parts;
      },
    });
    expect(await client.keyed({ body: { parts: [1] } })).toEqual([1, 2]);
    expect(attempts).toBe(2);
  });

  test('of headers, which are the handler’s own', async () => {
    const seen: unknown[] = [];
    const { client } = await inOneProcess(
      {
        made: ({ headers }) => {
          seen.push({ ...headers });
          (headers as Record<string, string>)['x-tenant'] = 'changed';
          return null;
        },
      },
      { headers: { 'x-tenant': 'a' } },
    );
    await client.made({});
    await client.made({});
    expect(seen).toEqual([expect.objectContaining({ 'x-tenant': 'a' }), expect.objectContaining({ 'x-tenant': 'a' })]);
  });
});

describe('values are what they would be over HTTP', () => {
  let made: () => unknown = () => null;
  let taken: unknown;
  const echoing: Partial<Handlers<Box>> = {
    made: () => made(),
    echo: ({ body }) => {
      taken = body;
      return body;
    },
  };
  let local: Client<Box>;
  let http: Client<Box>;
  const ending: AsyncDisposable[] = [];
  beforeAll(async () => {
    const group = localGroup();
    const server = createServer({ serve: [served(box, { ...handlers, ...echoing })] });
    await server.start();
    group.add(server);
    const patient = { retry: false, breaker: false, ejection: false, timeoutMs: 20_000 } as const;
    const [one, two] = [
      createClient(box, { group, wire: 'local', ...patient }),
      createClient(box, { endpoints: [server.url], wire: 'http', ...patient }),
    ];
    ending.push(one, two, server);
    [local, http] = [one, two];
  });
  afterAll(async () => {
    for (const each of ending) await each[Symbol.asyncDispose]();
  });

  /** What a caller and a handler get. */
  async function got(client: Client<Box>, call: (client: Client<Box>) => Promise<unknown>) {
    taken = undefined;
    const answer = await call(client).catch((error: unknown) =>
      isFwkError(error) ? { code: error.code, status: Reflect.get(error, 'status') } : error,
    );
    return { answer, taken };
  }

  async function agree(call: (client: Client<Box>) => Promise<unknown>): Promise<void> {
    const [here, there] = [await got(local, call), await got(http, call)];
    expect(here).toStrictEqual(there);
    expect(Object.is(Reflect.get(Object(here.answer), 'zero'), -0)).toBe(false);
  }

  class Money {
    readonly cents = 5;
    readonly note = undefined;
    get euros() {
      return this.cents / 100;
    }
  }
  class Shown {
    toJSON() {
      return { shown: true };
    }
  }
  const round: Record<string, unknown> = {};
  round.self = round;
  let deep: unknown = 1;
  for (let depth = 0; depth < 5000; depth++) deep = [deep];
  const odd: readonly (readonly [string, unknown])[] = [
    ['undefined fields', { a: undefined, b: [undefined, () => 1, Symbol('s')], c: () => 1 }],
    ['nothing', undefined],
    ['dates', { at: new Date(0), bad: new Date(Number.NaN) }],
    [
      'instances of classes',
      { money: new Money(), shown: new Shown(), error: new Error('x'), url: new URL('http://a/b') },
    ],
    [
      'collections',
      { map: new Map([[1, 2]]), set: new Set([1]), bytes: Buffer.from('é'), list: new Uint8Array([1, 2]) },
    ],
    ['numbers', { nan: Number.NaN, huge: Number.POSITIVE_INFINITY, zero: -0, safe: 2 ** 53 + 2, tiny: 5e-324 }],
    ['boxed values', { number: Object(7), text: Object('x'), yes: Object(true) }],
    ['big integers', { big: 7n }],
    ['a circle', round],
    ['text of all kinds', { text: '\u0000\n"\\é€😀\ud800', '\ud800': 1, '': 2 }],
    ['keys in the order of numbers', { b: 1, 2: 1, a: 1, 1: 1 }],
    ['lists with holes', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1 })],
    [
      'inherited fields',
      Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } }),
    ],
    ['dangerous keys', JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{}}}')],
    ['a proxy', new Proxy({ a: 1 }, {})],
    ['depth', deep],
  ];

  test.each(odd)('%s', async (_what, value) => {
    await agree((client) => client.echo({ body: value }));
    made = () => value;
    await agree((client) => client.made({}));
  });

  test('whatever JSON there is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withDate: true, withNullPrototype: true, withSparseArray: true }),
        async (value) => {
          await agree((client) => client.echo({ body: value }));
          made = () => value;
          await agree((client) => client.made({}));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('limits', () => {
  test('of a body and of an answer count bytes, as over the network', async () => {
    const small = { bodyLimitBytes: 1000 };
    const { client } = await inOneProcess({}, { maxAnswerBytes: 900, retry: false }, small);
    expect(await failure(client.echo({ body: 'é'.repeat(500) }))).toMatchObject({ status: 413 });
    expect(await failure(client.echo({ body: 'x'.repeat(899) }))).toMatchObject({ code: 'FWK_HTTP_ANSWER_INVALID' });
    expect(await client.echo({ body: 'é'.repeat(449) })).toBe('é'.repeat(449));
  });

  test('of time end the call, and cancel the handler', async () => {
    const cancelled = deferred<unknown>();
    const { client } = await inOneProcess(
      {
        made: ({ context }) =>
          new Promise((_, reject) => {
            context.onCancel((reason) => {
              cancelled.resolve(reason);
              reject(reason);
            });
          }),
      },
      { timeoutMs: 30, retry: false },
    );
    expect(await failure(client.made({}))).toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
    expect(await cancelled.promise).toMatchObject({ code: expect.stringMatching(/CANCELLED|DEADLINE/) });
  });

  test('of a caller that gives up cancel the handler', async () => {
    const [begun, cancelled] = [deferred<void>(), deferred<unknown>()];
    const { client } = await inOneProcess({
      made: ({ context }) => {
        context.onCancel(cancelled.resolve);
        begun.resolve();
        return cancelled.promise;
      },
    });
    const { context, cancellation } = cancellable();
    const call = failure(client.made({}, { context }));
    await begun.promise;
    cancellation.cancel('enough');
    expect(await call).toBe('enough');
    expect(await cancelled.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
  });

  test('of calls under way make further ones wait, up to their own limit', async () => {
    const gate = deferred<void>();
    let working = 0;
    const { client } = await inOneProcess(
      {
        made: async () => {
          working++;
          await gate.promise;
          return null;
        },
      },
      { timeoutMs: 60_000, deadlineMs: 60_000, retry: false },
    );
    const calls = Array.from({ length: 4200 }, () => client.made({}));
    await expect.poll(() => working, { timeout: 15_000 }).toBe(4096);
    await sleepFor(20);
    expect(working).toBe(4096);
    gate.resolve();
    await Promise.all(calls);
    expect(working).toBe(4200);
  });
});

const sleepFor = (ms: number) => sleep(systemClock, ms, background);

describe('a handler', () => {
  test('does not run in the async context of its caller', async () => {
    const user = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { client } = await inOneProcess({
      made: async () => {
        seen.push(user.getStore());
        await sleepFor(1);
        seen.push(user.getStore());
        return null;
      },
    });
    await user.run('ada', async () => {
      await client.made({});
      expect(user.getStore()).toBe('ada');
    });
    expect(seen).toEqual([undefined, undefined]);
  });

  test('that throws is answered as over the network, without what it threw', async () => {
    const { client } = await inOneProcess(
      {
        made: () => {
          throw new TypeError('secret');
        },
      },
      { retry: false },
    );
    const error = (await failure(client.made({}))) as Error & { readonly status: number };
    expect(error.status).toBe(500);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(error.cause).toBeUndefined();
  });
});

describe('calls that call each other', () => {
  test('in a circle end at their deadline, and let timers run meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const circle: { client?: Client<Box> } = {};
    const { client } = await inOneProcess(
      { next: ({ body }) => circle.client?.next({ body: body + 1 }) ?? 0 },
      { deadlineMs: 300, retry: false, breaker: false, ejection: false },
    );
    circle.client = client;
    const error = await failure(client.next({ body: 0 }));
    clearInterval(timer);
    expect(isFwkError(error)).toBe(true);
    expect(turns).toBeGreaterThan(0);
  });

  test('a thousand deep do not use up the stack', async () => {
    const chain: { client?: Client<Box> } = {};
    const { client } = await inOneProcess(
      { next: ({ body }) => (body === 0 ? 0 : (chain.client as Client<Box>).next({ body: body - 1 })) },
      { deadlineMs: 60_000 },
    );
    chain.client = client;
    expect(await client.next({ body: 1000 })).toBe(0);
  });
});

describe('a server that ends', () => {
  test('answers what it works on, and takes no more', async () => {
    const [begun, go] = [deferred<void>(), deferred<void>()];
    const { client, server, group } = await inOneProcess(
      {
        made: async () => {
          begun.resolve();
          await go.promise;
          return 'done';
        },
      },
      { retry: false },
    );
    const call = client.made({});
    await begun.promise;
    await server.stopAccepting();
    expect(group.services).toEqual([]);
    expect(await failure(client.made({}))).toMatchObject({ code: 'FWK_DISCOVERY_NO_ENDPOINT' });
    go.resolve();
    expect(await call).toBe('done');
  });

  test('at once gives up its calls, as a broken connection would', async () => {
    const [begun, cancelled] = [deferred<void>(), deferred<unknown>()];
    const { client, server } = await inOneProcess(
      {
        made: ({ context }) => {
          context.onCancel(cancelled.resolve);
          begun.resolve();
          return new Promise(() => {});
        },
      },
      { retry: false },
    );
    const call = failure(client.made({}));
    await begun.promise;
    await server.close();
    expect(await call).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true, details: { reason: 'ECONNRESET' } });
    expect(await cancelled.promise).toBeDefined();
  });
});

test('both ends measure each call, and say that it took no wire', async () => {
  const metrics = createMeter();
  const { client } = await inOneProcess({}, { env: { metrics } } as never, { env: { metrics } });
  await client.echo({ body: 1 });
  const labelsOf = (name: string) =>
    metrics
      .collect()
      .filter((family) => family.name === name)
      .flatMap(({ samples }) => samples.map(({ labels }) => labels.network_protocol_name));
  expect(labelsOf('http.client.request.duration')).toContain('local');
  expect(labelsOf('http.server.request.duration')).toContain('local');
});
