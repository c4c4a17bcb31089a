/** The same promises for a program written with each framework. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { currentContext, systemClock } from '@fwk/kernel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { type ProgramHandlers, programs } from '../fixtures/programs.js';
import { type RawRequest, send } from '../fixtures/raw-request.js';
import { problem } from '../wire/problem.js';
import { protect } from './protect.js';
import type { ProtectOptions } from './protect-options.js';

const routes = { 'POST /orders': {}, 'GET /orders/:id': {} };

describe.each(Object.entries(programs))('a program of %s', (_name, make) => {
  const start = async (handlers: Partial<ProgramHandlers>, options: Partial<ProtectOptions> = {}) => {
    const { program, listen, close } = await make({ read: () => ({}), write: () => ({}), ...handlers });
    protect(program, { routes, ...options });
    const server: Server = await listen();
    onTestFinished(async () => void (await close()));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return (path: string, request?: RawRequest) => send(`${url}${path}`, request);
  };
  const order = { method: 'POST', body: { sku: 'lamp' } } as const;

  test('answers as before, and sees the time that remains in its handlers', async () => {
    const seen: number[] = [];
    const remaining = () => seen.push(currentContext().deadlineMs - systemClock.now());
    const ask = await start({
      read: async ({ url }) => {
        await null;
        remaining();
        return { url };
      },
      write: ({ body }) => {
        remaining();
        return { body };
      },
    });
    expect(await ask('/orders/7', { headers: { 'fwk-deadline-ms': '700' } })).toMatchObject({
      status: 200,
      headers: { 'x-by': 'program' },
      json: { url: '/orders/7' },
    });
    expect(await ask('/orders', { ...order, headers: { 'fwk-deadline-ms': '700' } })).toMatchObject({
      status: 201,
      json: { body: { sku: 'lamp' } },
    });
    expect(seen).toHaveLength(2);
    for (const each of seen) {
      expect(each).toBeGreaterThan(0);
      expect(each).toBeLessThanOrEqual(700);
    }
  });

  test('is not asked when the time of the caller is over', async () => {
    let asked = 0;
    const ask = await start({ read: () => ({ asked: ++asked }) });
    const answer = await ask('/orders/7', { headers: { 'fwk-deadline-ms': '0' } });
    expect(answer).toMatchObject({ status: 504, json: { instance: '/orders/7', status: 504 } });
    expect(asked).toBe(0);
  });

  test('is cut off at its deadline, and what it answers later does no harm', async () => {
    const late = deferred<object>();
    const reasons: unknown[] = [];
    const ask = await start(
      {
        read: () => {
          currentContext().onCancel((reason) => reasons.push(reason));
          return late.promise;
        },
        write: () => ({ well: true }),
      },
      { operations: { 'GET /orders/:id': { deadlineMs: 50 } } },
    );
    const answer = await ask('/orders/7');
    expect(answer).toMatchObject({ status: 504, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.json.code).toBe('FWK_KERNEL_DEADLINE_EXCEEDED');
    expect(reasons).toHaveLength(1);
    late.resolve({ late: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ask('/orders', order)).toMatchObject({ status: 201, json: { well: true } });
  });

  test('sheds what it has no place for, with a time to come back', async () => {
    const busy = deferred<object>();
    const began = deferred<void>();
    const ask = await start(
      {
        write: () => {
          began.resolve();
          return busy.promise;
        },
      },
      { bulkhead: { maxConcurrent: 1, maxQueue: 0 } },
    );
    const first = ask('/orders', order);
    await began.promise;
    const refused = await ask('/orders', order);
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      json: { code: 'FWK_RESILIENCE_BULKHEAD_FULL', notProcessed: true },
    });
    expect(await ask('/orders/7'), 'another route has places of its own').toMatchObject({ status: 200 });
    busy.resolve({ order: 1 });
    expect(await first).toMatchObject({ status: 201, json: { order: 1 } });
    expect(await ask('/orders', order), 'the place is free again').toMatchObject({ status: 201 });
  });

  test('cannot be asked round the limits of a route by writing its path in another way', async () => {
    const ask = await start({}, { operations: { 'POST /orders': { rateLimit: { permitsPerSecond: 1, burst: 1 } } } });
    expect((await ask('/orders', order)).status).toBe(201);
    for (const path of ['/orders', '/orders/', '/Orders', '/orders?x=1']) {
      expect([404, 405, 429], path).toContain((await ask(path, order)).status);
    }
  });

  test('works on a request with an idempotency key once', async () => {
    let done = 0;
    const ask = await start(
      { write: ({ body }) => ({ done: ++done, body }) },
      { routes: { ...routes, 'POST /orders': { idempotencyKey: 'optional' } } },
    );
    const keyed = (key: string, body: object = { sku: 'lamp' }) =>
      ask('/orders', { method: 'POST', body, headers: { 'idempotency-key': key } });
    const first = await keyed('"a"');
    expect(first).toMatchObject({
      status: 201,
      headers: { 'x-by': 'program' },
      json: { done: 1, body: { sku: 'lamp' } },
    });
    const again = await keyed('"a"');
    expect(again).toMatchObject({ status: 201, headers: { 'x-by': 'program' }, json: first.json });
    expect(again.headers['content-type']).toBe(first.headers['content-type']);
    expect(await keyed('"a"', { sku: 'chair' })).toMatchObject({ status: 422 });
    expect(await keyed('"b"')).toMatchObject({ json: { done: 2 } });
    expect(await ask('/orders', order), 'without a key as before').toMatchObject({ json: { done: 3 } });
    expect(await keyed('unquoted')).toMatchObject({ status: 400, json: { code: 'FWK_HTTP_IDEMPOTENCY_KEY_MISSING' } });
  });

  test('keeps what it answers after its caller left, under the idempotency key', async () => {
    let done = 0;
    const began = deferred<void>();
    const goOn = deferred<void>();
    const ask = await start(
      {
        async write() {
          began.resolve();
          await goOn.promise;
          return { done: ++done };
        },
      },
      { routes: { ...routes, 'POST /orders': { idempotencyKey: 'required' } } },
    );
    const keyed = { ...order, headers: { 'idempotency-key': '"a"' } };
    const leaving = new AbortController();
    const left = ask('/orders', { ...keyed, signal: leaving.signal }).catch(() => 'left');
    await began.promise;
    leaving.abort();
    expect(await left).toBe('left');
    expect((await ask('/orders', keyed)).status).toBe(409);
    goOn.resolve();
    await expect.poll(async () => (await ask('/orders', keyed)).json).toEqual({ done: 1 });
    expect(await ask('/orders', order), 'a key is required').toMatchObject({ status: 400 });
  });

  test('keeps what it answers after its deadline, under the idempotency key', async () => {
    const late = deferred<object>();
    let done = 0;
    const ask = await start(
      {
        write: () => {
          done++;
          return late.promise;
        },
      },
      { routes: { ...routes, 'POST /orders': { idempotencyKey: 'required', timeoutMs: 50 } } },
    );
    const keyed = { ...order, headers: { 'idempotency-key': '"a"' } };
    expect((await ask('/orders', keyed)).status).toBe(504);
    late.resolve({ late: true });
    await expect
      .poll(() => ask('/orders', keyed))
      .toMatchObject({ status: 201, headers: { 'x-by': 'program' }, json: { late: true } });
    expect(done).toBe(1);
  });

  test('is told when its caller leaves', async () => {
    const began = deferred<void>();
    const gone = deferred<unknown>();
    const ask = await start({
      read: () => {
        currentContext().onCancel(gone.resolve);
        began.resolve();
        return gone.promise.then(() => ({}));
      },
    });
    const leaving = new AbortController();
    const left = ask('/orders/7', { signal: leaving.signal }).catch(() => 'left');
    await began.promise;
    leaving.abort();
    expect(await left).toBe('left');
    expect(await gone.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
  });

  test('answers errors as problem documents where it says so', async () => {
    const ask = await start({
      read: ({ url }) => {
        if (url.endsWith('known')) throw problem(404, 'No such order', 'it was never made');
        throw new Error('a secret of the program');
      },
    });
    expect(await ask('/orders/known')).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
      json: { title: 'No such order', instance: '/orders/known' },
    });
    const unknown = await ask('/orders/broken');
    expect(unknown).toMatchObject({ status: 500, json: { code: 'FWK_HTTP_INTERNAL' } });
    expect(unknown.text).not.toContain('secret');
  });

  test('answers a body that is no JSON with a problem document that is the fault of its caller', async () => {
    const ask = await start({});
    const answer = await ask('/orders', { ...order, body: '{"sku":' });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    // A bare listener that parses by itself says nothing of whose fault it was.
    expect([400, 500]).toContain(answer.status);
    expect(answer.text).not.toContain(' at ');
  });

  test('passes on what hostile headers say as if nothing had been said', async () => {
    const ask = await start({ read: () => ({ priority: 'default' }) });
    const hostile: readonly Record<string, string>[] = [
      { 'fwk-deadline-ms': '-1' },
      { 'fwk-deadline-ms': '9'.repeat(500) },
      { 'fwk-priority': 'above all', 'fwk-attempt': 'NaN', 'fwk-caller': 'a'.repeat(1000) },
      { traceparent: '00-0-0-0', tracestate: ','.repeat(600), baggage: '='.repeat(5000) },
      { 'idempotency-key': '"' },
    ];
    for (const headers of hostile) {
      expect(await ask('/orders/7', { headers })).toMatchObject({ status: 200 });
    }
  });

  test('answers the probes, and refuses to be protected twice', async () => {
    const { program, listen, close } = await make({ read: () => ({}), write: () => ({}) });
    protect(program);
    expect(() => protect(program)).toThrow(expect.objectContaining({ code: 'FWK_HTTP_ALREADY_PROTECTED' }));
    const server = await listen();
    onTestFinished(async () => void (await close()));
    const { port } = server.address() as AddressInfo;
    for (const path of ['/livez', '/readyz', '/startupz']) {
      expect(await send(`http://127.0.0.1:${port}${path}`)).toMatchObject({ status: 200, json: { status: 'UP' } });
    }
  });
});
