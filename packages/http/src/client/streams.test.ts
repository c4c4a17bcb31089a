/** Answers that are streams, from a typed client's end to a handler's. */
import type { ServerResponse } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import { background, type CallContext, cancellable, noLogger } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { rawServer } from '../fixtures/raw-server.js';
import { readAll } from '../fixtures/read-all.js';
import { overHttp, wireUnderTest } from '../fixtures/wire-under-test.js';
import { serveContract } from '../testing/serve-contract.js';
import { problem } from '../wire/problem.js';
import { createClient } from './create-client.js';

type Handlers = Partial<Record<keyof typeof feedHandlers, unknown>>;
type FeedHandlers = typeof feedHandlers;

const serve = (handlers: Handlers = {}, options: Parameters<typeof serveContract>[2] = {}) =>
  serveContract(feed, { ...feedHandlers, ...handlers } as FeedHandlers, {
    wire: wireUnderTest(),
    ...(options as object),
  });

describe('a stream', () => {
  test.each(['ticks', 'events', 'resumed'] as const)('arrives item by item (%s)', async (operation) => {
    await using served = await serve();
    expect(await readAll<Tick>(served.client[operation]())).toEqual({ items: [...ticksFrom(1, 3)], error: undefined });
  });

  test('may be empty', async () => {
    await using served = await serve({ ticks: () => [], events: async () => [] });
    expect(await readAll(served.client.ticks())).toEqual({ items: [], error: undefined });
    expect(await readAll(served.client.events())).toEqual({ items: [], error: undefined });
  });

  test('gives each item as the handler gives it, and not when the stream ends', async () => {
    let next = () => {};
    await using served = await serve({
      async *ticks() {
        for (const tick of ticksFrom(1, 3)) {
          yield tick;
          await new Promise<void>((resolve) => {
            next = resolve;
          });
        }
      },
    });
    const seen: number[] = [];
    for await (const { seq } of served.client.ticks()) {
      seen.push(seq);
      next();
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  test('is called only when its first item is asked for', async () => {
    let calls = 0;
    await using served = await serve({
      ticks: () => {
        calls++;
        return ticksFrom(1, 1);
      },
    });
    const stream = served.client.ticks();
    expect(calls).toBe(0);
    await readAll(stream);
    expect(calls).toBe(1);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('answers calls of next that do not wait for each other in order', async () => {
    await using served = await serve();
    const stream = served.client.ticks();
    const results = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
    expect(results.map(({ value }) => value?.seq)).toEqual([1, 2, 3, undefined]);
  });

  test('runs the handler in the context of its call', async () => {
    const seen: string[] = [];
    await using served = await serve({
      async *ticks({ context }: { context: CallContext }) {
        const { currentContext, operationKey } = await import('@fwk/kernel');
        for (const tick of ticksFrom(1, 3000)) {
          if (currentContext() !== context) seen.push(currentContext().get(operationKey));
          yield tick;
        }
      },
    });
    expect((await readAll(served.client.ticks())).items).toHaveLength(3000);
    expect(seen).toEqual([]);
  });
});

describe('a stream that fails', () => {
  test('before its first item is answered like any other call', async () => {
    await using served = await serve({
      ticks() {
        throw problem(404, 'No such feed');
      },
      events: async () => Promise.reject(problem(410, 'Gone')),
    });
    expect(await readAll(served.client.ticks())).toMatchObject({ items: [], error: { status: 404 } });
    expect(await readAll(served.client.events())).toMatchObject({ items: [], error: { status: 410 } });
  });

  test.each(['ticks', 'events'] as const)(
    'later fails with the error of the handler behind its items (%s)',
    async (operation) => {
      await using served = await serve({
        async *[operation]() {
          yield* ticksFrom(1, 2);
          throw problem(409, 'Out of ticks', 'there are two', { members: { left: 0 } });
        },
      });
      const { items, error } = await readAll<Tick>(served.client[operation]());
      expect(items).toHaveLength(2);
      expect(error).toMatchObject({
        code: 'FWK_HTTP_REMOTE',
        status: 409,
        problem: { title: 'Out of ticks', left: 0 },
      });
    },
  );

  test('shows nothing of an error that is not meant for callers', async () => {
    await using served = await serve({
      async *ticks() {
        yield* ticksFrom(1, 1);
        throw new Error('password=hunter2');
      },
    });
    const { error } = await readAll(served.client.ticks());
    expect(error).toMatchObject({ status: 500, problem: { code: 'FWK_HTTP_INTERNAL' } });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  test('says so where the handler gives no items at all, or one that does not fit', async () => {
    const errors: unknown[] = [];
    const logger = { ...noLogger, error: ({ err }: { readonly err?: unknown }) => void errors.push(err) };
    await using served = await serve(
      { talk: () => 7, ticks: () => [{ seq: 1, text: 'fine' }, { seq: 'two' }] },
      { env: { logger } },
    );
    expect(await readAll(served.client.talk({ body: [] }))).toMatchObject({ error: { status: 500 } });
    expect(await readAll(served.client.ticks())).toMatchObject({ items: [{ seq: 1 }], error: { status: 500 } });
    expect(errors).toMatchObject([
      { code: 'FWK_HTTP_RESPONSE_INVALID', message: expect.stringContaining('answered no items') },
      { code: 'FWK_HTTP_RESPONSE_INVALID', message: expect.stringContaining('seq') },
    ]);
  });

  test('refuses an item that is larger than the contract allows', async () => {
    await using served = await serve({ bounded: () => [{ seq: 1, text: 'x'.repeat(100) }] });
    expect(await readAll(served.client.bounded())).toMatchObject({ items: [], error: { status: 500 } });
  });
});

describe('a stream that is left', () => {
  test('ends at the server within a round trip: its context is cancelled, and its iterator returns', async () => {
    const returned = deferred<void>();
    const aborted = deferred<unknown>();
    await using served = await serve({
      async *ticks({ context }: { context: CallContext }) {
        context.onCancel(aborted.resolve);
        try {
          for (let seq = 1; ; seq++) yield { seq, text: '' };
        } finally {
          returned.resolve();
        }
      },
    });
    for await (const { seq } of served.client.ticks()) if (seq === 5) break;
    await returned.promise;
    expect(await aborted.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
  });

  test.each(['the context', 'a signal'])('by %s ends with its reason, though nothing comes', async (how) => {
    const left = deferred<void>();
    await using served = await serve({
      async *ticks({ context }: { context: CallContext }) {
        yield* ticksFrom(1, 1);
        await new Promise<void>((resolve) => context.onCancel(() => resolve()));
        left.resolve();
      },
    });
    const { context, cancel } = cancellable(background);
    const controller = new AbortController();
    const stream = served.client.ticks({}, how === 'a signal' ? { signal: controller.signal } : { context });
    expect((await stream.next()).value?.seq).toBe(1);
    const next = stream.next();
    const reason = new Error('enough');
    if (how === 'a signal') controller.abort(reason);
    else cancel(reason);
    await expect(next).rejects.toBe(reason);
    await left.promise;
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('before it has begun ends with the reason, and not as if it were empty', async () => {
    await using served = await serve({ ticks: () => new Promise(() => {}) });
    const { context, cancel } = cancellable(background);
    const next = served.client.ticks({}, { context }).next();
    const reason = new Error('enough');
    cancel(reason);
    await expect(next).rejects.toBe(reason);
  });

  test('is ended by closing the client', async () => {
    const clock = fakeClock();
    const served = await serve({
      async *ticks({ context }: { context: CallContext }) {
        yield* ticksFrom(1, 1);
        await new Promise<void>((resolve) => context.onCancel(() => resolve()));
      },
    });
    const client = createClient(feed, { endpoints: [served.url], env: { clock } });
    const stream = client.ticks();
    await stream.next();
    const next = stream.next();
    const closed = client[Symbol.asyncDispose]();
    await clock.advance(2000);
    await expect(next).rejects.toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
    await closed;
    await served[Symbol.asyncDispose]();
    await expect(client.ticks().next()).rejects.toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
  });
});

if (overHttp()) {
  describe('a server that answers something else', () => {
    const line = '{"seq":1,"text":"a"}\n';
    const stream = { 'content-type': 'application/x-ndjson' };
    const cases: readonly [string, (response: ServerResponse) => void, object][] = [
      [
        'a plain document',
        (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
        {
          code: 'FWK_HTTP_ANSWER_INVALID',
          message: expect.stringContaining('no stream of items but application/json'),
        },
      ],
      ['nothing', (response) => response.writeHead(204).end(), { code: 'FWK_HTTP_ANSWER_INVALID' }],
      [
        'a compressed stream',
        (response) => response.writeHead(200, { ...stream, 'content-encoding': 'gzip' }).end('bomb'),
        { code: 'FWK_HTTP_ANSWER_INVALID', message: expect.stringContaining('is not valid gzip, or was cut off') },
      ],
      [
        'a compressed stream with something behind its end',
        (response) =>
          response
            .writeHead(200, { ...stream, 'content-encoding': 'br' })
            .end(Buffer.concat([brotliCompressSync(line), Buffer.from(line)])),
        { code: 'FWK_HTTP_ANSWER_INVALID', message: expect.stringContaining('is not valid br, or was cut off') },
      ],
      [
        'half an item',
        (response) => response.writeHead(200, stream).end(`${line}{"seq":2`),
        { code: 'FWK_HTTP_ANSWER_INVALID', message: expect.stringContaining('number 1') },
      ],
      [
        'what is no JSON',
        (response) => response.writeHead(200, stream).end(`${line}oops\n`),
        { code: 'FWK_HTTP_ANSWER_INVALID' },
      ],
      [
        'an item that does not fit',
        (response) => response.writeHead(200, stream).end(`${line}{"seq":"2"}\n`),
        { code: 'FWK_HTTP_ANSWER_INVALID', issues: [{ path: 'seq' }, { path: 'text' }] },
      ],
      [
        'an item with a key that is not allowed',
        (response) => response.writeHead(200, stream).end(`${line}{"seq":2,"text":"","__proto__":{}}\n`),
        { code: 'FWK_HTTP_ANSWER_INVALID' },
      ],
      [
        'bytes that are no text',
        (response) =>
          response
            .writeHead(200, stream)
            .end(Buffer.concat([Buffer.from(line), Buffer.from([0x22, 0xff, 0x22, 0x0a])])),
        { code: 'FWK_HTTP_ANSWER_INVALID' },
      ],
      [
        'a stream whose connection breaks',
        (response) => response.writeHead(200, stream).write(line, () => response.socket?.destroy()),
        { code: 'FWK_HTTP_CONNECTION' },
      ],
      [
        'a stream that promises a mark of its end and lacks it',
        (response) => response.writeHead(200, { ...stream, 'fwk-stream': 'marked' }).end(line),
        { code: 'FWK_HTTP_CONNECTION', message: expect.stringContaining('without its mark') },
      ],
      [
        'a stream that ends with its connection',
        (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n${line}`),
        { code: 'FWK_HTTP_CONNECTION' },
      ],
    ];
    test.each(cases)('%s: an error, and never a short stream', async (_what, answer, expected) => {
      await using server = await rawServer((_request, response) => answer(response));
      await using client = createClient(feed, { endpoints: [server.url], retry: false });
      const { items, error } = await readAll(client.ticks());
      expect(error).toMatchObject(expected);
      expect(items.length).toBeLessThanOrEqual(1);
    });

    test.each([
      ['ndjson', 'application/jsonl', `\n${line}\r\n{"seq":2,"text":"b"}\r\n`],
      [
        'server-sent events',
        'text/event-stream; charset=utf-8',
        ': hello\r\nretry: 5\r\ndata: {"seq":1,\r\ndata: "text":"a"}\r\n\r\nevent: other\ndata: x\n\ndata:{"seq":2,"text":"b"}\n\n',
      ],
    ])('a stream of somebody else as %s is read', async (_form, type, text) => {
      await using server = await rawServer(
        (_request, response) => void response.writeHead(200, { 'content-type': type }).end(text),
      );
      await using client = createClient(feed, { endpoints: [server.url] });
      expect(await readAll(client.ticks())).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], error: undefined });
    });

    test('a line that never ends is given up at the limit of an item', async () => {
      const closed = deferred<void>();
      await using server = await rawServer((_request, response) => {
        response.writeHead(200, stream);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more).on('close', closed.resolve);
        more();
      });
      await using client = createClient(feed, { endpoints: [server.url], retry: false });
      expect(await readAll(client.bounded())).toMatchObject({
        error: { message: expect.stringContaining('maxItemBytes 100') },
      });
      await closed.promise;
    });
  });
}

describe('the time of a stream', () => {
  async function silentAfterFirst() {
    const server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"seq":1,"text":"a"}\n');
    });
    return server;
  }

  test('of which no item comes ends a second after that of the server would', async () => {
    const clock = fakeClock();
    await using server = await silentAfterFirst();
    await using client = createClient(feed, { endpoints: [server.url], env: { clock } });
    const stream = client.bounded();
    await stream.next();
    const next = stream.next();
    let settled = false;
    next
      .catch(() => {})
      .finally(() => {
        settled = true;
      });
    await clock.advance(2900);
    expect(settled).toBe(false);
    await clock.advance(200);
    await expect(next).rejects.toMatchObject({ code: 'FWK_HTTP_STREAM_IDLE', limitMs: 2000 });
  });

  test('is limited as a whole where the contract says so', async () => {
    const clock = fakeClock();
    await using server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const tick of ticksFrom(1, 3)) response.write(`${JSON.stringify(tick)}\n`);
    });
    await using client = createClient(feed, { endpoints: [server.url], env: { clock } });
    const stream = client.bounded();
    await stream.next();
    await clock.advance(6100);
    await expect(stream.next()).rejects.toMatchObject({ code: 'FWK_HTTP_STREAM_TOTAL', limitMs: 5000 });
  });

  test('until its first item is that of any call, and is no limit of what follows', async () => {
    let next = () => {};
    await using served = await serve(
      {
        async *ticks() {
          yield* ticksFrom(1, 1);
          await new Promise<void>((resolve) => {
            next = resolve;
          });
          yield* ticksFrom(2, 2);
        },
        events: () => new Promise(() => {}),
      },
      { client: { timeoutMs: 300, deadlineMs: 500, retry: false } },
    );
    expect(await readAll(served.client.events())).toMatchObject({ error: { code: 'FWK_RESILIENCE_TIMEOUT' } });
    const stream = served.client.ticks();
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 700));
    next();
    expect((await stream.next()).value?.seq).toBe(2);
    expect((await stream.next()).done).toBe(true);
  });
});

test('a fallback may answer a stream', async () => {
  await using client = createClient(feed, {
    endpoints: ['http://127.0.0.1:9'],
    retry: false,
    fallback: {
      ticks: async function* () {
        yield* ticksFrom(7, 8);
      },
      events: { value: [...ticksFrom(9, 9)] },
    },
  });
  expect((await readAll<Tick>(client.ticks())).items.map(({ seq }) => seq)).toEqual([7, 8]);
  expect((await readAll<Tick>(client.events())).items.map(({ seq }) => seq)).toEqual([9]);
});

if (overHttp()) {
  test('streams go over HTTP, whatever wire the others take', async () => {
    await using served = await serve({}, { wire: 'mux' });
    expect((await readAll(served.client.ticks())).items).toHaveLength(3);
    expect(await served.client.whole()).toBe(7);
    await using onlyMux = createClient(feed, { endpoints: [served.url.replace('http:', 'mux:')], retry: false });
    expect(await readAll(onlyMux.ticks())).toMatchObject({
      error: { code: 'FWK_HTTP_CONNECTION', message: expect.stringContaining('streams') },
    });
  });
}

test('a slow reader holds back the handler', async () => {
  let given = 0;
  const text = 'x'.repeat(1000);
  await using served = await serve({
    *ticks() {
      for (given = 1; given <= 100_000; given++) yield { seq: given, text };
    },
  });
  const stream = served.client.ticks();
  await stream.next();
  await vi.waitFor(() => expect(given).toBeGreaterThan(60));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = given;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(given).toBe(before);
  // What the system keeps between the two is some megabytes at most.
  expect(given).toBeLessThan(20_000);
  for (let read = 0; read < 20_000; read++) await stream.next();
  expect(given).toBeGreaterThan(before);
  await stream.return();
});
