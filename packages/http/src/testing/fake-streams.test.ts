/** Fakes of operations with streams and uploads, as the clients of the code under test meet them. */
import { testApp } from '@fwk/core/testing';
import { type CallContext, cancellable, sleep } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../client/client-of.js';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { post, put } from '../contract/operation.js';
import { upload } from '../contract/upload.js';
import { feed, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { readAll } from '../fixtures/read-all.js';
import {
  answers,
  breaksConnection,
  delays,
  type FakeScript,
  type FakeService,
  failsWith,
  fakeService,
  hangs,
  refusesConnection,
  streams,
} from '../testing.js';
import { problem } from '../wire/problem.js';

const three = [...ticksFrom(1, 3)];
const [one, two, last] = three as [Tick, Tick, Tick];
const fakes: FakeService<typeof feed>[] = [];
const fake = async (script: FakeScript<typeof feed>) => {
  const made = await fakeService(feed, script);
  fakes.push(made);
  return made;
};
afterEach(async () => {
  for (const made of fakes.splice(0)) await made.close();
});

describe('a stream', () => {
  test('is answered by a list, by what can be iterated, and by a generator, with its layers of client and wire', async () => {
    const service = await fake({
      ticks: [
        answers(three),
        answers(new Set(three)),
        streams(three),
        () => three,
        function* () {
          yield one;
        },
        async function* ({ context }) {
          expectTypeOf(context).toEqualTypeOf<CallContext>();
          yield one;
          yield two;
        },
      ],
    });
    await using client = service.client();
    const got: unknown[] = [];
    for (let call = 0; call < 6; call++) got.push(await readAll(client.ticks()));
    expect(got).toEqual([three, three, three, three, [one], [one, two]].map((items) => ({ items, error: undefined })));
    expect(service.callsOf('ticks').map(({ did, itemsSent, cancelled }) => [did, itemsSent, cancelled])).toEqual([
      ['answers', 3, false],
      ['answers', 3, false],
      ['streams 3 items', 3, false],
      ['asks a handler', 3, false],
      ['asks a handler', 1, false],
      ['asks a handler', 2, false],
    ]);
  });

  test('may have no items, and each reading of a step has all of them', async () => {
    const service = await fake({ ticks: [answers([]), answers(three)], events: answers(three) });
    await using client = service.client();
    expect(await readAll(client.ticks())).toEqual({ items: [], error: undefined });
    for (let call = 0; call < 3; call++) expect((await readAll(client.ticks())).items).toEqual(three);
    expect((await readAll(client.events())).items).toEqual(three);
  });

  test('has copies of the items', async () => {
    const given = { seq: 1, text: 'as it was' };
    const service = await fake({ ticks: answers([given]) });
    await using client = service.client();
    const { items } = await readAll<Tick>(client.ticks());
    (items[0] as { text: string }).text = 'changed';
    expect(given.text).toBe('as it was');
  });

  test('has the pauses between its items on the clock of the client', async () => {
    const clock = fakeClock();
    const service = await fake({ ticks: delays(50, streams(three, { everyMs: 100 })) });
    await using client = service.client({ env: { clock } });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { seq } of client.ticks()) seen.push(clock.now() * 10 + seq);
    })();
    await clock.advance(49);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual([501]);
    await clock.advance(99);
    expect(seen).toEqual([501]);
    await clock.advance(101);
    await reading;
    expect(seen).toEqual([501, 1502, 2503]);
  });

  test('fails behind its items with an error of the contract or another, which the reader gets there', async () => {
    const service = await fake({
      ticks: [
        streams([one, two], { ending: failsWith(507, 'Full') }),
        async function* () {
          yield one;
          throw problem(409, 'Moved');
        },
        failsWith(404, 'Not there'),
      ],
    });
    await using client = service.client({ retry: false });
    const remote = (status: number, title: string) =>
      expect.objectContaining({ status, problem: expect.objectContaining({ title }) });
    expect(await readAll(client.ticks())).toEqual({ items: [one, two], error: remote(507, 'Full') });
    expect(await readAll(client.ticks())).toEqual({ items: [one], error: remote(409, 'Moved') });
    expect(await readAll(client.ticks())).toEqual({ items: [], error: remote(404, 'Not there') });
  });

  test('never ends until its caller leaves, which the record shows', async () => {
    const service = await fake({ ticks: streams([one, two], { ending: hangs() }) });
    await using client = service.client();
    for await (const { seq } of client.ticks()) if (seq === 2) break;
    await expect.poll(() => service.calls[0]?.cancelled).toBe(true);
    expect(service.calls[0]).toMatchObject({ itemsSent: 2, did: 'streams 2 items, then hangs' });
  });

  test('ends a handler that waits when its caller leaves', async () => {
    let ended = '';
    const clock = fakeClock();
    const service = await fake({
      async *ticks({ context }) {
        try {
          for (let seq = 1; ; seq++) {
            yield { seq, text: 'on and on' };
            await sleep(clock, 1000, context);
          }
        } finally {
          ended = `cancelled: ${context.cancelled}`;
        }
      },
    });
    await using client = service.client({ env: { clock } });
    const { context, cancellation } = cancellable();
    const reading = readAll<Tick>(client.ticks({}, { context }));
    await clock.advance(2500);
    cancellation.cancel(new Error('enough'));
    expect(await reading).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }, { seq: 3 }], error: { message: 'enough' } });
    await clock.settle();
    expect(ended).toBe('cancelled: true');
    expect(service.calls[0]).toMatchObject({ itemsSent: 3, cancelled: true });
  });

  test('that is cut off goes on behind the last item, which the fake is told', async () => {
    const clock = fakeClock();
    const service = await fake({
      resumed: [
        streams([one, two], { ending: breaksConnection() }),
        refusesConnection(),
        async function* ({ lastEventId }) {
          yield* ticksFrom(Number(lastEventId) + 1, 3);
        },
      ],
    });
    await using client = service.client({ env: { clock, random: () => 1 } });
    const reading = readAll<Tick>(client.resumed());
    await clock.advance(10_000);
    expect(await reading).toEqual({ items: three, error: undefined });
    expect(service.callsOf('resumed').map(({ lastEventId }) => lastEventId)).toEqual([undefined, '2', '2']);
  });

  test('that is cut off and cannot be resumed fails with a connection error, behind the items', async () => {
    const service = await fake({
      ticks: [streams([one, two], { ending: breaksConnection() }), breaksConnection()],
    });
    await using client = service.client({ retry: false });
    const broken = expect.objectContaining({ code: 'FWK_HTTP_CONNECTION', sent: true });
    expect(await readAll(client.ticks())).toEqual({ items: [one, two], error: broken });
    expect(await readAll(client.ticks())).toEqual({ items: [], error: broken });
  });

  test('keeps the limits of its contract: a quiet one ends', async () => {
    const clock = fakeClock();
    const service = await fake({ bounded: streams([one], { ending: hangs() }) });
    await using client = service.client({ env: { clock } });
    const reading = readAll(client.bounded());
    await clock.advance(10_000);
    expect(await reading).toMatchObject({ items: [one], error: { problem: { code: 'FWK_HTTP_STREAM_IDLE' } } });
  });

  test('holds a handler back whose items are not read', async () => {
    let given = 0;
    const service = await fake({
      *ticks() {
        for (;;) yield { seq: ++given, text: 'x'.repeat(1000) };
      },
    });
    await using client = service.client();
    for await (const { seq } of client.ticks()) if (seq === 3) break;
    await expect.poll(() => service.calls[0]?.cancelled).toBe(true);
    expect(given).toBeLessThan(2000);
  });

  test('ends by a message when the fake is closed', async () => {
    const clock = fakeClock();
    const service = await fake({ ticks: streams([one], { ending: hangs() }) });
    await using client = service.client({ env: { clock } });
    const reading = readAll(client.ticks());
    await clock.settle();
    await service.close();
    expect(await reading).toMatchObject({ items: [one], error: { code: 'FWK_HTTP_STREAM_DRAINING' } });
  });

  test('is injected into an application like any fake', async () => {
    const service = await fake({ ticks: [failsWith(503), answers(three)] });
    const clock = fakeClock();
    await using app = await testApp({ env: { clock, random: () => 1 }, overrides: [service.override()] });
    const reading = readAll(app.get(clientOf(feed)).ticks());
    await clock.advance(5000);
    expect(await reading).toEqual({ items: three, error: undefined });
    service.expectCalls('ticks', 2);
  });
});

