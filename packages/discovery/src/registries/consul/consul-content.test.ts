import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isFwkError, systemClock } from '@fwk/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import type { Instance } from '../../instance.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 5000, interval: 10 };

describe.runIf(consulProgram)('what Consul knows of an instance', () => {
  let agent: ConsulAgent;
  const open: Registry[] = [];
  const aRegistry = (options: Partial<ConsulOptions> = {}) => {
    const registry = consulRegistry({ url: agent.url, ...options });
    open.push(registry);
    return registry;
  };
  const put = async (path: string, body?: unknown) => {
    const init = body === undefined ? { method: 'PUT' } : { method: 'PUT', body: JSON.stringify(body) };
    const response = await agent.ask(path, init);
    expect(response.status, await response.text()).toBe(200);
  };
  const entries = async (query = '') => {
    const response = await agent.ask(`/health/service/inventory${query}`);
    return (await response.json()) as readonly Entry[];
  };

  beforeAll(async () => {
    agent = await startAgent();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registry) => registry.close()));
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  test('is all of it, also what is too long or too odd for Consul’s own fields', async () => {
    const instance = anInstance({
      zone: 'eu-1a',
      weight: 2.5,
      tags: ['canary', 'größer ✓'],
      owner: 'team stock',
      contracts: Array.from({ length: 100 }, (_, index) => `inventory-${index}@1.0.0`),
      metadata: {
        scheme: 'https',
        wires: 'http,mux',
        'odd key ✓': 'ü'.repeat(400),
        'fwk-status': 'mine',
        long: 'x'.repeat(3000),
        empty: '',
      },
    });
    const { instances } = aRegistry().watch('inventory');
    await aRegistry().register(instance);
    await vi.waitFor(() => expect(instances.value).toEqual([instance]), patience);
  });

  test('can be read by others: version, owner, plain metadata, tags and weight stand where Consul’s tools look', async () => {
    const { deregister } = await aRegistry().register(
      anInstance({ weight: 3, owner: 'team-stock', tags: ['canary'], metadata: { colour: 'blue' } }),
    );
    await vi.waitFor(async () => expect(await entries()).toHaveLength(1), patience);
    const [entry] = await entries('?passing=1');
    expect(entry?.Service).toMatchObject({
      Tags: ['canary'],
      Weights: { Passing: 3, Warning: 1 },
      Meta: { colour: 'blue', 'fwk-version': '1.0.0', 'fwk-owner': 'team-stock' },
    });
    await deregister();
  });

  test('is refused with its reason when Consul has no room for it', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`key-${index}`, 'value']));
    const refused = await aRegistry()
      .register(anInstance({ metadata }))
      .catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_DISCOVERY_INSTANCE_INVALID')).toBe(true);
    expect(String(refused)).toMatch(/of the 64 pairs/);
  });

  test('is refused in Consul’s own words when Consul does not take it', async () => {
    const refused = await aRegistry()
      .register(anInstance({ address: '0.0.0.0' }))
      .catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_DISCOVERY_INSTANCE_INVALID')).toBe(true);
    expect(String(refused)).toMatch(/Consul says: Invalid service address/);
  });

  test('says to others that they should not call what drains', async () => {
    const registration = await aRegistry().register(anInstance());
    const { instances } = aRegistry().watch('inventory');
    await registration.setStatus('DRAINING');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DRAINING'), patience);
    expect(await entries('?passing=1')).toEqual([]);
    expect((await entries())[0]?.Service.Weights).toEqual({ Passing: 1, Warning: 0 });
  });

  test('turns to maintenance while the instance says that it is out of service', async () => {
    const registration = await aRegistry().register(anInstance());
    const { instances } = aRegistry().watch('inventory');
    await registration.setStatus('OUT_OF_SERVICE', 'it lost its disk');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
    expect(instances.value[0]?.lastChange).toMatchObject({ cause: 'it lost its disk', actor: 'instance' });
    await vi.waitFor(async () => expect(await entries('?passing=1')).toEqual([]), patience);
    await registration.setStatus('UP');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
    expect(await entries('?passing=1')).toHaveLength(1);
  });

  test('is out of service while an operator says so, whatever the instance says', async () => {
    const registration = await aRegistry().register(anInstance());
    const { instances } = aRegistry().watch('inventory');
    await put('/agent/service/maintenance/inventory-1?enable=true&reason=disk');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE'), patience);
    const actor = 'consul _service_maintenance:inventory-1';
    expect(instances.value[0]?.lastChange).toEqual({ cause: 'disk', actor });
    await registration.setStatus('OUT_OF_SERVICE');
    await registration.setStatus('UP');
    await registration.update({ colour: 'blue' });
    await vi.waitFor(() => expect(instances.value[0]?.metadata?.colour).toBe('blue'), patience);
    expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE');
    await put('/agent/service/maintenance/inventory-1?enable=false');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
  });

  test('takes over the id of a predecessor at the same place, and no other', async () => {
    const left = { ID: 'inventory-1', Name: 'inventory', Address: '127.0.0.1', Port: 4001 };
    await put('/agent/service/register', { ...left, Meta: { 'fwk-status': 'UP', 'fwk-version': '0.9.0' } });
    const { instances } = aRegistry().watch('inventory');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    const refused = await aRegistry()
      .register(anInstance({ port: 4009 }))
      .catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_DISCOVERY_DUPLICATE_INSTANCE')).toBe(true);
    await aRegistry().register(anInstance());
    await vi.waitFor(() => expect(instances.value[0]?.version).toBe('1.0.0'), patience);
  });

  test('may come from anybody: instances registered by other tools are found with all that Consul says of them', async () => {
    const check = { CheckID: 'legacy', TTL: '10m', Status: 'passing' };
    const body = {
      ID: '_legacy task/1',
      Name: 'legacy',
      Port: 9000,
      Tags: ['v1'],
      Meta: { team: 'ops' },
      Check: check,
    };
    await put('/agent/service/register', { ...body, Weights: { Passing: 7, Warning: 2 } });
    await put('/agent/service/register', { ID: 'no-port', Name: 'legacy' });
    const { instances } = aRegistry().watch('legacy');
    const expected: Partial<Instance> = { service: 'legacy', port: 9000, tags: ['v1'], metadata: { team: 'ops' } };
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    expect(instances.value[0]).toMatchObject({ ...expected, address: '127.0.0.1', weight: 7, status: 'UP' });
    expect(instances.value[0]?.id).toMatch(/^legacy-task-1@node-\d+$/);
    await put('/agent/check/warn/legacy');
    await vi.waitFor(() => expect(instances.value[0]).toMatchObject({ status: 'UP', weight: 2 }), patience);
    await put('/agent/check/fail/legacy');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), patience);
  });

  describe('that rests on a check by which Consul asks the instance itself', () => {
    const checked = { check: 'http', checkPath: '/alive', checkIntervalMs: 1000, ttlMs: 1000 } as const;
    async function aServer() {
      const answers = { status: 200 };
      const server = createServer((request, response) => {
        response.writeHead(request.url === '/alive' ? answers.status : 404).end();
      });
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      return { answers, port: (server.address() as AddressInfo).port };
    }

    test('is what the instance answers, also when it is registered again', async () => {
      const { answers, port } = await aServer();
      const { instances } = aRegistry().watch('inventory');
      await aRegistry(checked).register(anInstance({ port }));
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
      answers.status = 503;
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), patience);
      expect(instances.value[0]?.lastChange?.cause).toMatch(/503/);
      await put('/agent/service/deregister/inventory-1');
      answers.status = 200;
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
    });

    test('is never UP while the instance fails, though Consul drop it and it be registered again', async () => {
      const { answers, port } = await aServer();
      const { instances } = aRegistry().watch('inventory');
      await aRegistry({ ...checked, checkIntervalMs: 5000 }).register(anInstance({ port }));
      answers.status = 503;
      await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), { ...patience, timeout: 10_000 });
      const seen: (string | undefined)[] = [];
      instances.subscribe(([first]) => seen.push(first?.status));
      // It must have been seen to fail by a renewal; then it is dropped as Consul drops it after a minute.
      await new Promise<void>((resolve) => void systemClock.setTimer(resolve, checked.ttlMs));
      await put('/agent/service/deregister/inventory-1');
      await vi.waitFor(() => expect(seen).toEqual([undefined, 'DOWN']), patience);
    });
  });
});

interface Entry {
  readonly Service: { readonly Weights: unknown };
}
