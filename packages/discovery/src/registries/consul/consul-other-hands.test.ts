/** What operators, other tools and restarts do to instances that this framework keeps in Consul. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventBus, isFwkError } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AgentSetup, type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { type FaultProxy, faultProxy } from '../../fixtures/consul/fault-proxy.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 15_000, interval: 20 };

describe.runIf(consulProgram)('an instance in Consul', () => {
  test('stays in the maintenance that an operator sets while it is out of service by its own word', async () => {
    const { open, put } = await anAgent();
    const { instances } = open().watch('inventory');
    const registration = await open().register(anInstance());
    await registration.setStatus('OUT_OF_SERVICE');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
    await put('/agent/service/maintenance/inventory-1?enable=true&reason=disk');
    await registration.setStatus('UP');
    await vi.waitFor(() => expect(instances.value[0]?.lastChange?.cause).toBe('disk'), patience);
    expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE');
    await put('/agent/service/maintenance/inventory-1?enable=false');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
  });

  test('is in service again also when the agent fails just then', async () => {
    const { agent, open } = await anAgent();
    const proxy = await faultProxy(agent.url);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const { instances } = open().watch('inventory');
    const registration = await open({ url: proxy.url, maxPauseMs: 100 }).register(anInstance());
    await registration.setStatus('OUT_OF_SERVICE');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
    proxy.break((path, answer) => {
      if (!path.includes('/check/deregister/')) return undefined;
      answer.statusCode = 500;
      answer.end('rpc error');
      return 'taken';
    }, false);
    await registration.setStatus('UP');
    proxy.break(undefined, false);
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
  });

  test.each([
    ['it', 'inventory-1'],
    ['its whole node', undefined],
  ])('comes back at once when somebody has taken %s out of the catalogue', async (_what, ServiceID) => {
    const { agent, open, put } = await anAgent();
    const { instances } = open().watch('inventory');
    const proxy = await faultProxy(agent.url);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    await open({ url: proxy.url, ttlMs: 3000 }).register(anInstance());
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    // It knows of its node by then: a second look comes only after the answer to the first.
    await vi.waitFor(() => expect(looks(proxy).length).toBeGreaterThan(1), patience);
    const lengths: number[] = [];
    instances.subscribe(({ length }) => lengths.push(length));
    const nodes = (await (await agent.ask('/catalog/nodes')).json()) as readonly { readonly Node: string }[];
    await put('/catalog/deregister', { Node: nodes[0]?.Node, ServiceID });
    await vi.waitFor(() => expect(lengths).toEqual([0, 1]), patience);
    expect(instances.value[0]?.status).toBe('UP');
  });

  test('is not held down by checks that its predecessor left behind, and keeps the operator’s maintenance', async () => {
    const { open, put } = await anAgent();
    const left = { ID: 'inventory-1', Name: 'inventory', Address: '127.0.0.1', Port: 4001 };
    await put('/agent/service/register', {
      ...left,
      Checks: [
        { CheckID: 'its own', TTL: '1h' },
        { HTTP: 'http://127.0.0.1:1/', Interval: '1s' },
        { CheckID: 'service:inventory-1', HTTP: 'http://127.0.0.1:1/', Interval: '1s' },
      ],
    });
    await put('/agent/check/register', { ID: 'disk', Name: 'disk of the node', TTL: '1h', Status: 'passing' });
    await put('/agent/service/maintenance/inventory-1?enable=true&reason=disk');
    const { instances } = open().watch('inventory');
    await open().register(anInstance());
    await vi.waitFor(() => expect(instances.value[0]?.lastChange?.cause).toBe('disk'), patience);
    await put('/agent/service/maintenance/inventory-1?enable=false');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
    await put('/agent/check/fail/disk');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), patience);
  });

  describe('whose id differs from another by case only', () => {
    test('is refused while the other is alive, since Consul keeps one of the two', async () => {
      const { open } = await anAgent();
      const { instances } = open().watch('inventory');
      const first = open();
      await first.register(anInstance({ id: 'Node-1' }));
      for (const registry of [open(), first]) {
        const refused = await registry.register(anInstance({ id: 'node-1', port: 4009 })).catch((error) => error);
        expect(isFwkError(refused, 'FWK_DISCOVERY_DUPLICATE_INSTANCE')).toBe(true);
        expect(refused.message).toMatch(/"node-1" is taken by Node-1 of inventory at 127\.0\.0\.1:4001 .*ignores case/);
      }
      await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['Node-1']), patience);
    });

    test('takes its place where it is a predecessor at the same port', async () => {
      const { open, agent } = await anAgent();
      const { instances } = open().watch('inventory');
      await open().register(anInstance({ id: 'Node-1' }));
      await open().register(anInstance({ id: 'node-1' }));
      await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(['node-1']), patience);
      expect(Object.keys((await (await agent.ask('/agent/services')).json()) as object)).toEqual(['node-1']);
    });

    test('leaves one of the two when both come at once', async () => {
      const { open } = await anAgent();
      const ids = ['Node-1', 'node-1', 'NODE-1'];
      const made = await Promise.allSettled(ids.map((id, at) => open().register(anInstance({ id, port: 4001 + at }))));
      expect(made.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
      const last = made.find((each) => each.status === 'fulfilled')?.value.instance.id;
      const { instances, known } = open().watch('inventory');
      await vi.waitFor(() => expect(known.value).toBe(true), patience);
      await vi.waitFor(() => expect(instances.value.map(({ id }) => id)).toEqual(last ? [last] : []), patience);
    });
  });

  test('belongs to the service of exactly its name', async () => {
    const { open } = await anAgent();
    const lists = ['orders', 'Orders'].map((name) => open().watch(name));
    const [lower, upper] = lists.map(({ instances }) => instances);
    await open().register(anInstance({ id: 'a-1', service: 'orders' }));
    await open().register(anInstance({ id: 'b-1', service: 'Orders' }));
    await vi.waitFor(() => expect(upper?.value.map(({ id }) => id)).toEqual(['b-1']), patience);
    await vi.waitFor(() => expect(lower?.value.map(({ id }) => id)).toEqual(['a-1']), patience);
  });

  test('is as it was until the agent that was restarted has asked it again, and so is anybody else’s', async () => {
    const server = createServer((_request, response) => void response.end());
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { agent: main } = await anAgent();
    const { agent, open, put } = await anAgent({ server: main });
    // Enough of them that some are not asked before the server hears of the restart.
    const others = Array.from({ length: 12 }, (_, at) => `other-${at}`);
    for (const ID of others) {
      const check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '3s' };
      await put('/agent/service/register', { ID, Name: 'inventory', Address: '127.0.0.1', Port: port, Check: check });
    }
    await put('/agent/service/register', {
      ID: 'failing',
      Name: 'inventory',
      Address: '127.0.0.1',
      Port: 1,
      Check: { HTTP: 'http://127.0.0.1:1/', Interval: '1s' },
    });
    const events = eventBus();
    const { instances } = open().watch('inventory');
    await open({ check: 'http', checkIntervalMs: 3000 }, events).register(anInstance({ port }));
    const statuses = () => Object.fromEntries(instances.value.map(({ id, status }) => [id.split('@')[0], status]));
    const up = Object.fromEntries(['inventory-1', ...others].map((id) => [id, 'UP']));
    const long = { ...patience, timeout: 30_000 };
    await vi.waitFor(() => expect(statuses()).toEqual({ ...up, failing: 'DOWN' }), long);
    const seen: object[] = [];
    instances.subscribe(() => seen.push(statuses()));
    await agent.restart();
    // The agent itself counts a check as critical until it has made it.
    const passing = async () => {
      const checks = (await (await agent.ask('/agent/checks')).json()) as Readonly<Record<string, { Status: string }>>;
      return Object.values(checks).filter(({ Status }) => Status === 'passing').length;
    };
    await vi.waitFor(async () => expect(await passing()).toBe(others.length + 1), long);
    await vi.waitFor(() => expect(statuses()).toEqual({ ...up, failing: 'DOWN' }), patience);
    for (const each of seen) expect(each).toEqual({ ...up, failing: 'DOWN' });
  }, 90_000);
});

async function anAgent(setup: AgentSetup = {}) {
  const agent: ConsulAgent = await startAgent(setup);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return {
    agent,
    open(options: Partial<ConsulOptions> = {}, events = eventBus()) {
      const registry = consulRegistry({ url: agent.url, ...options }, { events });
      onTestFinished(() => registry.close());
      return registry;
    },
    async put(path: string, body?: unknown) {
      const init = body === undefined ? { method: 'PUT' } : { method: 'PUT', body: JSON.stringify(body) };
      const response = await agent.ask(path, init);
      expect(response.status, await response.text()).toBe(200);
    },
  };
}

/** The questions for what the servers know of the node. */
function looks({ paths }: FaultProxy): readonly string[] {
  return paths.filter((path) => path.includes('/catalog/node/'));
}