describe('a body that is a stream', () => {
  test('is read to its end before the answer, and recorded', async () => {
    const service = await fake({ load: [answers({ count: 3 }), failsWith(409)] });
    await using client = service.client({ retry: false });
    expect(await client.load({ body: three })).toEqual({ count: 3 });
    await expect(client.load({ body: [one] })).rejects.toMatchObject({ status: 409 });
    const bodies = service.callsOf('load').map(({ body }) => body);
    expectTypeOf(bodies).toEqualTypeOf<(readonly { seq: number; text: string }[])[]>();
    expect(bodies).toEqual([three, [one]]);
  });

  test('is recorded as far as a handler reads it', async () => {
    const service = await fake({
      async load({ body }) {
        for await (const { seq } of body) if (seq === 2) break;
        return { count: 2 };
      },
    });
    await using client = service.client();
    expect(await client.load({ body: three })).toEqual({ count: 2 });
    expect(service.callsOf('load')[0]?.body).toEqual([one, two]);
  });

  test('is sent once: what took it cannot be tried again, what refused the connection can', async () => {
    const service = await fake({ load: [refusesConnection(), answers({ count: 1 }), breaksConnection()] });
    await using client = service.client({ retry: { baseDelayMs: 0 } });
    expect(await client.load({ body: [one] })).toEqual({ count: 1 });
    await expect(client.load({ body: [two] })).rejects.toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
    expect(service.callsOf('load').map(({ body }) => body)).toEqual([[], [one], [two]]);
  });

  test('is read beside the items of an answer that is a stream too', async () => {
    const service = await fake({
      talk: [
        answers([last]),
        async function* ({ body }) {
          for await (const { seq } of body) yield { seq, text: 'heard' };
        },
      ],
    });
    await using client = service.client();
    expect((await readAll(client.talk({ body: three }))).items).toEqual([last]);
    expect(service.callsOf('talk')[0]?.body).toEqual(three);
    expect((await readAll<Tick>(client.talk({ body: three }))).items.map(({ text }) => text)).toEqual(
      Array(3).fill('heard'),
    );
    expect(service.callsOf('talk')[1]?.body).toEqual(three);
  });
});

