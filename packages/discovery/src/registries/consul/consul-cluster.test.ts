import { eventBus, isFwkError } from '@fwk/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram } from '../../fixtures/consul/consul-agent.js';
import { type ConsulCluster, startCluster } from '../../fixtures/consul/consul-cluster.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import { registryContract } from '../../testing/registry-contract.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 15_000, interval: 20 };
const ttlMs = 1000;

describe.runIf(consulProgram)('on three servers', () => {
  let cluster: ConsulCluster;
  const open: Registry[] = [];
  const aRegistry = (url: string, options: Partial<ConsulOptions> = {}, events = eventBus()) => {
    const registry = consulRegistry({ url, ttlMs, maxPauseMs: 200, ...options }, { events });
    open.push(registry);
    return registry;
  };
  const agents = () => [cluster.leader, ...cluster.followers];
  const holders = async (id: string) => {
    const said = await Promise.all(agents().map((agent) => agent.ask(`/agent/health/service/id/${id}`)));
    return agents().filter((_agent, index) => said[index]?.status !== 404);
  };

  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registry) => registry.close()));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  describe('a Consul registry at a server that follows', () => {
    const url = () => cluster.followers[0]?.url as string;
    const place = () => ({ open: () => consulRegistry({ url: url(), ttlMs, maxPauseMs: 200 }) });
    for (const { name, run } of registryContract({ place, patienceMs: 15_000, leaseMs: ttlMs })) test(name, run);

    test('takes an id again at once that another process of its machine has just taken out', async () => {
      for (let port = 4001; port < 4011; port++) {
        const registry = aRegistry(url());
        await registry.register(anInstance({ port }));
        await registry.close();
      }
    });
  });

  test('gives an id to exactly one of those who claim it at the same time at different agents', async () => {
    const claims = agents().map(({ url }, index) => aRegistry(url).register(anInstance({ port: 4001 + index })));
    const settled = await Promise.allSettled(claims);
    const refused = settled.flatMap((claim) => (claim.status === 'rejected' ? [claim.reason as unknown] : []));
    expect(refused).toHaveLength(2);
    for (const error of refused)
      expect(isFwkError(error, 'FWK_DISCOVERY_DUPLICATE_INSTANCE'), String(error)).toBe(true);
    expect(await holders('inventory-1')).toHaveLength(1);
  });

  test('lets go of an id whose earlier holder turns out to be alive, and takes it again once that is gone', async () => {
    const { url, ask } = bound(cluster.leader);
    const elsewhere = async (status: string) => {
      const service = {
        ID: 'late-1',
        Service: 'late',
        Port: 4009,
        Meta: { 'fwk-status': 'UP', 'fwk-version': '1.0.0' },
      };
      const check = { CheckID: 'service:late-1', ServiceID: 'late-1', Status: status };
      await ask('/catalog/register', { Node: 'cut-off', Address: '127.0.0.9', Service: service, Check: check });
    };
    await elsewhere('critical');
    const events = eventBus();
    const seen: unknown[] = [];
    events.on('instance.*', ({ name, data }) => seen.push(`${name} ${data.instance}`));
    await aRegistry(url, {}, events).register(anInstance({ id: 'late-1', service: 'late' }));
    await elsewhere('passing');
    await vi.waitFor(() => expect(seen).toEqual(['instance.registered late-1', 'instance.refused late-1']), patience);
    expect(await holders('late-1')).toEqual([]);
    await ask('/catalog/deregister', { Node: 'cut-off' });
    await vi.waitFor(async () => expect(await holders('late-1')).toEqual([cluster.leader]), patience);
  });
});

function bound(agent: ConsulAgent) {
  const ask = async (path: string, body: object) => {
    const response = await agent.ask(path, { method: 'PUT', body: JSON.stringify(body) });
    expect(response.status, await response.text()).toBe(200);
  };
  return { url: agent.url, ask };
}
