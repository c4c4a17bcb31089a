import { testApp } from '@fwk/core/testing';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { fakeClock } from '@fwk/kernel/testing';
import { watchPolicy } from '@fwk/resilience/testing';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../client/client-of.js';
import { createClient } from '../client/create-client.js';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import { get, put } from '../contract/operation.js';
import { shop } from '../fixtures/shop-contract.js';
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
} from '../testing.js';
import { problem } from '../wire/problem.js';

const lamp = { id: 'lamp', size: 3 };
const item = { params: { id: 'lamp' } };
const fakes: FakeService<typeof shop>[] = [];
const fake = async (script: FakeScript<typeof shop>) => {
  const made = await fakeService(shop, script);
  fakes.push(made);
  return made;
};
afterEach(async () => {
  for (const made of fakes.splice(0)) await made.close();
});

describe('in process', () => {
  test('does what its script says, step by step, and the last step stays', async () => {
    const service = await fake({ item: [failsWith(404, 'Not there'), answers(lamp)] });
    await using client = service.client();
    await expect(client.item(item)).rejects.toMatchObject({ code: 'FWK_HTTP_REMOTE', problem: { title: 'Not there' } });
    expect(await client.item(item)).toEqual(lamp);
    expect(await client.item(item)).toEqual(lamp);
    service.expectCalls('item', 3);
  });

  test('stands behind all layers of the client, whose time is the test’s', async () => {
    const clock = fakeClock();
    const service = await fake({ item: [failsWith(503), refusesConnection(), breaksConnection(), answers(lamp)] });
    await using client = service.client({ env: { clock, random: () => 1 }, retry: { maxAttempts: 4 } });
    const call = client.item(item);
    await clock.advance(0);
    service.expectCalls('item', 1);
    await clock.advance(5000);
    expect(await call).toEqual(lamp);
    service.expectCalls('item', 4);
  });

  test('tells what was not sent from what broke: what must not run twice is tried again only where it was not sent', async () => {
    const service = await fake({ tick: [refusesConnection(), answers(1), breaksConnection(), answers(2)] });
    await using client = service.client({ retry: { baseDelayMs: 0 } });
    expect(await client.tick()).toBe(1);
    await expect(client.tick()).rejects.toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
    service.expectCalls('tick', 3);
  });

  test('hangs until the limit of the attempt, and delays on the clock of the client', async () => {
    const clock = fakeClock();
    const service = await fake({ item: [hangs(), delays(300, answers(lamp))] });
    await using client = service.client({ env: { clock, random: () => 0 }, timeoutMs: 500 });
    const call = client.item(item);
    await clock.advance(500);
    service.expectCalls('item', 2);
    await clock.advance(299);
    let done = false;
    void call.then(() => {
      done = true;
    });
    await clock.settle();
    expect(done).toBe(false);
    await clock.advance(1);
    expect(await call).toEqual(lamp);
  });

  test('gives handlers what a server would give them, and answers what they answer or throw', async () => {
    const service = await fake({
      item: ({ params, query }) => {
        expectTypeOf(params).toEqualTypeOf<{ id: string }>();
        if (params.id === 'none') throw problem(404, 'Not there');
        return { id: params.id, size: query.size ?? 0, more: 'is not sent' };
      },
      order: ({ body, idempotencyKey }) => ({ order: `${body.quantity} ${body.sku} ${idempotencyKey}` }),
    });
    await using client = service.client();
    expect(await client.item({ params: { id: 'a/b ü' }, query: { size: 4, tags: ['x'] } })).toEqual({
      id: 'a/b ü',
      size: 4,
    });
    await expect(client.item({ params: { id: 'none' } })).rejects.toMatchObject({ status: 404 });
    const order = client.order({ body: { sku: 'lamp', quantity: 2 } }, { idempotencyKey: 'order-7' });
    expect(await order).toEqual({ order: '2 lamp order-7' });
    expect(service.callsOf('order')[0]).toMatchObject({
      body: { sku: 'lamp', quantity: 2 },
      idempotencyKey: 'order-7',
    });
    expect(service.callsOf('item')[0]).toMatchObject({ params: { id: 'a/b ü' }, query: { size: 4, tags: ['x'] } });
  });

  test('fails with the errors that an operation declares, and only with those', async () => {
    const soldOut = new shop.errors.SoldOut({ data: { sku: 'lamp' } });
    const order = { body: { sku: 'lamp', quantity: 2 } };
    const service = await fake({
      order: [
        failsWith(soldOut),
        () => {
          throw soldOut;
        },
      ],
    });
    await using client = service.client();
    for (let count = 0; count < 2; count++) {
      const error: unknown = await client.order(order).catch((failed: unknown) => failed);
      expect(error).toBeInstanceOf(shop.errors.SoldOut);
      expect(error).toMatchObject({ status: 409, data: { sku: 'lamp' } });
    }
    await expect(service.script({ tick: failsWith(soldOut) })).rejects.toThrow(
      /shop\.tick threw shop\.SoldOut, which it does not/,
    );
    const wrong = new shop.errors.SoldOut({ data: { sku: 7 } as never });
    await expect(service.script({ order: failsWith(wrong) })).rejects.toThrow(
      /threw SoldOut against its contract: error\.sku/,
    );
  });

  test('answers by status, with headers, and bytes and text, as a server does', async () => {
    const files = contract('files', {
      version: '1.0.0',
      operations: {
        find: get('/files/:id', {
          params: z.object({ id: z.string() }),
          responses: { 200: { body: bytes('image/png'), headers: z.object({ etag: z.string() }) }, 304: {} },
        }),
        rename: put('/names', { body: text(), response: text('text/csv') }),
      },
    });
    const png = { status: 200 as const, body: new Uint8Array([137, 80]), headers: { etag: '"7"' } };
    await using service = await fakeService(files, {
      find: [answers(png), answers({ status: 304 as const })],
      rename: ({ body }) => `a;${body}`,
    });
    await using client = service.client();
    const first = await client.find({ params: { id: 'a' } });
    expect([first.status, first.status === 200 && [...first.body], first.headers]).toEqual([
      200,
      [137, 80],
      { etag: '"7"' },
    ]);
    expect(await client.find({ params: { id: 'a' } })).toMatchObject({ status: 304 });
    expect(await client.rename({ body: 'b' })).toBe('a;b');
    await expect(service.script({ find: answers({ status: 201 } as never) })).rejects.toThrow(
      /statuses 200, 304, not 201/,
    );
  });

  test('answers an operation without a response', async () => {
    const service = await fake({ forget: answers() });
    await using client = service.client();
    expect(await client.forget({ params: { id: 'a' } })).toBeUndefined();
  });

  test('ends calls that wait when it is closed', async () => {
    const service = await fake({ item: hangs() });
    await using client = service.client({ retry: false, env: { clock: fakeClock() } });
    const call = expect(client.item(item)).rejects.toThrow('the fake was closed');
    await new Promise((resolve) => setImmediate(resolve));
    await service.close();
    await call;
  });
});