describe('an upload', () => {
  const files = contract('files', {
    version: '1.0.0',
    operations: {
      store: put('/files/:id', {
        params: z.object({ id: z.string() }),
        bodyStream: upload('image/png', { maxBytes: 200_000 }),
        response: z.object({ bytes: z.number() }),
      }),
    },
  });
  const bytes = new Uint8Array(150_000).map((_, at) => at % 251);

  test('arrives as it was, and is recorded', async () => {
    await using service = await fakeService(files, { store: answers({ bytes: 150_000 }) });
    await using client = service.client();
    expect(await client.store({ params: { id: 'a' }, body: [bytes] })).toEqual({ bytes: 150_000 });
    const recorded = service.callsOf('store')[0]?.body;
    expectTypeOf(recorded).toEqualTypeOf<Uint8Array | undefined>();
    expect(Buffer.compare(recorded ?? new Uint8Array(), bytes)).toBe(0);
  });

  test('that is larger than its contract allows is refused', async () => {
    await using service = await fakeService(files, { store: answers({ bytes: 0 }) });
    await using client = service.client({ retry: false });
    const call = client.store({ params: { id: 'a' }, body: [bytes, bytes] });
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^FWK_HTTP_/) });
  });
});

describe('a script that lies about a stream', () => {
  test('is refused when it is given', async () => {
    const refused = (script: FakeScript<typeof feed>) => expect(fakeService(feed, script)).rejects;
    await refused({ ticks: answers([one, { seq: 'two' } as never]) }).toThrow(
      /^the script: feed\.ticks gave an item against its contract/,
    );
    await refused({ ticks: delays(5, streams([{ seq: 1 } as never])) }).toThrow(/an item against its contract: .*text/);
    await refused({ ticks: answers(7 as never) }).toThrow(
      /feed\.ticks is a stream by its contract, and the answer has no items/,
    );
    await refused({ ticks: answers(ticksFrom(1, 3)) }).toThrow(
      /can be read once, .*: give a list, or the function that makes them/,
    );
    await refused({ whole: streams([1]) as never }).toThrow(/feed\.whole is no stream/);
    expect(() => streams([one], { everyMs: -1 })).toThrow(/everyMs must be from 0 to 2\^31/);
    expect(() => streams([one], { ending: answers() as never })).toThrow(/ending must be failsWith/);
  });

  test('is told at the end: items of a handler, or of an iterable, against the contract', async () => {
    const service = await fakeService(feed, {
      async *ticks() {
        yield one;
        yield { seq: 2 } as never;
      },
      events: () => 7 as never,
      bounded: answers(new Set([{ seq: 1 } as never])),
    });
    await using client = service.client({ retry: false });
    expect(await readAll(client.ticks())).toMatchObject({ items: [one], error: { status: 500 } });
    expect(await readAll(client.events())).toMatchObject({ items: [], error: { status: 500 } });
    expect(await readAll(client.bounded())).toMatchObject({ items: [], error: { status: 500 } });
    expect(service.callsOf('ticks')[0]?.itemsSent).toBe(1);
    await expect(service.close()).rejects.toThrow(
      /feed\.ticks gave an item .*feed\.events is a stream .*feed\.bounded gave an item/,
    );
  });

  test('does not compile', () => {
    // @ts-expect-error the items have no text
    const wrong: FakeScript<typeof feed> = { ticks: answers([{ seq: 1 }]) };
    // @ts-expect-error it is no stream
    const none: FakeScript<typeof feed> = { whole: streams([1]) };
    const good: FakeScript<typeof feed> = { ticks: [streams(three, { ending: hangs() }), answers(three), hangs()] };
    expect([wrong, none, good]).toHaveLength(3);
  });
});

