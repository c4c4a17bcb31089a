import { cancellable, eventBus, isFwkError, systemClock } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram } from '../../fixtures/consul/consul-agent.js';
import { anAgent, open } from '../../fixtures/consul/consul-bench.js';
import { startCluster } from '../../fixtures/consul/consul-cluster.js';
import { type Fault, type FaultProxy, faultProxy } from '../../fixtures/consul/fault-proxy.js';
import { anInstance } from '../../testing/instances.js';

const patience = { timeout: 15_000, interval: 20 };

describe.runIf(consulProgram)('a Consul registry', () => {
  test('registers again what a restarted agent has forgotten, and keeps its lists meanwhile', async () => {
    const agent = await anAgent();
    const [here, there] = [open({ url: agent.url }), open({ url: agent.url })];
    const registration = await here.register(anInstance({ tags: ['canary'] }));
    const { instances } = there.watch('inventory');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    await registration.update({ colour: 'blue' });
    await vi.waitFor(() => expect(instances.value[0]?.metadata).toEqual({ colour: 'blue' }), patience);
    await agent.kill();
    await vi.waitFor(() => expect(there.connection.value.state).toBe('lost'), patience);
    expect(instances.stale?.reason).toMatch(/ECONNREFUSED|ECONNRESET|connection|hang up/);
    expect(instances.value).toHaveLength(1);
    await agent.restart();
    await vi.waitFor(async () => expect(await namesAt(agent)).toContain('inventory'), patience);
    await vi.waitFor(() => expect(instances.stale).toBeUndefined(), patience);
    await vi.waitFor(() => expect(instances.value).toEqual([registration.instance]), patience);
  });

  test('waits with a registration for an agent that comes later', async () => {
    const agent = await anAgent();
    await agent.kill();
    const registry = open({ url: agent.url, maxPauseMs: 200 });
    const registering = registry.register(anInstance());
    await vi.waitFor(() => expect(registry.connection.value.state).toBe('lost'), patience);
    await agent.restart();
    await registering;
    expect(await namesAt(agent)).toContain('inventory');
  });

  test('does not fight for an id that another has taken while the agent was away', async () => {
    const agent = await anAgent();
    const proxy = await aProxy(agent);
    const events = eventBus();
    const refused: unknown[] = [];
    events.on('instance.refused', ({ data }) => refused.push(data.instance));
    const first = await open({ url: proxy.url, ttlMs: 1000, maxPauseMs: 100 }, { events }).register(anInstance());
    proxy.break(silence);
    await agent.restart();
    const second = open({ url: agent.url });
    await second.register(anInstance({ port: 4009 }));
    proxy.break(undefined);
    await vi.waitFor(() => expect(refused).toContain('inventory-1'), patience);
    await first.deregister();
    const { instances, known } = second.watch('inventory');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
    expect(instances.value.map(({ port }) => port)).toEqual([4009]);
  });

  test('lets go of an id that another has taken between two renewals, without a loss in between', async () => {
    const agent = await anAgent();
    const events = eventBus();
    const refused: unknown[] = [];
    events.on('instance.refused', ({ data }) => refused.push(data.instance));
    const first = await open({ url: agent.url, ttlMs: 1000 }, { events }).register(anInstance());
    const body = JSON.stringify({ ID: 'inventory-1', Name: 'inventory', Address: '127.0.0.1', Port: 4009 });
    await agent.ask('/agent/service/register', { method: 'PUT', body });
    await vi.waitFor(() => expect(refused).toEqual(['inventory-1']), patience);
    await first.deregister();
    const standing = await agent.ask('/agent/service/inventory-1');
    expect(await standing.json()).toMatchObject({ Port: 4009 });
  });

  test('has nothing against an agent that has forgotten what it is to take out', async () => {
    const agent = await anAgent();
    const registration = await open({ url: agent.url }).register(anInstance());
    await agent.ask('/agent/service/deregister/inventory-1', { method: 'PUT' });
    const startMs = systemClock.now();
    await registration.deregister();
    expect(systemClock.now() - startMs).toBeLessThan(900);
  });

  test('stops waiting with the caller’s own reason, and registers nothing then', async () => {
    const agent = await anAgent();
    await agent.kill();
    const registry = open({ url: agent.url, maxPauseMs: 100 });
    const { context, cancel } = cancellable();
    const registering = registry.register(anInstance(), context);
    await vi.waitFor(() => expect(registry.connection.value.state).toBe('lost'), patience);
    const reason = new Error('the caller gave up');
    cancel(reason);
    await expect(registering).rejects.toBe(reason);
    await agent.restart();
    await vi.waitFor(() => expect(registry.connection.value.state).toBe('connected'), patience);
    expect(await namesAt(agent)).not.toContain('inventory');
  });

  test.each(['UP', 'DRAINING', 'OUT_OF_SERVICE'] as const)(
    'lets Consul find out by itself when a process that said %s is gone without a word, and another have its id',
    async (status) => {
      const agent = await anAgent();
      const proxy = await aProxy(agent);
      const [gone, there] = [open({ url: proxy.url, ttlMs: 1000 }), open({ url: agent.url })];
      const registration = await gone.register(anInstance());
      const { instances } = there.watch('inventory');
      await registration.setStatus(status);
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe(status), patience);
      proxy.break(silence);
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), patience);
      expect(instances.value[0]?.lastChange?.cause).toMatch(/^TTL expired/);
      await there.register(anInstance({ port: 4009 }));
      await vi.waitFor(() => expect(instances.value[0]).toMatchObject({ status: 'UP', port: 4009 }), patience);
    },
  );

  test('leaves nothing behind when it is closed while it waits to be seen', async () => {
    const agent = await anAgent();
    const proxy = await aProxy(agent);
    proxy.rewrite = (path, _headers, body) => (path.startsWith('/v1/health/service/') ? '[]' : body);
    const registry = open({ url: proxy.url });
    const registering = registry.register(anInstance()).catch((error: unknown) => error);
    const standing = () => agent.ask('/agent/service/inventory-1').then(({ status }) => status);
    await vi.waitFor(async () => expect(await standing()).toBe(200), patience);
    await registry.close();
    expect(await standing()).toBe(404);
    await registering;
  });

  test('keeps ids unique over three servers, and goes on over the death of their leader', async () => {
    await using cluster = await startCluster();
    const [first, second] = cluster.followers as [ConsulAgent, ConsulAgent];
    const [here, there] = [open({ url: first.url }), open({ url: second.url })];
    const registration = await here.register(anInstance());
    const { instances } = there.watch('inventory');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    const taken = await there.register(anInstance({ port: 4009 })).catch((error: unknown) => error);
    expect(isFwkError(taken, 'FWK_DISCOVERY_DUPLICATE_INSTANCE'), String(taken)).toBe(true);
    await cluster.leader.kill();
    const late = here.register(anInstance({ id: 'inventory-2', port: 4002 }));
    await registration.setStatus('DRAINING');
    await vi.waitFor(() => expect(instances.value).toHaveLength(2), patience);
    await late;
    await vi.waitFor(() => expect(instances.value.map(({ status }) => status)).toEqual(['DRAINING', 'UP']), patience);
    await vi.waitFor(() => expect(instances.stale).toBeUndefined(), patience);
  });
});

async function aProxy(agent: ConsulAgent): Promise<FaultProxy> {
  const proxy = await faultProxy(agent.url);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

const silence: Fault = (_path, answer) => {
  answer.destroy();
  return 'taken';
};

async function namesAt(agent: ConsulAgent): Promise<readonly string[]> {
  return Object.keys((await (await agent.ask('/catalog/services')).json()) as object);
}
