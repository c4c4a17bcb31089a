import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Announcement,
  background,
  type Env,
  instanceFactsToken,
  type LiveSource,
  type LogFields,
  type Logger,
  liveValue,
  makeEnv,
  noLogger,
} from '@fwk/kernel';
import { componentBench, componentContract, fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { balance } from '../balance/balance.js';
import { DuplicateInstanceError } from '../errors.js';
import { membershipsToken } from '../membership/memberships.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import type { Registry, RegistryConnection } from '../registry.js';
import { anInstance } from '../testing/instances.js';
import { discovery, registryToken } from './discovery.js';
import type { DiscoveryOptions } from './discovery-options.js';

const announcement: Announcement = { address: '127.0.0.1', port: 4001, contracts: ['inventory@1.4.0'] };

/** An application as the component sees one. */
function application(
  options: Partial<DiscoveryOptions>,
  announcements: readonly Announcement[] = [announcement],
  logger: Logger = noLogger,
) {
  const clock = fakeClock();
  const events = recordEvents();
  const env: Env = makeEnv({ clock, events, logger });
  const app = { name: 'inventory', version: '1.4.2', owner: 'team-stock', instanceId: 'inventory-7' };
  const bench = componentBench(discovery(options), { app, env, announcements });
  const { steps: component, context, manage } = bench;
  return {
    component,
    context,
    clock,
    events,
    manage,
    resolver: bench,
    health: () => component.health?.()[0]?.check(background),
  };
}

/** A registry that does not answer until it is told to. */
function silentRegistry(): { registry: Registry; answer(): void } {
  const inner = memoryRegistry();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const connection = liveValue<RegistryConnection>({ state: 'lost', sinceMs: 0, reason: 'connection refused' });
  const registry: Registry = {
    name: 'silent',
    connection,
    register: async (instance, context = background) => {
      await Promise.race([answered, new Promise((_resolve, reject) => void context.onCancel(reject))]);
      connection.set({ state: 'connected', sinceMs: 0 });
      return inner.register(instance);
    },
    watch: (service) => inner.watch(service),
    services: () => inner.services(),
    close: () => inner.close(),
  };
  return { registry, answer };
}

describe('discovery()', () => {
  test('registers what was announced when the application is ready, and takes it out when it drains', async () => {
    const shared = memoryRegistry();
    const seen = shared.watch('inventory').instances;
    const statuses: string[] = [];
    seen.subscribe((list) => statuses.push(list[0]?.status ?? 'gone'));
    const { component, context } = application({
      registry: shared,
      zone: 'a',
      weight: 2,
      tags: ['canary'],
      metadata: { colour: 'blue' },
    });
    await component.start?.(context);
    expect(seen.value).toEqual([]);
    await component.ready?.(context);
    expect(seen.value[0]).toEqual({
      id: 'inventory-7',
      service: 'inventory',
      version: '1.4.2',
      address: '127.0.0.1',
      port: 4001,
      zone: 'a',
      weight: 2,
      tags: ['canary'],
      metadata: { colour: 'blue' },
      owner: 'team-stock',
      contracts: ['inventory@1.4.0'],
      startedAtMs: 1_700_000_000_000,
      status: 'UP',
      lastChange: { cause: 'its application is ready', actor: 'instance', atMs: 1_700_000_000_000 },
    });
    await component.drain?.(context);
    expect(statuses).toEqual(['UP', 'DRAINING', 'gone']);
    await component.stop?.(context);
  });

  test('tells the registry of facts that change, also of those that changed while it did not answer', async () => {
    const { registry, answer } = silentRegistry();
    const { component, context, clock, manage, resolver } = application(
      { registry, registerWaitMs: 100, metadata: { colour: 'blue' } },
      [announcement, { ...announcement, port: 4002 }],
    );
    const facts = resolver.get(instanceFactsToken);
    facts.set({ 'config-hash': 'aaa' });
    const ready = component.ready?.(context);
    await clock.advance(100);
    await ready;
    facts.set({ 'config-hash': 'bbb' });
    answer();
    await clock.settle();
    const { instances } = registry.watch('inventory');
    const metadata = () => instances.value.map((instance) => instance.metadata);
    expect(metadata()).toEqual(Array(2).fill({ colour: 'blue', 'config-hash': 'bbb' }));
    facts.set({ 'config-hash': 'ccc', 'config-version': '2' });
    await clock.settle();
    expect(metadata()).toEqual(Array(2).fill({ colour: 'blue', 'config-hash': 'ccc', 'config-version': '2' }));
    resolver.get(membershipsToken).of('inventory');
    await clock.settle();
    expect(await manage('instances')).toMatchObject({
      watched: { inventory: { configs: { ccc: ['inventory-7', 'inventory-7:4002'] } } },
    });
    await component.drain?.(context);
    facts.set({ 'config-hash': 'ddd' });
    await component.stop?.(context);
    expect(clock.pending).toBe(0);
  });

  test('registers each address once, with all contracts served there', async () => {
    const shared = memoryRegistry();
    const { component, context } = application({ registry: shared }, [
      announcement,
      { ...announcement, contracts: ['admin@1.0.0', 'inventory@1.4.0'] },
      { ...announcement, port: 4002 },
    ]);
    await component.ready?.(context);
    const { instances } = shared.watch('inventory');
    expect(instances.value.map(({ id, contracts }) => [id, contracts])).toEqual([
      ['inventory-7', ['inventory@1.4.0', 'admin@1.0.0']],
      ['inventory-7:4002', ['inventory@1.4.0']],
    ]);
    await component.stop?.(context);
    expect(instances.value).toEqual([]);
  });

  test('leaves a shared registry open for the others', async () => {
    const shared = memoryRegistry();
    const { component, context } = application({ registry: shared });
    await component.ready?.(context);
    await component.stop?.(context);
    await expect(shared.register(anInstance())).resolves.toBeDefined();
  });

  test('fails the start when the id is taken by a live instance, naming both', async () => {
    const shared = memoryRegistry();
    await shared.register(anInstance({ id: 'inventory-7', port: 5005 }));
    const { component, context } = application({ registry: shared });
    await expect(component.ready?.(context)).rejects.toBeInstanceOf(DuplicateInstanceError);
    await component.stop?.(context);
  });

  test('starts without a registry that does not answer, says so, and registers when it does', async () => {
    const { registry, answer } = silentRegistry();
    const { component, context, clock, health } = application({ registry, registerWaitMs: 500 });
    await component.start?.(context);
    const ready = component.ready?.(context);
    await clock.advance(500);
    await ready;
    expect(await health()).toMatchObject({ status: 'DEGRADED', details: { state: 'lost', registered: 0 } });
    const changed: unknown[] = [];
    const listening = component.health?.()[0]?.changes?.subscribe(() => void changed.push(health()));
    answer();
    await clock.settle();
    expect(await health()).toMatchObject({ status: 'UP', details: { registered: 1 } });
    // So an application does not have to wait for the next look.
    expect(await changed.at(-1)).toMatchObject({ status: 'UP' });
    listening?.[Symbol.dispose]();
    await component.stop?.(context);
    expect(clock.pending).toBe(0);
  });

  test('says why a registry that answers does not take it, in its log and its health, and is UP once it does', async () => {
    const { registry, answer } = silentRegistry();
    const connection = registry.connection as LiveSource<RegistryConnection>;
    connection.set({ state: 'connected', sinceMs: 0, reason: 'it refuses the token' });
    const said: unknown[] = [];
    const logger = { ...noLogger, warn: (fields: LogFields, text: string) => void said.push(fields.reason, text) };
    const { component, context, clock, health } = application(
      { registry, registerWaitMs: 500 },
      [announcement],
      logger,
    );
    const ready = component.ready?.(context);
    await clock.advance(500);
    await ready;
    const text = 'the registry has not taken this application yet; starting without being registered';
    expect(said).toEqual(['it refuses the token', text]);
    expect(await health()).toMatchObject({ status: 'DEGRADED', details: { reason: 'it refuses the token' } });
    answer();
    await clock.settle();
    expect(await health()).toMatchObject({ status: 'UP' });
    connection.set({ state: 'connected', sinceMs: 0, reason: 'it refuses the token' });
    expect(await health()).toMatchObject({ status: 'DEGRADED', details: { registered: 1 } });
    await component.stop?.(context);
  });

  test('finds its peers in what it knew last when the registry does not answer, and saves lists when it stops', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-discovery-'));
    const persist = { file: join(folder, 'known.json') };
    const shared = memoryRegistry();
    await shared.register(anInstance({ id: 'pricing-1', service: 'pricing' }));
    const before = application({ registry: shared, persist });
    await before.component.start?.(before.context);
    before.resolver.get(membershipsToken).of('pricing');
    await before.component.stop?.(before.context);
    const after = application({ registry: memoryRegistry(), persist });
    await after.component.start?.(after.context);
    const known = after.resolver.get(membershipsToken).of('pricing');
    expect(known.value.map(({ id }) => id)).toEqual(['pricing-1']);
    expect(known.stale).toBeDefined();
    await after.component.stop?.(after.context);
    expect(() => discovery({ persist: { file: '' } })).toThrow('file must be a non-empty string');
    await rm(folder, { recursive: true });
  });

  test('stops in time although the registry never answers', async () => {
    const { registry } = silentRegistry();
    const { component, context, clock } = application({ registry, registerWaitMs: 500, leaveWaitMs: 100 });
    const ready = component.ready?.(context);
    await clock.advance(500);
    await ready;
    const stopped = component.stop?.(context);
    await clock.advance(300);
    await stopped;
    expect(clock.pending).toBe(0);
  });

  test('shows instances and endpoints, with load, calls under way, and why one is ejected', async () => {
    const shared = memoryRegistry();
    const { component, context, manage, resolver, events } = application({ registry: shared });
    await component.ready?.(context);
    await shared.register(anInstance({ id: 'pricing-1', service: 'pricing', port: 4002 }));
    await shared.register(anInstance({ id: 'pricing-2', service: 'pricing', port: 4003 }));
    const memberships = resolver.get(membershipsToken);
    await memberships.settled('pricing', background);
    const service = balance<string, number>({ service: 'pricing', endpoints: memberships.of('pricing') }).wrap(
      {
        call: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
        status: () => 'ready',
      },
      context.env,
    );
    await service.call('?', background).catch(() => {});
    expect(events.names).toContain('endpoint.ejected');
    const { endpoints } = manage('endpoints') as { endpoints: readonly { ejection?: object }[] };
    expect(endpoints).toHaveLength(2);
    expect(endpoints.find(({ ejection }) => ejection)).toMatchObject({
      inFlight: 0,
      load: 5000,
      ejection: { rule: 'connection-failed', error: 'refused' },
    });
    await shared.register(anInstance({ id: 'inventory-8', service: 'inventory', port: 4004 }));
    expect(await manage('instances')).toMatchObject({
      service: 'inventory',
      registry: { name: 'memory', state: 'connected' },
      own: [{ id: 'inventory-7' }],
      services: ['inventory', 'pricing'],
      watched: {
        inventory: { instances: [{ id: 'inventory-7' }, { id: 'inventory-8' }] },
        pricing: { instances: [{ id: 'pricing-1' }, { id: 'pricing-2' }] },
      },
    });
    await service[Symbol.asyncDispose]();
    expect(manage('endpoints')).toEqual({ clients: [], endpoints: [] });
    await component.stop?.(context);
  });
});

