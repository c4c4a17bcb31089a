/** Lines of the framework's own parts have the name of the part, so that the level of each can be set. */
import { createApp } from '@fwk/core';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { shop } from '../fixtures/shop-contract.js';
import { served } from '../serving/served.js';
import { http } from './http.js';

type Line = Readonly<Record<string, unknown>>;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An application whose only item fails, and what it logs. */
async function application(levels: Readonly<Record<string, 'debug' | 'info' | 'silent'>>) {
  const lines: Line[] = [];
  const app = createApp({
    ...{ name: 'shop', version: '1.0.0', owner: 'team', signals: false },
    logging: { levels, destination: { write: (line) => void lines.push(JSON.parse(line)) } },
    shutdown: { propagationDelayMs: 0 },
    use: [
      http({
        port: 0,
        serve: [
          served(shop, {
            item: () => {
              throw new Error('no shelf');
            },
            order: () => ({ order: '' }),
            tick: () => 1,
            forget: () => {},
          }),
        ],
      }),
    ],
  });
  closing.push(() => app.stop());
  await app.start();
  const client = createClient(shop, {
    endpoints: [String(lines.find(({ message }) => message === 'serving')?.url ?? '')],
    retry: false,
  });
  closing.push(async () => client[Symbol.asyncDispose]());
  await client.tick();
  await client.item({ params: { id: 1 }, query: {} }).catch(() => undefined);
  const namesOf = (message: string) => lines.filter((line) => line.message === message).map(({ logger }) => logger);
  return { lines, namesOf };
}

test('the server logs as `http.server`, its component as `http`, and the application under no name', async () => {
  const { namesOf } = await application({ http: 'debug' });
  expect(namesOf('serving')).toEqual(['http']);
  expect(namesOf('answered')).toEqual(['http.server']);
  expect(namesOf('a handler failed')).toEqual(['http.server']);
  expect(namesOf('ready')).toEqual([undefined]);
});

test('the level of a part holds for its lines alone', async () => {
  const { namesOf, lines } = await application({ 'http.server': 'silent' });
  expect(namesOf('serving')).toEqual(['http']);
  expect(lines.filter(({ logger }) => logger === 'http.server')).toEqual([]);
});
