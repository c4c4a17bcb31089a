import { baggageKey, currentBaggage, noBaggage } from '@fwk/core';
import { staticEndpoints } from '@fwk/discovery';
import { background, runInContext } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that remembers the baggage of its calls. */
async function listening() {
  const seen: (readonly [name: string, value: string, claimed: boolean])[][] = [];
  const server = createServer({
    serve: [
      served(shop, {
        item: () => ({ id: '', size: 0 }),
        order: () => ({ order: '' }),
        tick() {
          seen.push(
            currentBaggage()
              .entries()
              .map(({ name, value, claimed }) => [name, value, claimed] as const),
          );
          return 1;
        },
        forget: () => {},
      }),
    ],
    port: 0,
  });
  await server.start();
  closing.push(() => server.close());
  return { url: server.url, seen };
}

function clientOf(options: Parameters<typeof createClient<typeof shop>>[1]) {
  const client = createClient(shop, { retry: false, timeoutMs: 20_000, deadlineMs: 60_000, ...options });
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

/** As a client that finds its instances by discovery. */
function found(url: string) {
  return { of: (service: string) => staticEndpoints(service, [url]), settled: () => Promise.resolve() };
}

const baggage = noBaggage.with('tenant', 'Nörd & Co').with('user', '7');
const inCall = <T>(body: () => T) => runInContext(background.with({ values: [baggageKey.of(baggage)] }), body);

describe.each(['http', 'mux'] as const)('baggage over %s', (wire) => {
  test('reaches the handler of an instance that was found by discovery, as a claim', async () => {
    const { url, seen } = await listening();
    const client = clientOf({ wire, memberships: found(url) });
    await inCall(() => client.tick());
    await client.tick();
    expect(seen).toEqual([
      [
        ['tenant', 'Nörd & Co', true],
        ['user', '7', true],
      ],
      [],
    ]);
  });

  test('does not go to endpoints that the client was given, unless it was asked to', async () => {
    const { url, seen } = await listening();
    await inCall(() => clientOf({ wire, endpoints: [url] }).tick());
    await inCall(() => clientOf({ wire, endpoints: [url], baggage: true }).tick());
    await inCall(() => clientOf({ wire, memberships: found(url), baggage: false }).tick());
    expect(seen.map(({ length }) => length)).toEqual([0, 2, 0]);
  });
});