describe('a script that lies', () => {
  test('is refused when it is given: an answer against the contract', async () => {
    const wrong = { id: 'lamp', size: 'big' } as unknown as typeof lamp;
    await expect(fakeService(shop, { item: delays(5, answers(wrong)) })).rejects.toMatchObject({
      code: 'ERR_ASSERTION',
      message: expect.stringMatching(/^the script: shop\.item answered against its contract: response\.size/),
    });
    const service = await fake({});
    await expect(service.script({ forget: answers('text') as never })).rejects.toThrow(
      /answers nothing by its contract/,
    );
  });

  test('is refused when it is given: an operation that there is not, no step, a status that is no error', async () => {
    await expect(fakeService(shop, { itme: answers(lamp) } as never)).rejects.toThrow(
      /no operation "itme".*item, order/,
    );
    await expect(fakeService(shop, { item: [] as never })).rejects.toThrow(/the script of item has no step/);
    expect(() => failsWith(200)).toThrow(/from 400 to 599/);
    expect(() => delays(Number.NaN, hangs())).toThrow(/delayMs must be/);
  });

  test('leaves the steps as they were when one of them is refused', async () => {
    const service = await fake({ item: answers(lamp) });
    await expect(service.script({ item: failsWith(500), tick: answers('one' as never) })).rejects.toThrow(/response/);
    await using client = service.client();
    expect(await client.item(item)).toEqual(lamp);
  });

  test('is told at the end, though the caller swallowed it: a call without a script, a handler against the contract', async () => {
    const service = await fakeService(shop, { item: () => ({ id: 'lamp' }) as never });
    await using client = service.client({ retry: false });
    await expect(client.tick()).rejects.toMatchObject({ status: 501 });
    await expect(client.item(item)).rejects.toMatchObject({ status: 500 });
    await expect(service.close()).rejects.toThrow(
      /^the fake of "shop": shop\.tick was called, and the fake has no script for it; a handler: shop\.item answered against its contract/,
    );
    await service.close();
  });

  test('does not compile', () => {
    // @ts-expect-error the answer has no size
    const missing: FakeScript<typeof shop> = { item: answers({ id: 'lamp' }) };
    // @ts-expect-error it answers nothing
    const more: FakeScript<typeof shop> = { forget: answers(7) };
    const good: FakeScript<typeof shop> = {
      item: delays(5, answers(lamp)),
      tick: [hangs(), answers(7)],
      forget: answers(),
    };
    expect([missing, more, good]).toHaveLength(3);
  });
});

