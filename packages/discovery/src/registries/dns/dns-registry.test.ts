import { Resolver } from 'node:dns/promises';
import { makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { type DnsRecord, DnsServer } from '../../fixtures/dns-server.js';
import { InstanceEndpoint } from '../../membership/endpoint.js';
import { type ReadingPlace, readingContract } from '../../testing/reading-contract.js';
import type { DnsRegistryOptions, DnsResolver } from './dns-options.js';
import { dnsRegistry } from './dns-registry.js';

const fast = { minTtlMs: 100, srvRefreshMs: 100, retryMs: 100 };

function resolverAt(server: DnsServer): Resolver {
  const resolver = new Resolver({ timeout: 500, tries: 2 });
  resolver.setServers([server.address]);
  return resolver;
}

/** Names of hosts by their address, so that SRV records have something to point at. */
function targets(service: string, addresses: readonly string[]): readonly DnsRecord[] {
  return addresses.flatMap((place): readonly DnsRecord[] => {
    const [address, port] = place.split(':') as [string, string];
    const target = `${service}-${address.replaceAll('.', '-')}.test`;
    return [
      { type: 'SRV', name: `_${service}.test`, target, port: Number(port) },
      { type: 'A', name: target, address },
    ];
  });
}

describe('a DNS registry of SRV records', () => {
  const place = async (): Promise<ReadingPlace> => {
    const server = await DnsServer.start();
    const services = { inventory: '_inventory.test', pricing: '_pricing.test' };
    return {
      publish(given) {
        server.failing = false;
        server.records = Object.entries(given).flatMap(([service, list]) => targets(service, list));
      },
      fail() {
        server.failing = true;
      },
      open: () => dnsRegistry({ services, resolver: resolverAt(server), ...fast }),
      end: () => server[Symbol.asyncDispose](),
    };
  };
  for (const { name, run } of readingContract({ place, follows: true, fails: true })) test(name, run);
});

describe('a DNS registry of addresses', () => {
  const place = async (): Promise<ReadingPlace> => {
    const server = await DnsServer.start();
    let services: Readonly<Record<string, string>> = {};
    return {
      publish(given) {
        server.failing = false;
        const lists = Object.entries(given).map(
          ([service, list]) => [service, list.map((each) => each.split(':'))] as const,
        );
        services = Object.fromEntries(lists.map(([service, [first]]) => [service, `${service}.test:${first?.[1]}`]));
        server.records = lists.flatMap(([service, list]) =>
          list.map(([address]): DnsRecord => ({ type: 'A', name: `${service}.test`, address: String(address) })),
        );
      },
      fail() {
        server.failing = true;
      },
      open: () => dnsRegistry({ services, resolver: resolverAt(server), ...fast }),
      end: () => server[Symbol.asyncDispose](),
    };
  };
  for (const { name, run } of readingContract({ place, follows: true, fails: true })) test(name, run);
});

/** A registry on a clock that the test moves, with a resolver that the test answers for. */
function setUp(
  services: Readonly<Record<string, string>>,
  options: Partial<DnsRegistryOptions> = {},
  logger = noLogger,
) {
  const records = {
    resolve4: (): ReturnType<DnsResolver['resolve4']> => failure('ENODATA'),
    resolve6: (): ReturnType<DnsResolver['resolve6']> => failure('ENODATA'),
    resolveSrv: (): ReturnType<DnsResolver['resolveSrv']> => failure('ENODATA'),
  };
  let asked = 0;
  const resolver: DnsResolver = {
    resolve4: () => {
      asked++;
      return records.resolve4();
    },
    resolve6: () => records.resolve6(),
    resolveSrv: () => records.resolveSrv(),
  };
  const clock = fakeClock();
  const env = makeEnv({ clock, random: () => 0.5, logger });
  const registry = dnsRegistry({ services, resolver, jitter: 0, ...options }, env);
  return { records, clock, registry, asked: () => asked };
}

function failure(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(`query ${code}`), { code }));
}

const address = (of: string, ttl = 30) => Promise.resolve([{ address: of, ttl }]);

