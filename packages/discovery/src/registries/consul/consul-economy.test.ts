import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { faultProxy } from '../../fixtures/consul/fault-proxy.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 10_000, interval: 10 };
const services = Array.from({ length: 120 }, (_, index) => `service-${index}`);

describe.runIf(consulProgram)('a Consul registry with many watches', () => {
  let agent: ConsulAgent;
  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  async function watching(options: Partial<ConsulOptions> = {}) {
    const proxy = await faultProxy(agent.url);
    const [here, far] = [consulRegistry({ url: agent.url }), consulRegistry({ ...options, url: proxy.url })];
    onTestFinished(async () => {
      await Promise.all([here.close(), far.close()]);
      await proxy[Symbol.asyncDispose]();
    });
    const watches = services.map((service) => far.watch(service));
    await vi.waitFor(() => expect(watches.every(({ known }) => known.value)).toBe(true), patience);
    return { proxy, here, far, watches };
  }

  test('needs a dozen connections for 120 services, and sees each change at once', async () => {
    const { proxy, here, watches } = await watching();
    expect(proxy.connections).toBeLessThanOrEqual(14);
    const last = watches.at(-1)?.instances;
    const before = proxy.paths.length;
    const registration = await registerAt(here, 'service-119');
    await vi.waitFor(() => expect(last?.value[0]?.status).toBe('UP'), patience);
    await registration.update({ colour: 'blue' });
    await vi.waitFor(() => expect(last?.value[0]?.metadata).toEqual({ colour: 'blue' }), patience);
    await registration.setStatus('OUT_OF_SERVICE');
    await vi.waitFor(() => expect(last?.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
    await registration.deregister();
    await vi.waitFor(() => expect(last?.value).toEqual([]), patience);
    // Only what has changed was fetched, not each of them at each of the four changes. (Consul wakes questions for what
    // does not exist at every change of anything, which are the eight with a connection of their own.)
    expect(proxy.paths.length - before).toBeLessThan(100);
  });

  test('gives a place of its own to a new watch when another has ended', async () => {
    const { proxy, far, watches } = await watching();
    watches[0]?.[Symbol.dispose]();
    const before = proxy.paths.length;
    const { known } = far.watch('late');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
    await vi.waitFor(() => expect(proxy.paths.slice(before).join('\n')).toMatch(/service\/late\?.*index=/), patience);
  });

  test('marks all of them stale while the shared question fails, and fresh after', async () => {
    const { proxy, here, watches } = await watching({ maxPauseMs: 100, maxQueries: 0 });
    await registerAt(here, 'service-7');
    await vi.waitFor(() => expect(watches[7]?.instances.value).toHaveLength(1), patience);
    proxy.break((path, answer) => {
      if (!path.includes('/health/')) return undefined;
      answer.writeHead(500).end('broken');
      return 'taken';
    });
    const staleness = () => watches.map(({ instances }) => instances.stale?.reason);
    await vi.waitFor(() => expect(staleness().every((reason) => reason?.includes('broken'))).toBe(true), patience);
    expect(watches[7]?.instances.value).toHaveLength(1);
    proxy.break(undefined);
    await vi.waitFor(() => expect(staleness().every((reason) => reason === undefined)).toBe(true), patience);
  });
});

function registerAt(registry: Registry, service: string) {
  return registry.register(anInstance({ id: `${service}-1`, service }));
}