describe('one object in two applications', () => {
  const hub = memoryRegistry();
  let applications = 0;
  let refused = false;
  const registry: Registry = {
    ...shapeOf(hub),
    connect: (env) => {
      const own = hub.connect?.(env) ?? hub;
      if (!refused) return own;
      return {
        ...shapeOf(own),
        register: async ({ id }) => Promise.reject(new DuplicateInstanceError(id, 'another', 'b')),
      };
    },
  };
  for (const { name, run } of componentContract({
    component: discovery({ registry }),
    host: (component) => {
      applications++;
      const app = { name: 'inventory', version: '1.4.2', owner: 'team-stock', instanceId: `inventory-${applications}` };
      const mine = { ...announcement, port: 4000 + applications };
      return componentBench(component, { app, announcements: [mine] });
    },
    keys: [registryToken, membershipsToken],
    use: async (host) => {
      const watch = host.get(registryToken).watch('inventory');
      await Promise.resolve();
      watch[Symbol.dispose]();
      return host.get(registryToken).connection.value.state;
    },
    breakStart: async () => {
      refused = true;
      return () => {
        refused = false;
      };
    },
  })) {
    test(name, run);
  }
});

/** The members of a registry, which its class keeps on the prototype, as an object of its own. */
function shapeOf(registry: Registry): Registry {
  return {
    name: registry.name,
    connection: registry.connection,
    register: (instance, context) => registry.register(instance, context),
    watch: (service) => registry.watch(service),
    services: () => registry.services(),
    close: () => registry.close(),
  };
}

test('a registry that is none is refused when it is given', () => {
  expect(() => discovery({ registry: memoryRegistry as never })).toThrow(
    'registry must be what memoryRegistry() answers: call it',
  );
  expect(() => discovery({ registry: 'consul' as never })).toThrow(
    'registry must be a registry, such as localRegistry()',
  );
});