describe('a DNS registry', () => {
  test.each<[string, string, Partial<DnsRegistryOptions>, string]>([
    ['a host', 'inventory.test:8443', { scheme: 'https' }, 'https://10.0.0.1:8443'],
    ['SRV records', '_inventory.test', { scheme: 'https' }, 'https://10.0.0.1:9443'],
    ['a host with nothing said', 'inventory.test:8443', {}, 'http://10.0.0.1:8443'],
  ])('has instances of %s that are called by its scheme', async (_what, place, options, url) => {
    const { records, clock, registry } = setUp({ inventory: place }, options);
    records.resolve4 = () => address('10.0.0.1');
    records.resolveSrv = async () => [{ name: 'host.test', port: 9443, priority: 0, weight: 0 }];
    const { instances } = registry.watch('inventory');
    await clock.advance(0);
    expect(instances.value.map((instance) => new InstanceEndpoint(instance).url)).toEqual([url]);
    await registry.close();
  });

  test('refuses a scheme that nobody speaks here', () => {
    expect(() => setUp({}, { scheme: 'h2' as 'http' })).toThrow(/scheme must be one of http, https/);
  });

  test('asks again when the TTL is over, not before, and within its bounds', async () => {
    const { records, clock, registry, asked } = setUp({ inventory: 'inventory.test:80' });
    records.resolve4 = () => address('10.0.0.1', 30);
    registry.watch('inventory');
    await clock.advance(0);
    expect(asked()).toBe(1);
    await clock.advance(29_999);
    expect(asked()).toBe(1);
    records.resolve4 = () => address('10.0.0.1', 0);
    await clock.advance(1);
    expect(asked()).toBe(2);
    records.resolve4 = () => address('10.0.0.1', 86_400);
    await clock.advance(1000);
    expect(asked()).toBe(3);
    await clock.advance(59_999);
    expect(asked()).toBe(3);
    await clock.advance(1);
    expect(asked()).toBe(4);
    await registry.close();
    expect(clock.pending).toBe(0);
  });

  test('spreads its questions', async () => {
    const { records, clock, registry, asked } = setUp({ inventory: 'inventory.test:80' }, { jitter: 0.2 });
    records.resolve4 = () => address('10.0.0.1', 10);
    registry.watch('inventory');
    await clock.advance(9000);
    expect(asked()).toBe(2);
    await registry.close();
  });

  test('asks nothing while nobody watches, and soon when somebody does again', async () => {
    const { records, clock, registry, asked } = setUp({ inventory: 'inventory.test:80' });
    records.resolve4 = () => address('10.0.0.1', 10);
    registry.watch('inventory')[Symbol.dispose]();
    await clock.advance(100_000);
    expect(asked()).toBe(0);
    const watch = registry.watch('inventory');
    await clock.advance(0);
    watch[Symbol.dispose]();
    await clock.advance(100_000);
    expect([asked(), clock.pending]).toEqual([1, 0]);
    registry.watch('inventory');
    await clock.advance(0);
    expect(asked()).toBe(2);
    await registry.close();
  });

  test.each(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED'])(
    'keeps the last list, stale with the reason, when the answer is %s',
    async (code) => {
      const { records, clock, registry } = setUp({ inventory: 'inventory.test:80' });
      records.resolve4 = () => address('10.0.0.1', 1);
      const { instances } = registry.watch('inventory');
      await clock.advance(0);
      records.resolve4 = () => failure(code);
      await clock.advance(1000);
      expect(instances.value.map((instance) => instance.address)).toEqual(['10.0.0.1']);
      expect(instances.stale?.reason).toMatch(/^DNS: (inventory.test has no address|query E)/);
      records.resolve4 = () => address('10.0.0.2', 1);
      await clock.advance(1000);
      expect(instances.value.map((instance) => instance.address)).toEqual(['10.0.0.2']);
      expect(instances.stale).toBeUndefined();
      await registry.close();
    },
  );

  test('knows that there is nobody when the name does not exist, and knows nothing when the server fails', async () => {
    const { records, clock, registry } = setUp({ inventory: 'inventory.test:80', pricing: '_pricing.test' });
    records.resolve4 = () => failure('ENOTFOUND');
    records.resolveSrv = () => failure('ESERVFAIL');
    const [inventory, pricing] = [registry.watch('inventory'), registry.watch('pricing')];
    await clock.advance(0);
    expect([inventory.known.value, pricing.known.value]).toEqual([true, false]);
    expect(registry.watch('unheard-of').known.value).toBe(true);
    await registry.close();
  });

  test.each([
    [4, '10.0.0.1', '10.0.0.2'],
    [6, 'fd00::1', 'fd00::2'],
  ] as const)('counts a host of both families once, by its IPv%i addresses', async (family, first, second) => {
    const { records, clock, registry } = setUp({ inventory: 'inventory.test:80' }, { family });
    records.resolve4 = () => address('10.0.0.1', 1);
    records.resolve6 = () => address('fd00::1', 1);
    const { instances } = registry.watch('inventory');
    const addresses = () => instances.value.map(({ address }) => address);
    await clock.advance(0);
    expect(addresses()).toEqual([first]);
    // The family that it counts by fails: nothing is taken from the other one.
    const preferred = family === 4 ? 'resolve4' : 'resolve6';
    records[preferred] = () => failure('ESERVFAIL');
    await clock.advance(1000);
    expect(addresses()).toEqual([first]);
    expect(instances.stale?.reason).toContain('ESERVFAIL');
    records[preferred] = () => address(second, 1);
    await clock.advance(1000);
    expect(addresses()).toEqual([second]);
    expect(instances.stale).toBeUndefined();
    await registry.close();
  });

  test('takes the other family where a host has no address of the first', async () => {
    const { records, clock, registry } = setUp({ inventory: 'inventory.test:80' });
    records.resolve6 = () => address('fd00::1', 1);
    const { instances } = registry.watch('inventory');
    await clock.advance(0);
    expect(instances.value.map(({ address }) => address)).toEqual(['fd00::1']);
    expect(instances.stale).toBeUndefined();
    await registry.close();
  });

  test('takes the first priority of which a host has an address, with its weights, and little for a weight of 0', async () => {
    const { records, clock, registry } = setUp({ inventory: '_inventory.test' });
    const known: Record<string, string> = { b: '10.0.0.2', c: '10.0.0.3', d: '10.0.0.4' };
    const targetAt = (name: string, priority: number, weight: number) => ({ name, port: 80, priority, weight });
    records.resolveSrv = async () => [
      targetAt('a', 1, 1),
      targetAt('b', 2, 50_000),
      targetAt('c', 2, 0),
      targetAt('d', 3, 1),
    ];
    const { instances } = registry.watch('inventory');
    let next = 0;
    records.resolve4 = () => {
      const host = 'abcd'[next++ % 4] as string;
      return known[host] ? address(known[host]) : failure('ENOTFOUND');
    };
    await clock.advance(0);
    expect(instances.value.map((instance) => [instance.address, instance.weight])).toEqual([
      ['10.0.0.2', 50_000],
      ['10.0.0.3', 0.001],
    ]);
    await registry.close();
  });

  test('leaves out records that name no place, and says so once', async () => {
    const warnings: unknown[] = [];
    const logger = { ...noLogger, warn: (fields: object) => void warnings.push(fields) };
    const { records, clock, registry } = setUp({ inventory: '_inventory.test' }, {}, logger);
    const good = { name: 'b', port: 80, priority: 2, weight: 1 };
    records.resolveSrv = async () => [{ name: 'a', port: 0, priority: 1, weight: 1 }, { ...good, name: '' }, good];
    records.resolve4 = async () => [
      { address: '10.0.0.2', ttl: 1 },
      { address: 'not an address', ttl: 1 },
    ];
    const { instances } = registry.watch('inventory');
    await clock.advance(0);
    expect(instances.value.map(({ address, port }) => [address, port])).toEqual([['10.0.0.2', 80]]);
    expect([instances.stale, registry.connection.value.state]).toEqual([undefined, 'connected']);
    await clock.advance(5000);
    expect(warnings).toEqual([{ service: 'inventory', unreadable: expect.stringContaining('"a" at port 0') }]);
    await registry.close();
  });

  test('keeps the last list when no record can be used', async () => {
    const { records, clock, registry } = setUp({ inventory: '_inventory.test' });
    let port = 80;
    records.resolveSrv = async () => [{ name: 'a', port, priority: 1, weight: 1 }];
    records.resolve4 = () => address('10.0.0.1', 1);
    const { instances } = registry.watch('inventory');
    await clock.advance(0);
    port = 0;
    await clock.advance(5000);
    expect(instances.value).toHaveLength(1);
    expect(instances.stale?.reason).toContain('no record of _inventory.test can be used: "a" at port 0');
    await registry.close();
  });

  test.each([Number.NaN, undefined, -1])('keeps to its shortest time where a TTL is %s', async (ttl) => {
    const { records, clock, registry, asked } = setUp({ inventory: 'inventory.test:80' });
    records.resolve4 = async () => [{ address: '10.0.0.1', ttl: ttl as number }];
    registry.watch('inventory');
    await clock.advance(999);
    expect(asked()).toBe(1);
    await clock.advance(1);
    expect(asked()).toBe(2);
    await registry.close();
  });

  test('is whole with one family where the other never had records, whatever becomes of its question', async () => {
    const { records, clock, registry, asked } = setUp({ inventory: 'inventory.test:80' });
    records.resolve4 = () => address('10.0.0.1', 30);
    records.resolve6 = () => failure('ETIMEOUT');
    const { instances } = registry.watch('inventory');
    await clock.advance(0);
    expect(instances.value).toHaveLength(1);
    expect([instances.stale, registry.connection.value.state]).toEqual([undefined, 'connected']);
    await clock.advance(29_999);
    expect(asked()).toBe(1);
    await registry.close();
  });

  test.each([
    ['inventory', 'host:0'],
    ['inventory', 'host:99999'],
    ['a b', 'host:80'],
  ])('refuses "%s" at %s', (service, place) => {
    expect(() => dnsRegistry({ services: { [service]: place } })).toThrow('services must be names');
  });

  test('refuses names that are none, and bounds that exclude each other', () => {
    expect(() => dnsRegistry({ services: { inventory: 'http://inventory' } })).toThrow('services must be names');
    expect(() => dnsRegistry({ services: {}, minTtlMs: 5000, maxTtlMs: 1000 })).toThrow('must not be above maxTtlMs');
  });
});
