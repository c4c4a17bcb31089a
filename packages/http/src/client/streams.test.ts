import { describe, expect, test } from 'vitest';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { serveContract } from '../testing/serve-contract.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe('a stream of answers', () => {
  test.each(['ticks', 'events', 'resumed'] as const)('%s arrives item by item', async (operation) => {
    await using served = await serveContract(feed, feedHandlers);
    expect(await all<Tick>(served.client[operation]())).toEqual([...ticksFrom(1, 3)]);
  });

  test('may be empty', async () => {
    await using served = await serveContract(feed, { ...feedHandlers, ticks: () => [] });
    expect(await all(served.client.ticks())).toEqual([]);
  });

  test('is given as the handler gives it, and not when it ends', async () => {
    let next = () => {};
    await using served = await serveContract(feed, {
      ...feedHandlers,
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
});

describe('a body that is a stream', () => {
  test('arrives item by item', async () => {
    await using served = await serveContract(feed, feedHandlers);
    expect(await served.client.load({ body: ticksFrom(1, 1000) })).toEqual({ count: 1000 });
  });

  test('is answered while it is sent', async () => {
    await using served = await serveContract(feed, feedHandlers);
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
});
