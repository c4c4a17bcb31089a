import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancellable, type Env, eventBus, isFwkError, type LogFields, noLogger, systemClock } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AgentSetup, type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { startCluster } from '../../fixtures/consul/consul-cluster.js';
import { type Fault, type FaultProxy, faultProxy } from '../../fixtures/consul/fault-proxy.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 15_000, interval: 20 };
const rootToken = '11111111-2222-3333-4444-555555555555';
const otherToken = '99999999-2222-3333-4444-555555555555';

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

  test('uses the token of a file, and another one as soon as the file holds it', async () => {
    const agent = await anAgent(secured);
    const file = join(await aFolder(), 'token');
    await writeFile(file, 'wrong');
    const said: string[] = [];
    const logger = { ...noLogger, warn: (fields: LogFields) => void said.push(String(fields.reason)) };
    const registry = open({ url: agent.url, tokenFile: file, maxPauseMs: 100 }, { logger });
    const registering = registry.register(anInstance());
    const { instances } = registry.watch('inventory');
    await vi.waitFor(() => expect(instances.stale?.reason).toMatch(/refuses the token.*ACL not found/), patience);
    await vi.waitFor(() => expect(said.join()).toMatch(/refuses the token/), patience);
    const reason = expect.stringMatching(/refuses the token/);
    await vi.waitFor(() => expect(registry.connection.value).toMatchObject({ state: 'connected', reason }), patience);
    await writeFile(file, `${rootToken}\n`);
    await registering;
    expect(said.join()).not.toContain('wrong');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    expect(instances.stale).toBeUndefined();
    await vi.waitFor(() => expect(registry.connection.value.reason).toBeUndefined(), patience);
  });

  test('is refused at once with a token that cannot change, and says why', async () => {
    const agent = await anAgent(secured);
    const refused = await open({ url: agent.url, token: otherToken })
      .register(anInstance())
      .catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_DISCOVERY_REGISTRY_DENIED'), String(refused)).toBe(true);
    expect(String(refused)).toMatch(/refuses the token: .*ACL not found.*CONSUL_HTTP_TOKEN/s);
  });

  test('sees what another token of its file may, and not only once something changes', async () => {
    const agent = await anAgent(secured);
    const headers = { 'x-consul-token': rootToken };
    const put = (path: string, body: object) => agent.ask(path, { method: 'PUT', headers, body: JSON.stringify(body) });
    await put('/acl/policy', { Name: 'nodes', Rules: 'node_prefix "" { policy = "read" }' });
    await put('/acl/token', { SecretID: otherToken, Policies: [{ Name: 'nodes' }] });
    await open({ url: agent.url, token: rootToken }).register(anInstance());
    const file = join(await aFolder(), 'token');
    await writeFile(file, otherToken);
    const registry = open({ url: agent.url, tokenFile: file, ttlMs: 1000 });
    const { instances, known } = registry.watch('inventory');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
    expect(instances.value).toEqual([]);
    await writeFile(file, rootToken);
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
  });

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

  test('needs no more rights than to write its own service and to read services and nodes', async () => {
    const agent = await anAgent(secured);
    const headers = { 'x-consul-token': rootToken };
    const put = (path: string, body: object) => agent.ask(path, { method: 'PUT', headers, body: JSON.stringify(body) });
    const rules =
      'service "inventory" { policy = "write" } service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
    await put('/acl/policy', { Name: 'inventory', Rules: rules });
    await put('/acl/token', { SecretID: otherToken, Policies: [{ Name: 'inventory' }] });
    const own = open({ url: agent.url, token: otherToken });
    const shared = open({ url: agent.url, token: otherToken, maxQueries: 0 });
    const lists = [own.watch('inventory').instances, shared.watch('inventory').instances];
    const registration = await own.register(anInstance());
    await registration.setStatus('OUT_OF_SERVICE');
    for (const list of lists) {
      await vi.waitFor(() => expect(list.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
      expect(list.stale).toBeUndefined();
    }
    await registration.deregister();
    for (const list of lists) await vi.waitFor(() => expect(list.value).toEqual([]), patience);
  });

  test('keeps its lists when its token is revoked, and recovers with the next', async () => {
    const agent = await anAgent(secured);
    const file = join(await aFolder(), 'token');
    const headers = { 'x-consul-token': rootToken };
    const body = JSON.stringify({ SecretID: otherToken, Policies: [{ Name: 'global-management' }] });
    const made = (await (await agent.ask('/acl/token', { method: 'PUT', headers, body })).json()) as {
      AccessorID: string;
    };
    await writeFile(file, otherToken);
    const registry = open({ url: agent.url, tokenFile: file, maxPauseMs: 100, ttlMs: 3000 });
    await registry.register(anInstance());
    const { instances } = registry.watch('inventory');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    await agent.ask(`/acl/token/${made.AccessorID}`, { method: 'DELETE', headers });
    await vi.waitFor(() => expect(instances.stale?.reason).toMatch(/refuses the token/), patience);
    expect(instances.value).toHaveLength(1);
    await writeFile(file, rootToken);
    await vi.waitFor(() => expect(instances.stale).toBeUndefined(), patience);
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
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

const secured: AgentSetup = {
  token: rootToken,
  config: {
    primary_datacenter: 'dc1',
    acl: { enabled: true, default_policy: 'deny', tokens: { master: rootToken, agent: rootToken } },
  },
};

async function anAgent(setup?: AgentSetup): Promise<ConsulAgent> {
  const agent = await startAgent(setup);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

function open(options: Partial<ConsulOptions>, env?: Partial<Env>): Registry {
  const registry = consulRegistry({ maxPauseMs: 500, ...options }, env);
  onTestFinished(() => registry.close());
  return registry;
}

async function aProxy(agent: ConsulAgent): Promise<FaultProxy> {
  const proxy = await faultProxy(agent.url);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

const silence: Fault = (_path, answer) => {
  answer.destroy();
  return 'taken';
};

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function namesAt(agent: ConsulAgent): Promise<readonly string[]> {
  return Object.keys((await (await agent.ask('/catalog/services')).json()) as object);
}
