import { background, type CallContext, murmur3 } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import { routeKey } from '../membership/call-route.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { Balancer } from './balancer.js';
import { type HashOptions, hashDefaults } from './hash-options.js';
import { type MaglevOptions, maglev } from './maglev.js';
import { rendezvous } from './rendezvous.js';
import { ringHash } from './ring-hash.js';

const by = (key: string): CallContext => background.with({ values: [routeKey.of({ key })] });
const members = (count: number): readonly Endpoint[] => Array.from({ length: count }, (_, at) => endpointAt(at + 1));

/** Where each of these keys goes. */
async function placesOf(balancer: Balancer, endpoints: readonly Endpoint[], keys: number): Promise<readonly number[]> {
  const { service } = balancedService(endpoints, { balancer });
  return Promise.all(
    // One after the other, so that no endpoint is full.
    Array.from({ length: keys }, (_, at) => at).map(async (at) => {
      return service.call('?', by(`user-${at}`));
    }),
  );
}

const kinds: readonly [string, (options?: Partial<HashOptions>) => Balancer, movedAtMost: number][] = [
  ['ring-hash', ringHash, 1.2],
  ['maglev', maglev, 2.5],
  ['rendezvous', rendezvous, 1.2],
];

describe.each(kinds)('%s', (role, make, movedAtMost) => {
  test('sends a key to one endpoint, for every client and in whatever order the list comes', async () => {
    const forwards = await placesOf(make({ boundedLoad: false }), members(20), 500);
    const backwards = await placesOf(make({ boundedLoad: false }), [...members(20)].reverse(), 500);
    expect(backwards).toEqual(forwards);
    expect(new Set(forwards).size).toBe(20);
  });

  test('moves little more than the keys of the endpoint that comes or goes', async () => {
    const before = await placesOf(make({ boundedLoad: false }), members(100), 10_000);
    const after = await placesOf(make({ boundedLoad: false }), members(99), 10_000);
    const moved = before.filter((place, at) => place !== after[at]);
    expect(moved.length / 10_000).toBeLessThanOrEqual(movedAtMost / 100);
    expect(moved.filter((place) => place === 100)).toHaveLength(before.filter((place) => place === 100).length);
  });

  test('sends the keys of an ejected endpoint elsewhere, always to the same, and hardly any others', async () => {
    const balancer = make({ boundedLoad: false });
    const { service, down } = balancedService(members(5), { balancer, ejection: { consecutiveFailures: 1 } });
    const before = await Promise.all(Array.from({ length: 200 }, (_, at) => service.call('?', by(`user-${at}`))));
    down.set(2, () => new Error('broken'));
    await service.call('?', by(`user-${before.indexOf(2)}`)).catch(() => undefined);
    const go = () => Promise.all(Array.from({ length: 200 }, (_, at) => service.call('?', by(`user-${at}`))));
    const after = await go();
    expect(await go()).toEqual(after);
    expect(after).not.toContain(2);
    const moved = before.filter((place, at) => place !== 2 && place !== after[at]);
    expect(moved.length).toBeLessThanOrEqual(role === 'maglev' ? 10 : 0);
  });

  test.each([1.25, 2])('lets no endpoint have more than %s times the average of calls under way', (boundedLoad) => {
    const hanging = { call: () => new Promise<number>(() => {}), status: () => 'ready' as const };
    const { service } = balancedService(members(10), { balancer: make({ boundedLoad }), connect: () => hanging });
    for (let call = 1; call <= 300; call++) {
      void service.call('?', by('the same for all'));
      const most = Math.max(...service.report().map(({ inFlight }) => inFlight));
      expect(most).toBeLessThanOrEqual(Math.ceil((boundedLoad * call) / 10));
    }
  });

  test('without a bound all calls of a key go to one endpoint', () => {
    const hanging = { call: () => new Promise<number>(() => {}), status: () => 'ready' as const };
    const { service } = balancedService(members(10), {
      balancer: make({ boundedLoad: false }),
      connect: () => hanging,
    });
    for (let call = 0; call < 50; call++) void service.call('?', by('the same for all'));
    expect(Math.max(...service.report().map(({ inFlight }) => inFlight))).toBe(50);
  });

  test('takes the key that a call says before that of keyOf', async () => {
    const { service } = balancedService(members(20), { balancer: make({ keyOf: () => 'a' }) });
    const own = await service.call('?', background);
    for (let call = 0; call < 20; call++) expect(await service.call('?', background)).toBe(own);
    const said = new Set<number>();
    for (let key = 0; key < 50; key++) said.add(await service.call('?', by(`user-${key}`)));
    expect(said.size).toBeGreaterThan(5);
  });

  test.each([
    ['no keyOf', undefined, 'the call says no key, and there is no keyOf'],
    ['nothing', () => undefined, 'keyOf answered undefined'],
    ['an empty text', () => '', 'keyOf answered an empty text'],
    ['a promise', (async () => 'user-1') as never, 'keyOf answered a promise, but the key is needed at once'],
    [
      'an error',
      () => {
        throw new Error('no user');
      },
      'keyOf threw: no user',
    ],
  ])('spreads calls for which there is %s over all, and tells once a minute why', async (_, keyOf, reason) => {
    const { service, events, clock } = balancedService(members(5), { balancer: make({ keyOf }) });
    const seen = new Set<number>();
    for (let call = 0; call < 100; call++) seen.add(await service.call('?', background));
    expect(seen.size).toBe(5);
    expect(events.all.map(({ name, data }) => ({ name, ...data }))).toEqual([
      expect.objectContaining({ name: 'balancer.key-missing', balancer: role, missing: 1, reason }),
    ]);
    await clock.advance(60_000);
    await service.call('?', background);
    expect(events.all.at(-1)?.data).toMatchObject({ missing: 100 });
  });

  test('refuses options that it cannot have', () => {
    expect(() => make({ boundedLoad: 0.9 })).toThrow('boundedLoad must be a number from 1 to 1000, or false');
    expect(() => make({ boundedLoad: Number.NaN })).toThrow('boundedLoad');
    expect(() => make({ keyOf: 'user' } as never)).toThrow('keyOf must be a function');
    expect(make().describe?.()).toMatchObject({ boundedLoad: hashDefaults.boundedLoad });
  });
});

test('Maglev refuses a table whose size is no prime', () => {
  for (const tableSize of [65_536, 1000, 65_537.5, 5_000_012, Number.NaN]) {
    expect(() => maglev({ tableSize })).toThrow('tableSize must be a prime from 1009 to 5000011');
  }
  const options: Partial<MaglevOptions> = { tableSize: 1009 };
  expect(maglev(options).describe?.()).toMatchObject({ tableSize: 1009 });
});

test('a ring refuses too few and too many points', () => {
  for (const points of [0, 65_537, 1.5]) {
    expect(() => ringHash({ points })).toThrow('points must be a whole number from 1 to 65536');
  }
});

test('hashes spread keys that differ in one letter', () => {
  const buckets = new Set(Array.from({ length: 100 }, (_, at) => murmur3(`user-${at}`) >>> 28));
  expect(buckets.size).toBe(16);
});