describe('over a port', () => {
  test('streams go both ways and are recorded the same', async () => {
    const service = await fake({ resumed: streams(three, { ending: hangs() }), load: answers({ count: 3 }) });
    await using client = createClient(feed, { endpoints: [await service.listen()] });
    expect(await client.load({ body: three })).toEqual({ count: 3 });
    for await (const { seq } of client.resumed({}, { lastEventId: '0' })) if (seq === 3) break;
    await expect
      .poll(() => service.callsOf('resumed')[0])
      .toMatchObject({ lastEventId: '0', itemsSent: 3, cancelled: true });
    expect(service.callsOf('load')[0]?.body).toEqual(three);
  });
});

test('a call whose caller gave up is recorded as cancelled, one that was answered is not', async () => {
  const clock = fakeClock();
  const service = await fake({ whole: [hangs(), answers(7)] });
  await using client = service.client({ env: { clock, random: () => 0 }, timeoutMs: 500 });
  const call = client.whole();
  await clock.advance(500);
  expect(await call).toBe(7);
  expect(service.calls.map(({ cancelled }) => cancelled)).toEqual([true, false]);
});

const jobs = contract('jobs', {
  version: '1.0.0',
  operations: { run: post('/jobs', { body: z.object({ id: z.string() }), idempotencyKey: true }) },
});

test('each attempt with one idempotency key asks the script', async () => {
  await using service = await fakeService(jobs, { run: [breaksConnection(), answers()] });
  await using client = service.client({ retry: { baseDelayMs: 0 } });
  await client.run({ body: { id: 'a' } }, { idempotencyKey: 'job-a' });
  await client.run({ body: { id: 'a' } }, { idempotencyKey: 'job-a' });
  expect(service.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['job-a', 'job-a', 'job-a']);
});
