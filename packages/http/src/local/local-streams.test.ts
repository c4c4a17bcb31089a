/** What is particular to streams within one process; the rest is shown by the suites that run over all wires. */
import { setTimeout as pause } from 'node:timers/promises';
import { createDrain } from '@fwk/core';
import { systemClock } from '@fwk/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { deferred } from '../fixtures/deferred.js';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { readAll } from '../fixtures/read-all.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';
import { type LocalGroup, localGroup } from './local-group.js';

type Handlers = Partial<Record<keyof typeof feedHandlers, unknown>>;

async function join(group: LocalGroup, handlers: Handlers = {}, options: Partial<ServerOptions> = {}) {
  const all = { ...feedHandlers, ...handlers } as typeof feedHandlers;
  const server = createServer({ ...options, serve: [served(feed, all)], listen: false });
  await server.start();
  onTestFinished(() => server.close());
  group.add(server);
  return server;
}

function clientIn(group: LocalGroup) {
  const client = createClient(feed, { group, wire: 'local' });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

const endless = async function* ({ lastEventId }: { readonly lastEventId?: string }) {
  for (let seq = Number(lastEventId ?? 0) + 1; ; seq++) {
    yield { seq, text: '' };
    await pause(5);
  }
};

test('items are copied, in both directions', async () => {
  const group = localGroup();
  const kept = [...ticksFrom(1, 2)];
  const got: Tick[] = [];
  await join(group, {
    ticks: () => kept,
    async load({ body }: { readonly body: AsyncIterable<Tick> }) {
      for await (const tick of body) got.push(Object.assign(tick, { text: 'changed' }));
      return { count: got.length };
    },
  });
  const client = clientIn(group);
  for await (const tick of client.ticks()) Object.assign(tick, { text: 'changed' });
  expect(kept).toEqual([...ticksFrom(1, 2)]);
  const given = [...ticksFrom(1, 2)];
  await client.load({ body: given });
  expect(got[0]).toEqual({ seq: 1, text: 'changed' });
  expect(given).toEqual([...ticksFrom(1, 2)]);
});

test('a stream that neither end waits for lets timers and sockets go on', async () => {
  const group = localGroup();
  await join(group, {
    *ticks() {
      for (let seq = 1; ; seq++) yield { seq, text: 'x'.repeat(1000) };
    },
    async load({ body }: { readonly body: AsyncIterable<Tick> }) {
      let count = 0;
      for await (const _ of body) count++;
      return { count };
    },
  });
  const client = clientIn(group);
  let over = false;
  setTimeout(() => {
    over = true;
  }, 20);
  for await (const _ of client.ticks()) if (over) break;
  over = false;
  setTimeout(() => {
    over = true;
  }, 20);
  function* body() {
    for (let seq = 1; !over; seq++) yield { seq, text: 'x'.repeat(70) };
  }
  expect((await client.load({ body: body() })).count).toBeGreaterThan(0);
});

test('a server that drains hands its streams over to another of the group without a gap', async () => {
  const group = localGroup();
  const drain = createDrain(systemClock);
  await join(group, { resumed: endless }, { drain });
  const client = clientIn(group);
  const streams = Array.from({ length: 4 }, () => client.resumed());
  for (const stream of streams) expect((await stream.next()).value?.seq).toBe(1);
  await join(group, { resumed: endless });
  drain.begin();
  for (const stream of streams) {
    for (let seq = 2; seq <= 20; seq++) expect((await stream.next()).value?.seq).toBe(seq);
    await stream.return();
  }
  await expect.poll(() => drain.active).toBe(0);
});

test('a server that closes ends those without ids by a message, and lets their handlers go', async () => {
  const group = localGroup();
  const returned = deferred<void>();
  const server = await join(group, {
    async *ticks() {
      try {
        yield* endless({});
      } finally {
        returned.resolve();
      }
    },
  });
  const stream = clientIn(group).ticks();
  await stream.next();
  const rest = readAll(stream);
  await server.close();
  expect((await rest).error).toMatchObject({ code: 'FWK_HTTP_STREAM_DRAINING', operation: 'feed.ticks' });
  await returned.promise;
});

test('closing the client waits for a stream under way', async () => {
  const group = localGroup();
  const end = deferred<void>();
  await join(group, {
    async *ticks() {
      yield* ticksFrom(1, 1);
      await end.promise;
      yield* ticksFrom(2, 2);
    },
  });
  const client = createClient(feed, { group, wire: 'local' });
  const stream = client.ticks();
  await stream.next();
  const closed = client[Symbol.asyncDispose]();
  end.resolve();
  expect((await readAll<Tick>(stream)).items.map(({ seq }) => seq)).toEqual([2]);
  await closed;
});
