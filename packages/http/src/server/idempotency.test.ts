import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { send } from '../fixtures/raw-request.js';
import { problem } from '../wire/problem.js';
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
