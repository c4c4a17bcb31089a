/** Streams that break, and what clients, balancers, breakers and bulkheads make of them. */
import { createDrain } from '@fwk/core';
import { type CallContext, systemClock } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { rawServer } from '../fixtures/raw-server.js';
import { readAll } from '../fixtures/read-all.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

type Handlers = Partial<Record<keyof typeof feedHandlers, unknown>>;

async function start(handlers: Handlers = {}, options: Partial<ServerOptions> = {}) {
  const all = { ...feedHandlers, ...handlers } as typeof feedHandlers;
  const server = createServer({ ...options, serve: [served(feed, all)] });
  await server.start();
  onTestFinished(() => server.close());
  return server;
}

function clientOf(endpoints: readonly string[], options: Partial<ClientOptions<typeof feed>> = {}) {
  const client = createClient(feed, { endpoints, ...options });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

const seqs = (items: readonly Tick[]) => items.map(({ seq }) => seq);
const head = { 'content-type': 'application/x-ndjson' };
const line = (seq: number) => `{"seq":${seq},"text":""}\n`;

describe('a stream whose connection breaks', () => {
  test('goes on behind the last item that its reader has, where items have ids', async () => {
    let breakOff = () => {};
    await using server = await rawServer((request, response) => {
      const last = Number(request.headers['last-event-id'] ?? 0);
      response.writeHead(200, head);
      if (last >= 6) response.end();
      else response.write(line(last + 1) + line(last + 2));
      breakOff = () => response.socket?.destroy();
    });
    const found: number[] = [];
    for await (const { seq } of clientOf([server.url]).resumed()) {
      found.push(seq);
      // Items that the reader has not taken when the connection breaks are asked for again.
      if (seq % 2 === 0) breakOff();
    }
    expect(found).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2', '4', '6']);
  });

  test('goes on by the ids of events, from where its caller says', async () => {
    await using server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('id: abc\ndata: {"seq":8,"text":""}\n\n');
    });
    const stream = clientOf([server.url]).events({}, { lastEventId: '7' });
    expect((await stream.next()).value?.seq).toBe(8);
    expect(stream.lastEventId).toBe('abc');
    expect(server.seen[0]?.headers['last-event-id']).toBe('7');
    await stream.return();
  });

  test('fails where its items have none, without a second call', async () => {
    await using server = await rawServer((_request, response) => {
      response.writeHead(200, head);
      response.write(line(1), () => response.socket?.destroy());
    });
    const { items, error } = await readAll(clientOf([server.url]).ticks());
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
    expect(seqs(items)).toEqual([1]);
    expect(server.seen).toHaveLength(1);
  });

  test('fails when it cannot be gone on with', async () => {
    let calls = 0;
    await using server = await rawServer((_request, response) => {
      if (calls++ > 0) return void response.socket?.destroy();
      response.writeHead(200, head);
      response.write(line(1), () => response.socket?.destroy());
    });
    const client = clientOf([server.url], { retry: false, breaker: false, ejection: false });
    const { items, error } = await readAll(client.resumed());
    expect(seqs(items)).toEqual([1]);
    expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
    expect(calls).toBe(6);
  }, 30_000);

  test('before its first item is tried again like any call', async () => {
    let calls = 0;
    await using server = await rawServer((_request, response) => {
      response.writeHead(200, head);
      if (calls++ > 0) response.end(line(1));
      else {
        response.flushHeaders();
        response.socket?.destroy();
      }
    });
    expect(seqs((await readAll(clientOf([server.url]).ticks())).items)).toEqual([1]);
    expect(calls).toBe(2);
  });
});

