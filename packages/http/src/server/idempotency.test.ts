import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { send } from '../fixtures/raw-request.js';
import { problem } from '../wire/problem.js';
import type { Answer } from './answer.js';
import { type ClaimedKey, idempotencyStore } from './idempotency-store.js';
import { served } from './served.js';
import { createServer, type HttpServer } from './server.js';

const bank = contract('bank', {
  version: '1.0.0',
  operations: {
    pay: post('/payments', { body: z.object({ cents: z.int() }), response: z.string(), idempotencyKey: true }),
  },
});

describe('an operation with idempotency keys', () => {
  const servers: HttpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  const start = async (pay: (cents: number, key: string | undefined) => Promise<string> | string) => {
    const handlers = served(bank, { pay: ({ body, idempotencyKey }) => pay(body.cents, idempotencyKey) });
    const server = createServer({ serve: [handlers] });
    servers.push(server);
    await server.start();
    return (key: string | undefined, cents = 100) =>
      send(`${server.url}/payments`, {
        method: 'POST',
        body: { cents },
        headers: key === undefined ? {} : { 'idempotency-key': key },
      });
  };

  test('is done once for each key; later requests get the stored answer', async () => {
    let done = 0;
    const pay = await start((cents, key) => `${++done}: ${cents} for ${key}`);
    expect((await pay('"a"')).json).toBe('1: 100 for a');
    expect((await pay('"a"')).json).toBe('1: 100 for a');
    expect((await pay('"b"')).json).toBe('2: 100 for b');
  });

  test('is refused without a key, and with one that is no quoted string', async () => {
    const pay = await start(() => 'paid');
    for (const key of [undefined, 'unquoted', '""']) {
      expect(await pay(key)).toMatchObject({ status: 400, json: { code: 'FWK_HTTP_IDEMPOTENCY_KEY_MISSING' } });
    }
  });

  test('is refused when the key was used for another payload', async () => {
    const pay = await start(() => 'paid');
    await pay('"a"', 100);
    expect(await pay('"a"', 200)).toMatchObject({ status: 422, json: { code: 'FWK_HTTP_IDEMPOTENCY_KEY_REUSED' } });
  });

  test('tells a second request to wait while the first is worked on', async () => {
    const first = deferred<string>();
    const begun = deferred<void>();
    const pay = await start(() => {
      begun.resolve();
      return first.promise;
    });
    const sent = pay('"a"');
    await begun.promise;
    const second = await pay('"a"');
    expect(second).toMatchObject({ status: 409, json: { code: 'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS' } });
    expect(second.headers['retry-after']).toBe('1');
    first.resolve('paid');
    expect((await sent).json).toBe('paid');
    expect((await pay('"a"')).json).toBe('paid');
  });

  test('stores refusals, but not failures, so that trying again can succeed', async () => {
    const errors = [new Error('broken'), problem(503, 'Busy'), problem(409, 'Sold out')];
    let calls = 0;
    const pay = await start(() => {
      throw errors[calls++];
    });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await pay('"a"')).status);
    expect([statuses, calls]).toEqual([[500, 503, 409, 409], 3]);
  });
});

describe('the store', () => {
  const answer = (body: string): Answer => ({ status: 200, contentType: undefined, body, headers: undefined });
  const fresh = (claim: ReturnType<ReturnType<typeof idempotencyStore>['claim']>): ClaimedKey => {
    if (claim.kind !== 'fresh') throw new Error(`expected a fresh claim, not ${claim.kind}`);
    return claim.entry;
  };

  test('forgets an answer when its time is over', async () => {
    const clock = fakeClock();
    const store = idempotencyStore({ keepMs: 1000 }, clock);
    fresh(store.claim('a', 'f')).finish(answer('1'));
    await clock.advance(999);
    expect(store.claim('a', 'f').kind).toBe('stored');
    await clock.advance(1);
    expect(store.claim('a', 'f').kind).toBe('fresh');
  });

  test('drops the oldest answer when it is full, never what is being worked on', () => {
    const store = idempotencyStore({ maxEntries: 3 }, fakeClock());
    const working = fresh(store.claim('working', 'f'));
    for (const key of ['a', 'b', 'c']) fresh(store.claim(key, 'f')).finish(answer(key));
    expect(store.size).toBe(3);
    expect(store.claim('working', 'f').kind).toBe('running');
    expect(store.claim('c', 'f').kind).toBe('stored');
    working.release();
    expect(store.claim('a', 'f').kind).toBe('fresh');
  });

  test('takes no more work than it may keep', () => {
    const store = idempotencyStore({ maxEntries: 1 }, fakeClock());
    fresh(store.claim('a', 'f'));
    expect(store.claim('b', 'f').kind).toBe('full');
  });

  test('is bounded by the length of its answers', () => {
    const store = idempotencyStore({ maxLength: 1024 }, fakeClock());
    for (const key of ['a', 'b', 'c']) fresh(store.claim(key, 'f')).finish(answer('x'.repeat(500)));
    expect(store.claim('a', 'f').kind).toBe('fresh');
    expect(store.claim('c', 'f').kind).toBe('stored');
  });

  test('a claim that ended stays ended', () => {
    const store = idempotencyStore({}, fakeClock());
    const claim = fresh(store.claim('a', 'f'));
    claim.release();
    fresh(store.claim('a', 'f')).finish(answer('second'));
    claim.finish(answer('first'));
    expect(store.claim('a', 'f')).toMatchObject({ kind: 'stored', answer: { body: 'second' } });
  });
});
