/** Against servers that answer real datagrams, by Node's own resolver. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fwk/kernel';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DnsRecord, DnsServer } from '../../fixtures/dns-server.js';
import type { Registry, Watch } from '../../registry.js';
import type { DnsRegistryOptions } from './dns-options.js';
import { dnsRegistry } from './dns-registry.js';

let servers: readonly [DnsServer, DnsServer];
const open: Registry[] = [];

beforeEach(async () => {
  servers = [await DnsServer.start(), await DnsServer.start()];
});
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

const a = (name: string, address: string, ttl = 30): DnsRecord => ({ type: 'A', name, address, ttl });

function watch(place: string, options: Partial<DnsRegistryOptions> = {}): Watch {
  const registry = dnsRegistry({
    services: { inventory: place },
    servers: servers.map(({ address }) => address),
    search: [],
    ndots: 1,
    minTtlMs: 100,
    srvRefreshMs: 100,
    retryMs: 100,
    timeoutMs: 300,
    ...options,
  });
  open.push(registry);
  return registry.watch('inventory');
}

const addressesOf = ({ instances }: Watch) => instances.value.map(({ address }) => address).sort();
/** Waits for what becomes true of a registry in its own time. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

describe('several name servers', () => {
  test.each(['SERVFAIL', 'REFUSED', 'silence'] as const)(
    'are asked one after the other when the first fails by %s, which is remembered',
    async (failure) => {
      const [first, second] = servers;
      Object.assign(first, { failing: true, failure });
      second.records = [a('inventory.test', '10.0.0.1', 0)];
      const inventory = watch('inventory.test:80', { avoidServerMs: 60_000 });
      await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
      await until(() => expect(second.asked.length).toBeGreaterThan(4));
      expect(first.asked).toEqual(['inventory.test A']);
      expect(inventory.instances.stale).toBeUndefined();
    },
  );

  test('are asked in their order again once the first answers, after a while', async () => {
    const [first, second] = servers;
    first.failing = true;
    second.records = [a('inventory.test', '10.0.0.1', 0)];
    const inventory = watch('inventory.test:80', { avoidServerMs: 300 });
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    first.failing = false;
    first.records = [a('inventory.test', '10.0.0.2', 0)];
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.2']));
  });

  test('keep their order for the names for which the first does not fail', async () => {
    const [first, second] = servers;
    first.failingNames = ['pricing.test'];
    first.failure = 'REFUSED';
    first.records = [a('inventory.test', '10.0.0.1', 0)];
    second.records = [a('pricing.test', '10.0.0.2', 0)];
    const services = { inventory: 'inventory.test:80', pricing: 'pricing.test:80' };
    const inventory = watch('inventory.test:80', { services });
    const pricing = (open[0] as Registry).watch('pricing');
    await until(() => expect([addressesOf(inventory), addressesOf(pricing)]).toEqual([['10.0.0.1'], ['10.0.0.2']]));
    await until(() => expect(second.asked.length).toBeGreaterThan(4));
    expect(addressesOf(inventory)).toEqual(['10.0.0.1']);
    expect(inventory.instances.stale).toBeUndefined();
  });

  test('fail together with what each of them said', async () => {
    for (const server of servers) server.failing = true;
    servers[1].failure = 'REFUSED';
    const { instances } = watch('inventory.test:80');
    await until(() => expect(instances.stale?.reason).toContain('ESERVFAIL'));
    expect(instances.stale?.reason).toContain('EREFUSED');
    for (const { address } of servers) expect(instances.stale?.reason).toContain(address);
  });

  test('are both asked once more when a datagram is lost', async () => {
    const [first, second] = servers;
    for (const server of servers) Object.assign(server, { failing: true, failure: 'silence' });
    first.records = [a('inventory.test', '10.0.0.1')];
    const inventory = watch('inventory.test:80', { retryMs: 3_600_000 });
    await until(() => expect(second.asked).toHaveLength(1));
    first.failing = false;
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
  });
});

test('has some 50 questions under way at a time, so that no answer of a large service is lost', async () => {
  const [server] = servers;
  server.delayMs = 20;
  server.records = Array.from({ length: 300 }, (_, index): readonly DnsRecord[] => {
    const target = `host-${index}.test`;
    return [
      { type: 'SRV', name: '_inventory.test', target, port: 80 },
      a(target, `10.0.${Math.floor(index / 250)}.${index % 250}`),
    ];
  }).flat();
  // So many records need TCP, which this server does not speak: the answer is taken as it is where loopback is wide enough.
  const inventory = watch('_inventory.test', { timeoutMs: 5000, srvRefreshMs: 60_000, servers: [server.address] });
  await until(() => expect(addressesOf(inventory)).toHaveLength(300));
  expect(server.mostPending).toBeGreaterThan(10);
  expect(server.mostPending).toBeLessThanOrEqual(50);
  expect(inventory.instances.stale).toBeUndefined();
});

describe('a resolv.conf', () => {
  let folder = '';
  const path = () => join(folder, 'resolv.conf');
  const write = async (text: string) => {
    await writeFile(`${path()}.new`, text);
    await rename(`${path()}.new`, path());
  };
  const ofFile = () => ({ resolvConf: path(), servers: undefined, search: undefined, ndots: undefined });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fwk-resolv-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('completes names as the system does', async () => {
    servers[0].records = [
      {
        type: 'SRV',
        name: '_http._tcp.inventory.shop.svc.cluster.local',
        target: 'pod-1.shop.svc.cluster.local',
        port: 80,
      },
      a('pod-1.shop.svc.cluster.local', '10.0.0.1'),
      a('pricing.shop.svc.cluster.local', '10.0.0.2'),
    ];
    const search = 'search shop.svc.cluster.local svc.cluster.local cluster.local';
    await write(`nameserver ${servers[0].address}\n${search}\noptions ndots:5\n`);
    const services = { inventory: '_http._tcp.inventory', pricing: 'pricing:8080', search: 'pricing.shop.svc:8080' };
    const inventory = watch('', { ...ofFile(), services });
    const [pricing, searched] = ['pricing', 'search'].map((name) => (open[0] as Registry).watch(name)) as [
      Watch,
      Watch,
    ];
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    await until(() => expect([addressesOf(pricing), addressesOf(searched)]).toEqual([['10.0.0.2'], ['10.0.0.2']]));
    expect(servers[0].asked[0]).toBe('_http._tcp.inventory.shop.svc.cluster.local SRV');
  });

  test('is read again when it has changed', async () => {
    const [first, second] = servers;
    first.records = [a('inventory.a.test', '10.0.0.1', 0)];
    second.records = [a('inventory.b.test', '10.0.0.2', 0)];
    await write(`nameserver ${first.address}\nsearch a.test\n`);
    const inventory = watch('inventory:80', ofFile());
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    await write(`nameserver ${second.address}\nsearch b.test\n`);
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.2']));
    expect(inventory.instances.stale).toBeUndefined();
  });

  test.each([
    ['emptied', () => writeFile(path(), '')],
    ['removed', () => rm(path())],
  ])('that is %s leaves the servers that were known', async (_, spoil) => {
    const [server] = servers;
    server.records = [a('inventory.test', '10.0.0.1', 0)];
    await write(`nameserver ${server.address}\n`);
    const inventory = watch('inventory.test:80', ofFile());
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    await spoil();
    server.records = [a('inventory.test', '10.0.0.2', 0)];
    // Past the second in which the file is not looked at again.
    await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 1500));
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.2']));
    expect(inventory.instances.stale).toBeUndefined();
  });
});

describe('a name that may stand for several', () => {
  test('is the first that has records, though an earlier one fails', async () => {
    const [server] = servers;
    server.failingNames = ['inventory.a.test'];
    server.records = [a('inventory.b.test', '10.0.0.1', 0)];
    const inventory = watch('inventory:80', { servers: [server.address], search: ['a.test', 'b.test'] });
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    server.failingNames = [];
    server.records = [...server.records, a('inventory.a.test', '10.0.0.2', 0)];
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.2']));
  });

  test('is not replaced by what a later one leads to once it is gone', async () => {
    const [server] = servers;
    server.records = [a('inventory.a.test', '10.0.0.1', 0), a('inventory.wildcard.test', '10.6.6.6', 0)];
    const search = ['a.test', 'wildcard.test'];
    const inventory = watch('inventory:80', { servers: [server.address], search });
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
    server.records = server.records.slice(1);
    await until(() => expect(inventory.instances.stale?.reason).toContain('inventory.a.test has no address'));
    expect(addressesOf(inventory)).toEqual(['10.0.0.1']);
  });

  test('never completes the targets of SRV records', async () => {
    const [server] = servers;
    server.records = [
      { type: 'SRV', name: '_inventory.a.test', target: 'host', port: 80 },
      a('host', '10.0.0.1', 0),
      a('host.a.test', '10.6.6.6', 0),
    ];
    const inventory = watch('_inventory', { servers: [server.address], search: ['a.test'] });
    await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
  });
});

test.each([
  ['no records of the kind', []],
  ['an alias of nothing', [{ type: 'CNAME', name: '_inventory.test', target: '_gone.test' }]],
] as const)('keeps the list when the answer becomes one with %s', async (_, records) => {
  const [server] = servers;
  const target: DnsRecord = { type: 'SRV', name: '_inventory.test', target: 'host.test', port: 80 };
  server.records = [target, a('host.test', '10.0.0.1', 0)];
  const inventory = watch('_inventory.test', { servers: [server.address] });
  await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.1']));
  server.records = [
    ...records,
    a('_inventory.test', '10.0.0.9'),
    a('_gone.test', '10.0.0.9'),
    a('host.test', '10.0.0.1', 0),
  ];
  await until(() => expect(inventory.instances.stale?.reason).toContain('_inventory.test has no SRV records'));
  expect(addressesOf(inventory)).toEqual(['10.0.0.1']);
  server.records = [target, a('host.test', '10.0.0.2', 0)];
  await until(() => expect(addressesOf(inventory)).toEqual(['10.0.0.2']));
  await until(() => expect(inventory.instances.stale).toBeUndefined());
});
