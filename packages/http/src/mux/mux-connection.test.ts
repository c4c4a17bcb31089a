import { expect, test } from 'vitest';
import { createClient } from '../client/create-client.js';
import { startMuxServer } from '../fixtures/mux-server.js';
import { shop } from '../fixtures/shop-contract.js';

test('a call is written as its contract has it, and its answer read', async () => {
  await using server = await startMuxServer((call) => call.answer(0, '7'));
  await using client = createClient(shop, { endpoints: [server.url], caller: 'till' });
  expect(await client.tick()).toBe(7);
});
