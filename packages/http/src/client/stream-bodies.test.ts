/** Bodies that are streams, from a typed client's end to a handler's. */
import { type CallContext, isFwkError } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { rawServer } from '../fixtures/raw-server.js';
import { readAll } from '../fixtures/read-all.js';
import { wireUnderTest } from '../fixtures/wire-under-test.js';
import { serveContract } from '../testing/serve-contract.js';
import { problem } from '../wire/problem.js';
import { createClient } from './create-client.js';

type Handlers = Partial<Record<keyof typeof feedHandlers, unknown>>;
interface BodyCall {
  readonly body: AsyncIterable<Tick>;
  readonly context: CallContext;
}

const serve = (handlers: Handlers = {}, options: object = {}) =>
  serveContract(feed, { ...feedHandlers, ...handlers } as typeof feedHandlers, { wire: wireUnderTest(), ...options });

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error,
  );

describe('a body', () => {
  test.each([
    ['a list', () => [...ticksFrom(1, 3)]],
    ['a generator', () => ticksFrom(1, 3)],
    [
      'an async generator',
      async function* () {
        yield* ticksFrom(1, 3);
      },
    ],
    ['nothing', () => []],
  ])('of %s arrives item by item', async (_what, body) => {
    await using served = await serve();
    expect(await served.client.load({ body: body() })).toEqual({
      count: [...(await readAll(asAsync(body()))).items].length,
    });
  });

  test('of many items arrives whole', async () => {
    await using served = await serve();
    expect(await served.client.load({ body: ticksFrom(1, 50_000) })).toEqual({ count: 50_000 });
  });

  test('is answered while it is sent, item by item', async () => {
    await using served = await serve();
    const answered: string[] = [];
    let next = () => {};
    async function* said() {
      for (const tick of ticksFrom(1, 3)) {
        yield tick;
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
    }
    for await (const { text } of served.client.talk({ body: said() })) {
      answered.push(text);
      next();
    }
    expect(answered).toEqual(['tick 1!', 'tick 2!', 'tick 3!']);
  });

  test('takes longer than calls may', async () => {
    await using served = await serve({}, { client: { timeoutMs: 200, deadlineMs: 300 }, server: { timeoutMs: 400 } });
    async function* slowly() {
      for (const tick of ticksFrom(1, 4)) {
        yield tick;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
    expect(await served.client.load({ body: slowly() })).toEqual({ count: 4 });
  });

  test('is read as fast as its handler reads it', async () => {
    let given = 0;
    const begun = deferred<void>();
    const goOn = deferred<void>();
    await using served = await serve({
      async load({ body }: BodyCall) {
        let count = 0;
        for await (const _ of body) {
          if (count++ === 0) {
            begun.resolve();
            await goOn.promise;
          }
        }
        return { count };
      },
    });
    function* many() {
      for (given = 0; given < 100_000; given++) yield { seq: given, text: 'x'.repeat(70) };
    }
    const answer = served.client.load({ body: many() });
    await begun.promise;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = given;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(given).toBe(before);
    expect(given).toBeLessThan(99_000);
    goOn.resolve();
    expect(await answer).toEqual({ count: 100_000 });
  });
});

describe('a body with an item that does not fit', () => {
  test('fails at the client, which ends the request', async () => {
    const begun = deferred<void>();
    const ended = deferred<unknown>();
    await using served = await serve({
      async load({ body }: BodyCall) {
        try {
          for await (const _ of body) begun.resolve();
        } catch (error) {
          ended.resolve(error);
        }
        return { count: 0 };
      },
    });
    async function* body() {
      yield { seq: 1, text: 'a' };
      await begun.promise;
      yield { seq: 'b' } as never;
    }
    const error = await failure(served.client.load({ body: body() }));
    expect(error).toMatchObject({
      code: 'FWK_HTTP_CALL_INVALID',
      issues: [{ in: 'body', path: '1.seq' }, { path: '1.text' }],
    });
    expect(isFwkError(await ended.promise, 'FWK_KERNEL_CANCELLED')).toBe(true);
  });

  test.each([
    ['too large', { seq: 1, text: 'x'.repeat(100) }],
    ['of no form in JSON', { seq: 1, text: 'a', toJSON: () => undefined }],
  ])('because it is %s likewise', async (_why, item) => {
    await using served = await serve();
    expect(await failure(served.client.load({ body: [item] }))).toMatchObject({ code: 'FWK_HTTP_CALL_INVALID' });
  });

  test('or that is no stream at all is not sent', async () => {
    await using served = await serve();
    expect(await failure(served.client.load({ body: 7 as never }))).toMatchObject({ code: 'FWK_HTTP_CALL_INVALID' });
  });

  test('whose source fails fails with that, and lets the source clean up', async () => {
    await using served = await serve();
    const error = new Error('the file is gone');
    async function* broken() {
      yield* ticksFrom(1, 1);
      throw error;
    }
    await expect(served.client.load({ body: broken() })).rejects.toBe(error);
  });
});

describe('an answer before the end of the body', () => {
  test('reaches the caller, and the source is told', async () => {
    await using served = await serve({
      async load({ body }: BodyCall) {
        for await (const { seq } of body) if (seq === 3) throw problem(409, 'Enough');
        return { count: 0 };
      },
    });
    const returned = deferred<void>();
    function* endless() {
      try {
        for (let seq = 1; ; seq++) yield { seq, text: 'x'.repeat(50) };
      } finally {
        returned.resolve();
      }
    }
    expect(await failure(served.client.load({ body: endless() }))).toMatchObject({ status: 409 });
    await returned.promise;
  });

  test('is not asked for again where some of the body was taken, even if the server did nothing with it', async () => {
    let calls = 0;
    await using server = await rawServer((request, response) => {
      calls++;
      request.resume();
      response
        .writeHead(503, { 'content-type': 'application/problem+json' })
        .end('{"title":"Full","status":503,"notProcessed":true}');
    });
    await using client = createClient(feed, {
      endpoints: [server.url],
      retry: { maxAttempts: 3 },
    });
    expect(await failure(client.load({ body: ticksFrom(1, 3) }))).toMatchObject({ status: 503 });
    expect(calls).toBe(1);
  });

  test('that never comes is given up after the time without an item', async () => {
    const clock = fakeClock();
    const read = deferred<void>();
    await using server = await rawServer((request) => request.resume().on('end', read.resolve));
    await using client = createClient(feed, { endpoints: [server.url], env: { clock } });
    const answer = failure(client.load({ body: ticksFrom(1, 3) }));
    await read.promise;
    await clock.advance(60_100);
    expect(await answer).toMatchObject({ code: 'FWK_HTTP_STREAM_IDLE' });
  });
});

describe('a caller that leaves amid its body', () => {
  test('ends the items with an error, and the context', async () => {
    const got = deferred<void>();
    const ended = deferred<unknown>();
    const cancelled = deferred<unknown>();
    await using served = await serve({
      async load({ body, context }: BodyCall) {
        context.onCancel(cancelled.resolve);
        try {
          for await (const _ of body) got.resolve();
        } catch (error) {
          ended.resolve(error);
        }
        return { count: 0 };
      },
    });
    const controller = new AbortController();
    async function* waiting() {
      yield* ticksFrom(1, 1);
      await new Promise(() => {});
    }
    const answer = served.client.load({ body: waiting() }, { signal: controller.signal });
    await got.promise;
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(await ended.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
    expect(await cancelled.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
  });
});

async function* asAsync<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
