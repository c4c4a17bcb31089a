import { type CallContext, OptionsError } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { reachable } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import type { Claim } from '../idempotency/idempotency-store.js';
import { memoryIdempotencyStore } from '../idempotency/memory-store.js';
import { served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import type { ServerOptions } from './server-options.js';

const bank = contract('bank', {
  version: '1.0.0',
  operations: {
    pay: post('/payments', { body: z.object({ cents: z.int() }), response: z.string(), idempotencyKey: true }),
  },
});

describe.each(wires)('over %s', (wire) => {
  const send = sendOver(wire, bank);

  describe('an operation with idempotency keys', () => {
    const servers: HttpServer[] = [];
    afterEach(async () => {
      for (const server of servers.splice(0)) await server.close();
    });
    const start = async (
      pay: (cents: number, key: string | undefined, context: CallContext) => Promise<string> | string,
      options: Partial<ServerOptions> = {},
    ) => {
      const handlers = served(bank, {
        pay: ({ body, idempotencyKey, context }) => pay(body.cents, idempotencyKey, context),
      });
      const server = createServer({ ...options, serve: [handlers] });
      servers.push(server);
      await server.start();
      reachable(server);
      const url = `${server.url}/payments`;
      const pays = (key: string | undefined, cents = 100, headers: Readonly<Record<string, string>> = {}) =>
        send(url, {
          method: 'POST',
          body: { cents },
          headers: key === undefined ? headers : { 'idempotency-key': key, ...headers },
        });
      return Object.assign(pays, { url });
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

    test('keeps the keys of callers apart, by the name they give and by the credential they show', async () => {
      let done = 0;
      const pay = await start((_cents, key) => `${++done} for ${key}`);
      const callers: readonly Readonly<Record<string, string>>[] = [
        {},
        { 'fwk-caller': 'shop' },
        { 'fwk-caller': 'office' },
        { authorization: 'Bearer a' },
      ];
      const both = { 'fwk-caller': 'shop', authorization: 'Bearer a' };
      for (const headers of [...callers, both]) {
        const first = await pay('"a"', 100, headers);
        expect(first.json).toBe(`${done} for a`);
        expect((await pay('"a"', 100, headers)).json).toBe(first.json);
        expect(await pay('"a"', 200, headers)).toMatchObject({ status: 422 });
      }
      expect(done).toBe(callers.length + 1);
    });

    test('lets nobody’s keys push out those of another caller', async () => {
      let done = 0;
      const pay = await start(() => `${++done}`, { idempotency: { maxEntries: 100, maxEntriesPerCaller: 50 } });
      await pay('"mine"', 100, { 'fwk-caller': 'me' });
      for (let at = 0; at < 300; at++) await pay(`"${at}"`, 100, { 'fwk-caller': 'stranger' });
      expect((await pay('"mine"', 100, { 'fwk-caller': 'me' })).json).toBe('1');
    });

    test('goes on when its caller is cut off, and has the answer when the caller comes back', async () => {
      const done = deferred<string>();
      const begun = deferred<CallContext>();
      const pay = await start((_cents, _key, context) => {
        begun.resolve(context);
        return done.promise;
      });
      const cutOff = new AbortController();
      const headers = { 'content-type': 'application/json', 'idempotency-key': '"a"' };
      const request = { method: 'POST', headers, body: '{"cents":100}', signal: cutOff.signal };
      const first = fetch(pay.url, request).catch((error: unknown) => error);
      const context = await begun.promise;
      cutOff.abort();
      await first;
      expect(await pay('"a"')).toMatchObject({ status: 409 });
      expect(context.cancelled).toBe(false);
      done.resolve('paid');
      await expect.poll(async () => (await pay('"a"')).json).toBe('paid');
    });

    test('that never ends holds its key no longer than its limit and a margin', async () => {
      const clock = fakeClock();
      const store = memoryIdempotencyStore({}, clock);
      let calls = 0;
      const pay = await start(() => (++calls === 1 ? new Promise<string>(() => {}) : 'paid'), {
        timeoutMs: 100,
        idempotency: { store },
      });
      expect(await pay('"a"')).toMatchObject({ status: 504 });
      expect(await pay('"a"')).toMatchObject({ status: 409 });
      await clock.advance(5100);
      expect((await pay('"a"')).json).toBe('paid');
    });

    test('is refused, and not worked on, while the store that instances share cannot be asked', async () => {
      let calls = 0;
      const store = { claim: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:6379')) };
      const pay = await start(() => `${++calls}`, { idempotency: { store } });
      const refused = await pay('"a"');
      expect(refused).toMatchObject({ status: 503, json: { code: 'FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE' } });
      expect(refused.headers['retry-after']).toBe('1');
      expect(refused.text).not.toContain('10.0.0.7');
      expect(calls).toBe(0);
    });

    test('is answered within its limit though the store hangs, before or after the work', async () => {
      const hanging = new Promise<never>(() => {});
      const before = await start(() => 'paid', { timeoutMs: 100, idempotency: { store: { claim: () => hanging } } });
      expect(await before('"a"')).toMatchObject({ status: 504 });
      const entry = { finish: () => hanging, release: () => hanging };
      const after = await start(() => 'paid', {
        timeoutMs: 100,
        idempotency: { store: { claim: () => ({ kind: 'fresh', entry }) } },
      });
      expect(await after('"a"')).toMatchObject({ status: 504 });
    });

    test('releases a key that the store grants when the limit is over', async () => {
      const claim = deferred<Claim>();
      let released = 0;
      const entry = { finish: () => {}, release: () => void released++ };
      const pay = await start(() => 'paid', {
        timeoutMs: 100,
        idempotency: { store: { claim: () => claim.promise } },
      });
      expect(await pay('"a"')).toMatchObject({ status: 504 });
      claim.resolve({ kind: 'fresh', entry });
      await expect.poll(() => released).toBe(1);
    });

    test('is answered although its answer could not be kept', async () => {
      const entry = { finish: () => Promise.reject(new Error('gone')), release: () => {} };
      const pay = await start(() => 'paid', {
        idempotency: { store: { claim: async () => ({ kind: 'fresh', entry }) } },
      });
      expect((await pay('"a"')).json).toBe('paid');
    });

    test.each([null, 7, { store: {} }, { store: 'redis' }])('refuses a store that is none: %j', (idempotency) => {
      expect(() => createServer({ serve: [], idempotency: idempotency as never })).toThrow(OptionsError);
    });
  });
});