test('a wrong number of calls is told with all that it got', async () => {
  const service = await fake({ item: [failsWith(503), answers(lamp)] });
  expect(() => service.expectCalls('item', 1)).toThrow(
    /shop\.item was called 0 times, not 1\n {2}it got no call at all/,
  );
  await using client = service.client({ retry: { baseDelayMs: 0 } });
  await client.item(item);
  expect(() => service.expectCalls('item', 1)).toThrow(
    /shop\.item was called 2 times, not 1\n {2}1\. item: it fails with 503 \(at .*\n {2}2\. item: it answers/,
  );
});

describe('in an application', () => {
  test('takes the place of the client, which follows the policies and the clock of the application', async () => {
    const service = await fake({ item: [failsWith(503), failsWith(503), answers(lamp)] });
    const clock = fakeClock();
    await using app = await testApp({ env: { clock, random: () => 1 }, overrides: [service.override()] });
    const policy = watchPolicy(app, 'shop');
    const call = app.get(clientOf(shop)).item(item);
    await clock.advance(5000);
    expect(await call).toEqual(lamp);
    policy.expect({ calls: 1, successes: 1, retries: 2, acted: ['retry'], breakers: 'closed' });
    expect(() => policy.expect({ retries: 1, acted: [], breakers: { open: 1 } })).toThrow(
      /policy "shop" did otherwise than expected: retries: 2, not 1; acted: retry, not none; 0 breakers are open, not 1\n {2}1 calls: 1 successes; acted: retry \(2 retries\)/,
    );
  });

  test('takes the place of a client with options of its own', async () => {
    const key = clientOf(shop, { policy: 'slow' });
    const service = await fake({ item: failsWith(500) });
    await using app = await testApp({ overrides: [service.override(key, { policy: 'slow', retry: false })] });
    await expect(app.get(key).item(item)).rejects.toMatchObject({ status: 500 });
    watchPolicy(app, 'slow').expect({ calls: 0 });
    service.expectCalls('item', 1);
  });
});

describe('over a port', () => {
  test('is found by its registry, refuses connections while it does not listen, and is back at the same port', async () => {
    const registry = memoryRegistry();
    const service = await fake({ item: [failsWith(409), answers(lamp)] });
    const url = await service.listen({ registry });
    await using app = await testApp({ use: [discovery({ registry })] });
    const client = app.get(clientOf(shop));
    await expect(client.item(item)).rejects.toMatchObject({ status: 409 });
    expect(await client.item(item)).toEqual(lamp);
    await service.stopListening();
    await using direct = createClient(shop, { endpoints: [url], retry: false });
    await expect(direct.item(item)).rejects.toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false });
    expect(await service.listen()).toBe(url);
    expect(await (await fetch(`${url}/items/lamp`)).json()).toEqual(lamp);
  });

  test('says that connections cannot be broken there by a script', async () => {
    const service = await fakeService(shop, { tick: refusesConnection() });
    const url = await service.listen();
    expect((await fetch(`${url}/ticks`, { method: 'POST' })).status).toBe(500);
    await expect(service.close()).rejects.toThrow(/the script refuses the connection: .* work in process/);
  });

  test('ends what hangs when it is closed', async () => {
    const service = await fakeService(shop, { item: hangs() });
    const url = await service.listen();
    const call = fetch(`${url}/items/lamp`).then(
      ({ status }) => status,
      () => 'broken',
    );
    await expect.poll(() => service.calls.length).toBe(1);
    await service.close();
    expect([500, 503, 'broken']).toContain(await call);
  });
});
