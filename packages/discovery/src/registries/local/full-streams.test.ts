import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { noLogger } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { rawClient } from '../../fixtures/raw-client.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';
import { socketPath } from './place.js';
import { serveRegistry } from './serve-registry.js';

test('a process for which the registry has no stream left is told so instead of waiting for ever', async () => {
  const served = await serveRegistry({ port: 0, maxStreams: 1 });
  const [first, second] = [1, 2].map(() => localRegistry({ port: served.port, serve: false }, { logger: noLogger }));
  if (!first || !second) throw new Error('not two');
  await first.register(anInstance());
  const refused = second.register(anInstance({ id: 'inventory-2' }));
  await expect(refused).rejects.toMatchObject({ code: 'FWK_DISCOVERY_REGISTRY_FULL', details: { limit: 1 } });
  expect(second.connection.value.reason).toContain('streams');
  await first.close();
  await second.close();
  await served.close();
});

test('one process has a few streams and mere readers half of them, so that there is one left for others', async () => {
  const served = await serveRegistry({ port: 0, maxStreams: 20 });
  const options = checkLocalOptions({ port: served.port }, {});
  const streams: IncomingMessage[] = [];
  const open = async (headers: Readonly<Record<string, string>> = {}) => {
    const asking = request({
      socketPath: socketPath(options, served.port),
      path: '/v1/events',
      agent: false,
      headers,
    }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    streams.push(response);
    return response.statusCode;
  };
  for (let count = 1; count <= 10; count++) expect(await open()).toBe(200);
  expect(await open()).toBe(503);
  const [greedy, other] = [await rawClient(options), await rawClient(options)];
  for (let count = 1; count <= 8; count++) expect(await open(greedy.sign('GET', '/v1/events'))).toBe(200);
  expect(await open(greedy.sign('GET', '/v1/events'))).toBe(503);
  expect(await open(other.sign('GET', '/v1/events'))).toBe(200);
  for (const stream of streams) stream.destroy();
  greedy.close();
  other.close();
  await served.close();
});
