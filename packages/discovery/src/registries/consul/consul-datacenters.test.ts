import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 15_000, interval: 20 };

describe.runIf(consulProgram)('a Consul registry that knows other datacentres', () => {
  let near: ConsulAgent;
  let far: ConsulAgent;
  const open: Registry[] = [];
  const aRegistry = (agent: ConsulAgent, datacenters: readonly string[] = []) => {
    const registry = consulRegistry({ url: agent.url, datacenters, maxPauseMs: 200 });
    open.push(registry);
    return registry;
  };

  beforeAll(async () => {
    near = await startAgent();
    const joining = { retry_join_wan: [`127.0.0.1:${near.wanPort}`], retry_interval_wan: '1s' };
    far = await startAgent({ config: { datacenter: 'dc2', ...joining } });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registry) => registry.close()));
  });
  afterAll(() => Promise.all([near, far].map((agent) => agent[Symbol.asyncDispose]())));

  test('asks them in order while nobody can be called in its own, and no longer', async () => {
    const { instances } = aRegistry(near, ['nowhere', 'dc2']).watch('inventory');
    await aRegistry(far).register(anInstance({ id: 'far', port: 4002 }));
    await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['far']), patience);
    expect(instances.stale).toBeUndefined();
    const registration = await aRegistry(near).register(anInstance({ id: 'near' }));
    await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['near']), patience);
    await registration.setStatus('DRAINING');
    await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['far']), patience);
    await registration.setStatus('UP');
    await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['near']), patience);
  });

  test('shows those of its own when there is nobody to call anywhere', async () => {
    const { instances } = aRegistry(near, ['dc2']).watch('pricing');
    const pricing = anInstance({ id: 'pricing-1', service: 'pricing', status: 'STARTING' });
    await aRegistry(near).register(pricing);
    await vi.waitFor(() => expect(instances.value).toEqual([pricing]), patience);
  });
});
