/** Reading a stream, beside a fake that breaks it off. */
import { contract, get, streamOf } from '@fwk/http';
import { breaksConnection, fakeService, streams } from '@fwk/http/testing';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';

const Price = z.object({ seq: z.number(), cents: z.number() });

const prices = contract('prices', {
  version: '1.0.0',
  operations: { watch: get('/prices', { stream: streamOf(Price, { id: ({ seq }) => seq }) }) },
});

const first = { seq: 1, cents: 1999 };
const second = { seq: 2, cents: 2099 };

async function readAll<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

test('goes on behind the last price when the connection breaks', async () => {
  const clock = fakeClock();
  await using feed = await fakeService(prices, {
    watch: [streams([first], { ending: breaksConnection() }), streams([second], { everyMs: 100 })],
  });
  await using client = feed.client({ env: { clock } });

  const reading = readAll(client.watch());
  await clock.advance(1000); // the pause before the stream is resumed

  expect(await reading).toEqual([first, second]);
  expect(feed.callsOf('watch').map(({ lastEventId }) => lastEventId)).toEqual([undefined, '1']);
});
