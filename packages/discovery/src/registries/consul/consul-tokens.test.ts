/** Tokens: what they need, files that hold them, and what is refused with them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventBus, isFwkError, type LogFields, noLogger } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AgentSetup, type ConsulAgent, consulProgram } from '../../fixtures/consul/consul-agent.js';
import { anAgent, open } from '../../fixtures/consul/consul-bench.js';
import { anInstance } from '../../testing/instances.js';

const patience = { timeout: 15_000, interval: 20 };
const rootToken = '11111111-2222-3333-4444-555555555555';
const otherToken = '99999999-2222-3333-4444-555555555555';

describe.runIf(consulProgram)('a Consul registry', () => {
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
    await allow(agent, 'node_prefix "" { policy = "read" }');
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

  test('needs no more rights than to write its own service and to read services and nodes', async () => {
    const agent = await anAgent(secured);
    const rules =
      'service "inventory" { policy = "write" } service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
    await allow(agent, rules);
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

  test('follows its lists while its token may only read, says why it is not registered, and is again when it may', async () => {
    const agent = await anAgent(secured);
    const rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
    await allow(agent, rules);
    const file = join(await aFolder(), 'token');
    await writeFile(file, rootToken);
    const events = eventBus();
    const lost: unknown[] = [];
    events.on('registry.lost', (event) => lost.push(event));
    const registry = open({ url: agent.url, tokenFile: file, maxPauseMs: 100, ttlMs: 1000 }, { events });
    const [own, pricing] = ['inventory', 'pricing'].map((service) => registry.watch(service).instances);
    await registry.register(anInstance());
    await writeFile(file, otherToken);
    const reason = expect.stringMatching(/refuses the token.*service:write/);
    await vi.waitFor(() => expect(registry.connection.value).toMatchObject({ state: 'connected', reason }), patience);
    await open({ url: agent.url, token: rootToken }).register(anInstance({ id: 'pricing-1', service: 'pricing' }));
    await vi.waitFor(() => expect(pricing?.value).toHaveLength(1), patience);
    expect(pricing?.stale).toBeUndefined();
    await vi.waitFor(() => expect(own?.value[0]?.status).toBe('DOWN'), patience);
    await writeFile(file, rootToken);
    await vi.waitFor(() => expect(own?.value[0]?.status).toBe('UP'), patience);
    await vi.waitFor(() => expect(registry.connection.value.reason).toBeUndefined(), patience);
    expect(lost).toEqual([]);
  });

  test('keeps its lists when its token is revoked, and recovers with the next', async () => {
    const agent = await anAgent(secured);
    const file = join(await aFolder(), 'token');
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
});

const headers = { 'x-consul-token': rootToken };

const secured: AgentSetup = {
  token: rootToken,
  config: {
    primary_datacenter: 'dc1',
    acl: { enabled: true, default_policy: 'deny', tokens: { master: rootToken, agent: rootToken } },
  },
};

function put(agent: ConsulAgent, path: string, body: object): Promise<Response> {
  return agent.ask(path, { method: 'PUT', headers, body: JSON.stringify(body) });
}

/** Lets another token exist that may do no more than this. */
async function allow(agent: ConsulAgent, Rules: string): Promise<void> {
  await put(agent, '/acl/policy', { Name: 'some', Rules });
  await put(agent, '/acl/token', { SecretID: otherToken, Policies: [{ Name: 'some' }] });
}

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
