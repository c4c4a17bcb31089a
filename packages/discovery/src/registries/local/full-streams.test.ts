import { noLogger } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { localRegistry } from './local-registry.js';
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
