/** SRV records and the hosts that they name, on a clock that the test moves. */
import { makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, expect, test } from 'vitest';
import type { Registry } from '../../registry.js';
import type { DnsAddress, DnsRegistryOptions, DnsTarget } from './dns-options.js';
import { dnsRegistry } from './dns-registry.js';

const open: Registry[] = [];
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
});

type Addresses = readonly Partial<DnsAddress>[] | string;

/** Hosts by name; a text is the code of a failure. */
function zone(targets: readonly DnsTarget[], hosts: Readonly<Record<string, Addresses>>) {
  const state = { targets: targets as readonly DnsTarget[] | string, hosts: { ...hosts } as Record<string, Addresses> };
  const asked: string[] = [];
  const answer = async <T>(found: readonly T[] | string | undefined): Promise<readonly T[]> => {
    if (typeof found === 'object') return found;
    throw Object.assign(new Error(`query ${found ?? 'ENOTFOUND'}`), { code: found ?? 'ENOTFOUND' });
  };
  const resolver = {
    resolve4: (name: string) => {
      asked.push(name);
      return answer(state.hosts[name]) as Promise<readonly DnsAddress[]>;
    },
    resolve6: () => answer<DnsAddress>(undefined),
    resolveSrv: (name: string) => {
      asked.push(name);
      return answer(state.targets);
    },
  };
  return { state, asked, resolver };
}

function setUp(
  targets: readonly DnsTarget[],
  hosts: Readonly<Record<string, Addresses>>,
  options: Partial<DnsRegistryOptions> = {},
) {
  const { state, asked, resolver } = zone(targets, hosts);
  const warnings: object[] = [];
  const logger = { ...noLogger, warn: (fields: object) => void warnings.push(fields) };
  const clock = fakeClock();
  const services = { inventory: '_inventory.test' };
  const registry = dnsRegistry({ services, resolver, jitter: 0, ...options }, makeEnv({ clock, logger }));
  open.push(registry);
  const watch = registry.watch('inventory');
  const places = () => watch.instances.value.map(({ address, port }) => `${address}:${port}`).sort();
  return { state, asked, warnings, clock, registry, watch, places };
}

const target = (name: string, port = 80, weight = 0): DnsTarget => ({ name, port, priority: 0, weight });
const at = (address: string, ttl = 30) => [{ address, ttl }];

test('asks for hosts when the TTL of their addresses is over, and for SRV records at their own pace', async () => {
  const { asked, clock } = setUp([target('a'), target('b')], { a: at('10.0.0.1', 12), b: at('10.0.0.2', 2) });
  await clock.advance(0);
  expect(asked.splice(0)).toEqual(['_inventory.test', 'a', 'b']);
  await clock.advance(4999);
  expect(asked.splice(0)).toEqual(['b', 'b']);
  await clock.advance(6000);
  expect(asked.splice(0).sort()).toEqual(['_inventory.test', '_inventory.test', 'b', 'b', 'b']);
  await clock.advance(1001);
  expect(asked.splice(0).sort()).toEqual(['a', 'b']);
});

test.each(['ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT'])(
  'lets a target whose host ends in %s cost that target alone',
  async (code) => {
    const { asked, warnings, clock, watch, places, registry } = setUp([target('a'), target('b'), target('c')], {
      a: at('10.0.0.1'),
      b: code,
      c: at('10.0.0.3'),
    });
    await clock.advance(0);
    expect(places()).toEqual(['10.0.0.1:80', '10.0.0.3:80']);
    expect([watch.instances.stale, registry.connection.value.state]).toEqual([undefined, 'connected']);
    asked.splice(0);
    await clock.advance(4000);
    expect(new Set(asked)).toEqual(new Set(['b']));
    expect(warnings).toEqual([{ service: 'inventory', unresolved: expect.stringMatching(/b has no address|query E/) }]);
  },
);

test('keeps the addresses of a host whose question fails, beside new ones of others', async () => {
  const { state, clock, places } = setUp([target('a'), target('b')], { a: at('10.0.0.1', 1), b: at('10.0.0.2', 1) });
  await clock.advance(0);
  state.hosts.a = 'ESERVFAIL';
  state.hosts.b = at('10.0.0.3', 1);
  await clock.advance(1000);
  expect(places()).toEqual(['10.0.0.1:80', '10.0.0.3:80']);
});

