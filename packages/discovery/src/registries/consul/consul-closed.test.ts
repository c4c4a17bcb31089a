import { createServer } from 'node:http';
import { isFwkError } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { consulRegistry } from './consul-registry.js';

test('a Consul registry that is closed starts nothing any more, and what is watched stays empty', async () => {
  createServer();
  const guard = leakGuard();
  const registry = consulRegistry({ maxQueries: 1 }, { clock: guard.clock });
  await registry.close();
  const watches = ['inventory', 'pricing'].map((service) => registry.watch(service));
  const services = registry.services();
  await guard.clock.advance(10);
  for (const { instances, known } of watches) expect([instances.value, known.value]).toEqual([[], false]);
  expect(services.names.value).toEqual([]);
  await expect(registry.register(anInstance())).rejects.toSatisfy((error) =>
    isFwkError(error, 'FWK_DISCOVERY_REGISTRY_CLOSED'),
  );
  guard.check();
  for (const watch of [...watches, services]) watch[Symbol.dispose]();
});