describe('a server that drains', () => {
  const endless = async function* ({ lastEventId }: { readonly lastEventId?: string }) {
    for (let seq = Number(lastEventId ?? 0) + 1; ; seq++) {
      yield { seq, text: '' };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  test('hands its streams over to another without a gap', async () => {
    const drain = createDrain(systemClock);
    const [first, second] = [await start({ resumed: endless }, { drain }), await start({ resumed: endless })];
    const client = clientOf([first.url, second.url]);
    const streams = Array.from({ length: 4 }, () => client.resumed());
    const begun = await Promise.all(streams.map((stream) => stream.next()));
    expect(seqs(begun.map(({ value }) => value as Tick))).toEqual([1, 1, 1, 1]);
    drain.begin();
    for (const stream of streams) {
      for (let seq = 2; seq <= 40; seq++) expect((await stream.next()).value?.seq).toBe(seq);
    }
    await vi.waitFor(() => expect(drain.active).toBe(0));
    await Promise.all(streams.map((stream) => stream.return()));
  });

  test('ends a stream that cannot go on with an error of its own kind', async () => {
    const server = await start({ ticks: endless });
    const stream = clientOf([server.url]).ticks();
    await stream.next();
    const rest = readAll(stream);
    await server.stopAccepting();
    expect((await rest).error).toMatchObject({ code: 'FWK_HTTP_STREAM_DRAINING', operation: 'feed.ticks' });
  });
});

describe('a stream counts by its life', () => {
  const waiting = (ended: () => Promise<unknown>) =>
    async function* ({ context }: { readonly context: CallContext }) {
      yield* ticksFrom(1, 1);
      await Promise.race([ended(), new Promise<void>((resolve) => context.onCancel(() => resolve()))]);
    };

  test('in a bulkhead of the server, and in one of the client', async () => {
    const end = deferred<void>();
    const bulkhead = { maxConcurrent: 1, maxQueue: 0 };
    const later = deferred<void>();
    const handlers = { ticks: waiting(() => end.promise), resumed: waiting(() => later.promise) };
    const server = await start(handlers, { operations: { ticks: { bulkhead } } });
    const [one, other] = [clientOf([server.url], { retry: false }), clientOf([server.url], { retry: false })];
    const stream = one.ticks();
    await stream.next();
    expect((await readAll(other.ticks())).error).toMatchObject({ status: 503 });
    end.resolve();
    expect((await stream.next()).done).toBe(true);
    expect((await readAll(other.ticks())).items).toHaveLength(1);

    const bounded = clientOf([server.url], { retry: false, bulkhead });
    const open = bounded.resumed();
    await open.next();
    expect((await readAll(bounded.ticks())).error).toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    later.resolve();
    await readAll(open);
    expect((await readAll(bounded.ticks())).error).toBeUndefined();
  });

  test('for the balancer: further ones go where fewer are under way', async () => {
    const counts = [0, 0, 0];
    const servers = await Promise.all(
      counts.map((_, index) =>
        start({
          async *ticks({ context }: { readonly context: CallContext }) {
            counts[index]!++;
            yield* ticksFrom(1, 1);
            await new Promise<void>((resolve) => context.onCancel(() => resolve()));
          },
        }),
      ),
    );
    const client = clientOf(servers.map(({ url }) => url));
    const streams = Array.from({ length: 30 }, () => client.ticks());
    for (const stream of streams) await stream.next();
    // By two draws at random the busiest has one or two more than the others.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(4);
    await Promise.all(streams.map((stream) => stream.return()));
  });

  test('for the breaker: one success when it begins, one failure when it breaks later', async () => {
    await using server = await rawServer((_request, response) => {
      response.writeHead(200, head);
      response.write(line(1), () => response.socket?.destroy());
    });
    const client = clientOf([server.url], {
      retry: false,
      breaker: { minimumCalls: 10, failureRatio: 0.4 },
      ejection: false,
    });
    const errors: unknown[] = [];
    for (let call = 0; call < 8; call++) errors.push((await readAll(client.ticks())).error);
    expect(errors.slice(0, 5)).toEqual(Array(5).fill(expect.objectContaining({ code: 'FWK_HTTP_CONNECTION' })));
    expect(errors.at(-1)).toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
  });

  test('and leaving one early is nobody’s failure', async () => {
    const server = await start({ ticks: waiting(() => new Promise(() => {})) });
    const client = clientOf([server.url], { breaker: { minimumCalls: 2, failureRatio: 0.1 } });
    for (let call = 0; call < 20; call++) for await (const _ of client.ticks()) break;
    expect(await client.whole()).toBe(7);
  });
});