test('is out of date when no host can be asked for, and says why', async () => {
  const { state, clock, watch, places } = setUp([target('a'), target('b')], {
    a: at('10.0.0.1', 1),
    b: at('10.0.0.2', 1),
  });
  await clock.advance(0);
  state.hosts.a = 'ESERVFAIL';
  state.hosts.b = 'ETIMEOUT';
  await clock.advance(1000);
  expect(places()).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
  expect(watch.instances.stale?.reason).toContain('ESERVFAIL');
});

test.each([[[]], ['ENODATA'], ['ENOTFOUND']])('never empties its list for SRV records that are %j', async (gone) => {
  const { state, clock, watch, places } = setUp([target('a')], { a: at('10.0.0.1') });
  await clock.advance(0);
  state.targets = gone;
  await clock.advance(5000);
  expect(places()).toEqual(['10.0.0.1:80']);
  expect(watch.instances.stale?.reason).toContain('_inventory.test has no SRV records');
  state.targets = [target('a', 81)];
  await clock.advance(1000);
  expect(places()).toEqual(['10.0.0.1:81']);
  expect(watch.instances.stale).toBeUndefined();
});

test('divides the weight of a record among the addresses of its host', async () => {
  const records = [target('a', 80, 60), target('b', 80, 60)];
  const { clock, watch } = setUp(records, {
    a: [...at('10.0.0.1'), ...at('10.0.0.2'), ...at('10.0.0.3')],
    b: at('10.0.0.4'),
  });
  await clock.advance(0);
  expect(watch.instances.value.map(({ weight }) => weight)).toEqual([20, 20, 20, 60]);
});

test('makes one instance of all records that lead to one place, in whatever order they come', async () => {
  const records = [target('a', 80, 10), target('a', 80, 30), target('alias', 80, 20), target('b', 80, 60)];
  const { state, clock, watch } = setUp(records, { a: at('10.0.0.1'), alias: at('10.0.0.1'), b: at('10.0.0.2') });
  await clock.advance(0);
  const weights = () => watch.instances.value.map(({ address, weight }) => [address, weight]);
  expect(weights()).toEqual([
    ['10.0.0.1', 60],
    ['10.0.0.2', 60],
  ]);
  let told = 0;
  watch.instances.subscribe(() => told++);
  for (const order of [
    [1, 0, 2, 3],
    [3, 2, 1, 0],
    [2, 3, 0, 1],
  ]) {
    state.targets = order.map((index) => records[index] as DnsTarget);
    await clock.advance(5000);
  }
  expect(told).toBe(0);
});

test('takes names for the same whatever their case and with or without a dot at their end', async () => {
  const records = [target('Host.Test.', 80), target('host.test', 81), target('HOST.TEST', 82)];
  const { state, asked, clock, watch, places } = setUp(records, { 'host.test': at('10.0.0.1') });
  await clock.advance(0);
  expect(asked).toEqual(['_inventory.test', 'host.test']);
  expect(places()).toEqual(['10.0.0.1:80', '10.0.0.1:81', '10.0.0.1:82']);
  let told = 0;
  watch.instances.subscribe(() => told++);
  state.targets = [target('HOST.test'), target('host.TEST.', 81), target('Host.test', 82)];
  await clock.advance(5000);
  expect([asked.filter((name) => name === 'host.test').length, told]).toEqual([1, 0]);
});

test('goes by the TTLs that are told where Node tells none beyond the 256th record', async () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    address: `10.0.${index >> 8}.${index & 255}`,
    ...(index < 256 && { ttl: 20 }),
  }));
  const { asked, clock, places } = setUp([target('a')], { a: many }, { srvRefreshMs: 600_000 });
  await clock.advance(19_999);
  expect(places()).toHaveLength(300);
  expect(asked.filter((name) => name === 'a')).toHaveLength(1);
  await clock.advance(1);
  expect(asked.filter((name) => name === 'a')).toHaveLength(2);
});

test.each([
  [{ servers: [] }, 'servers must be 1 to 10 IP addresses'],
  [{ servers: ['dns.example.com'] }, 'servers must be 1 to 10 IP addresses'],
  [{ search: ['a b'] }, 'search must be at most 32 domains'],
  [{ family: 5 as 4 }, 'family must be 4 or 6'],
  [{ services: { inventory: 'a..b:80' } }, 'services must be names by service'],
  [{ services: { inventory: `${'a'.repeat(64)}.test:80` } }, 'services must be names by service'],
])('refuses %j', (options, problem) => {
  expect(() => dnsRegistry({ services: {}, ...options })).toThrow(problem);
});

test('refuses a resolver beside servers', () => {
  const { resolver } = zone([], {});
  expect(() => dnsRegistry({ services: {}, resolver, servers: ['10.0.0.2'] })).toThrow('exclude each other');
});
