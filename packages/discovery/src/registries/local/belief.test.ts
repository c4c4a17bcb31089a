import { makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { rawClient } from '../../fixtures/raw-client.js';
import { anInstance } from '../../testing/instances.js';
import { Belief, beliefLimits } from './belief.js';
import { checkLocalOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';
import { addressCheck } from './networks.js';
import { openRegistry, type RegistryServer } from './registry-server.js';
import { Replica } from './replica.js';
import { serveRegistry } from './serve-registry.js';
import { StreamIntake, type StreamMessage } from './stream-intake.js';
import type { StreamEvent } from './wire.js';

const hello = { epoch: 'epoch-one', version: 0, holder: 'holder-one', ttlMs: 3000, resumed: false };
const entry = (id: string, address = '127.0.0.1') => ({
  instance: anInstance({ id, address }),
  holder: 'holder-one',
  owner: 'o'.repeat(43),
});

/** A process's copy, and what its log says. */
function reader() {
  const warned: unknown[] = [];
  const logger = { ...noLogger, warn: (fields: object) => void warned.push(fields) };
  const options = checkLocalOptions({}, {});
  const belief = new Belief(addressCheck([], '127.0.0.1', fakeClock()), logger);
  const replica = new Replica(fakeClock(), options, undefined, belief);
  return { replica, warned };
}

describe('a process that reads what a registry lists', () => {
  test('leaves out who is at an address that is not this machine’s, and says so once', () => {
    const { replica, warned } = reader();
    const list: StreamMessage = {
      kind: 'snapshot',
      entries: [entry('i1'), entry('i2', '169.254.169.254'), entry('i3', '10.0.0.9')],
      overrides: new Map(),
    };
    replica.apply([{ kind: 'hello', hello }, list]);
    expect([...replica.catalog.entries()].map(({ instance }) => instance.id)).toEqual(['i1']);
    replica.apply([{ kind: 'put', version: 1, entry: entry('i1', '169.254.169.254') }]);
    expect(replica.catalog.size).toBe(0);
    expect(warned).toEqual([expect.objectContaining({ instance: 'i2', problem: expect.stringContaining('169.254') })]);
    replica.close();
  });

  test('takes over no more instances than a machine could have', () => {
    const { replica } = reader();
    replica.apply([{ kind: 'hello', hello }]);
    const more = beliefLimits.instances + 10;
    for (let version = 1; version <= more; version++) {
      replica.apply([{ kind: 'put', version, entry: entry(`i${version}`) }]);
    }
    expect(replica.catalog.size).toBe(beliefLimits.instances);
    replica.close();
  });

  test('takes over no more overrides than there could be', () => {
    const { replica } = reader();
    const override = { status: 'DOWN', cause: 'x', actor: 'y' } as const;
    for (let version = 1; version <= beliefLimits.overrides + 10; version++) {
      replica.apply([{ kind: 'override', version, id: `i${version}`, override }]);
    }
    expect(replica.catalog.overrides.size).toBe(beliefLimits.overrides);
    replica.close();
  });

  const listOf = (count: number): StreamEvent => ({
    kind: 'list',
    entries: Array.from({ length: count }, () => entry('i1')),
    overrides: new Map(),
  });
  test.each([
    ['lists instances without end', () => listOf(1000), 0],
    ['sends bytes without end', () => listOf(0), 1024 * 1024],
    ['tells changes without end', (): StreamEvent => ({ kind: 'remove', version: 1, id: 'i1' }), 0],
  ])('gives a registry up that %s before it is current', (_what, event, length) => {
    const intake = new StreamIntake();
    intake.take({ kind: 'hello', hello });
    expect(() => {
      for (let times = 0; times <= beliefLimits.changes; times++) intake.take(event(), length);
    }).toThrow('a list without end');
  });
});

describe('a registry', () => {
  test.each(['169.254.169.254', '2852039166', '10.1.2.3', 'metadata.google.internal'])(
    'refuses an instance at %s, and says how to list it',
    async (address) => {
      await using served = await serveRegistry({ port: await freePort() });
      const registry = localRegistry({ port: served.port, serve: false }, { logger: noLogger });
      const registering = registry.register(anInstance({ address }));
      await expect(registering).rejects.toThrow(
        /neither of this machine nor in a listed network.*FWK_REGISTRY_NETWORKS/,
      );
      await expect(registering).rejects.toMatchObject({ code: 'FWK_DISCOVERY_INSTANCE_INVALID' });
      await registry.close();
    },
  );

  test('takes one in a listed network, and so do its readers that list it', async () => {
    const networks = ['10.0.0.0/8'];
    await using served = await serveRegistry({ port: await freePort(), networks });
    const registry = localRegistry({ port: served.port, serve: false, networks });
    await registry.register(anInstance({ address: '10.1.2.3' }));
    const { instances } = registry.watch('inventory');
    await expect.poll(() => instances.value.length).toBe(1);
    await registry.close();
  });

  test('does not start from addresses that it would not take', async () => {
    const options = checkLocalOptions({ port: await freePort() }, {});
    const entries = [entry('i1'), entry('i2', '169.254.169.254')];
    const inherit = () => ({ known: { entries, overrides: new Map() }, holder: undefined });
    const server = (await openRegistry('holder-one', inherit, options, makeEnv())) as RegistryServer;
    expect([server.restored, server.registry.catalog.size]).toEqual([1, 1]);
    await server.close();
  });

  test('lets one process neither fill it nor take all its streams, and others go on', async () => {
    const options = checkLocalOptions({ port: await freePort(), maxInstancesEach: 2, maxInstances: 5 }, {});
    await using served = await serveRegistry(options);
    const [greedy, other] = [await rawClient(options), await rawClient(options)];
    const put = (by: typeof greedy, id: string) => by.ask('PUT', `/instances/${id}`, { instance: anInstance({ id }) });
    expect([(await put(greedy, 'a1')).status, (await put(greedy, 'a2')).status]).toEqual([200, 200]);
    expect(await put(greedy, 'a3')).toMatchObject({
      status: 503,
      answer: { code: 'FWK_DISCOVERY_REGISTRY_FULL', details: { what: 'instances of one process', limit: 2 } },
    });
    expect((await put(other, 'b1')).status).toBe(200);
    greedy.close();
    other.close();
    expect((await fetch(`${served.url}/v1/state`)).ok).toBe(true);
  });
});
