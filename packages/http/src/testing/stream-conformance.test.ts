import { describe, expect, onTestFinished, test } from 'vitest';
import { feed, feedHandlers, ticksFrom } from '../fixtures/feed-contract.js';
import { rawServer } from '../fixtures/raw-server.js';
import { contractConformance } from './contract-conformance.js';
import { type ServedContract, serveContract } from './serve-contract.js';

const body = [...ticksFrom(1, 2)];
const examples = { ticks: {}, events: {}, resumed: {}, bounded: {}, load: { body }, talk: { body }, whole: {} };

describe.each(['http', 'mux', 'local'] as const)('a server of streams keeps its contract over %s', (wire) => {
  let served: ServedContract<typeof feed> | undefined;
  const where = () => (wire === 'local' ? served?.server : served?.url) ?? '';
  for (const { name, run } of contractConformance(feed, where, examples, { wire })) {
    test(name, async () => {
      served = await serveContract(feed, feedHandlers);
      onTestFinished(() => served?.[Symbol.asyncDispose]());
      await run();
    });
  }
});

test.each([
  ['answers a list', 'application/json', '[]', 'no stream'],
  ['does not mark the end', 'application/x-ndjson', '{"seq":1,"text":""}\n', 'did not mark'],
  ['answers an item that does not fit', 'application/x-ndjson', '{"seq":1}\n{"@end":{}}\n', 'item 0'],
])('a server that %s is found out', async (_what, type, text, message) => {
  await using server = await rawServer(
    (_request, response) => void response.writeHead(200, { 'content-type': type }).end(text),
  );
  const [first] = contractConformance(feed, () => server.url, examples);
  await expect(first?.run()).rejects.toThrow(message);
});
