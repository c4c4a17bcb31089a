/** Errors that an operation declares, amid its streams. */
import { noLogger } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { Handlers } from '../contract/contract-types.js';
import { streamOf } from '../contract/item-stream.js';
import { get, post } from '../contract/operation.js';
import { readAll } from '../fixtures/read-all.js';
import { wireUnderTest } from '../fixtures/wire-under-test.js';
import { serveContract } from '../testing/serve-contract.js';

const item = z.object({ seq: z.number() });
const soldOut = { SoldOut: { status: 409, data: z.object({ sku: z.string() }) } } as const;
const market = contract('market', {
  version: '1.0.0',
  operations: {
    lines: get('/lines', { stream: item, errors: soldOut }),
    events: get('/events', { stream: streamOf(item, { as: 'events' }), errors: soldOut }),
    resumed: get('/resumed', { stream: streamOf(item, { id: ({ seq }) => seq }), errors: soldOut }),
    plain: get('/plain', { stream: item }),
    load: post('/load', { bodyStream: item, errors: soldOut }),
  },
});
type Market = Handlers<typeof market>;

const failing = () =>
  async function* () {
    yield { seq: 1 };
    throw new market.errors.SoldOut({ data: { sku: 'lamp' } });
  };
const handlers: Market = {
  lines: failing(),
  events: failing(),
  resumed: failing(),
  plain: failing(),
  async load({ body }) {
    for await (const { seq } of body) if (seq === 2) throw new market.errors.SoldOut({ data: { sku: 'lamp' } });
  },
};
const serve = (replaced: Partial<Market> = {}, options: object = {}) =>
  serveContract(market, { ...handlers, ...replaced }, { wire: wireUnderTest(), ...options });

describe('an error that an operation declares', () => {
  test.each(['lines', 'events'] as const)(
    'arrives behind the items, by its class and with its data (%s)',
    async (operation) => {
      await using served = await serve();
      const { items, error } = await readAll(served.client[operation]());
      expect(items).toEqual([{ seq: 1 }]);
      expect(error).toBeInstanceOf(market.errors.SoldOut);
      expect(error).toMatchObject({ name: 'SoldOut', status: 409, data: { sku: 'lamp' } });
    },
  );

  test('ends a stream that could be gone on with: the call is not made again', async () => {
    let calls = 0;
    await using served = await serve({
      async *resumed() {
        calls++;
        yield* failing()();
      },
    });
    const { items, error } = await readAll(served.client.resumed());
    expect(items).toEqual([{ seq: 1 }]);
    expect(error).toBeInstanceOf(market.errors.SoldOut);
    expect(calls).toBe(1);
  });

  test('before the first item is the same', async () => {
    await using served = await serve({
      lines: () => {
        throw new market.errors.SoldOut({ data: { sku: 'lamp' } });
      },
    });
    const { items, error } = await readAll(served.client.lines());
    expect(items).toEqual([]);
    expect(error).toBeInstanceOf(market.errors.SoldOut);
  });

  test('answers a body amid its items', async () => {
    await using served = await serve();
    async function* endless() {
      for (let seq = 1; ; seq++) yield { seq };
    }
    await expect(served.client.load({ body: endless() })).rejects.toBeInstanceOf(market.errors.SoldOut);
  });

  test('is none where the operation does not declare it, or what it carries does not fit', async () => {
    const errors: unknown[] = [];
    const logger = { ...noLogger, error: ({ err }: { readonly err?: unknown }) => void errors.push(err) };
    await using served = await serve(
      {
        async *lines() {
          yield { seq: 1 };
          throw new market.errors.SoldOut({ data: { sku: 7 } as never });
        },
      },
      { env: { logger } },
    );
    for (const stream of [served.client.plain(), served.client.lines()]) {
      const { items, error } = await readAll(stream);
      expect(items).toEqual([{ seq: 1 }]);
      expect(error).toMatchObject({ code: 'FWK_HTTP_REMOTE', status: 500, problem: { code: 'FWK_HTTP_INTERNAL' } });
    }
    expect(errors).toHaveLength(2);
  });
});
