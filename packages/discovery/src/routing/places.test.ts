import { recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { endpointAt } from '../fixtures/balanced-service.js';
import { candidates, idOf, type PlanParts, planned, routingBench, shares } from '../fixtures/stub-candidate.js';
import type { InstanceStatus } from '../instance.js';
import type { Candidate } from '../pick/balancer.js';
import { weightedRoundRobin } from '../pick/round-robin.js';
import type { Caller } from './caller.js';
import { routing } from './routing.js';

const zoneOf = ({ endpoint }: Candidate) => endpoint.instance.zone ?? 'none';
const priorityOf = ({ endpoint }: Candidate) => endpoint.instance.metadata?.priority ?? 'none';

/** Callers `shop-0` and on, one for each zone that is listed. */
function peers(zones: readonly (string | undefined)[]) {
  return zones.map((zone, index) =>
    endpointAt(6000 + index, { id: `shop-${index}`, startedAtMs: index, ...(zone && { zone }) }),
  );
}

describe('priorities', () => {
  /** Ten of each priority. */
  const members = candidates(20, (index) => ({ metadata: { priority: index < 10 ? '0' : '1' } }));

  test('only the first level is called while enough of it is healthy', () => {
    const { picker, events } = planned(members, { out: members.slice(0, 2) });
    expect(shares(picker, 500, priorityOf)).toEqual({ '0': 1 });
    expect(picker.leftOut(members[15] as Candidate)).toEqual({ rule: 'priority', measured: '1', wanted: '0' });
    expect(events.names).toEqual([]);
  });

  test('what it cannot carry goes to the next level, and is told', () => {
    const { picker, events, bench } = planned(members, { out: members.slice(0, 5) });
    const got = shares(picker, 20_000, priorityOf);
    expect(got['1']).toBeGreaterThan(0.28);
    expect(got['1']).toBeLessThan(0.32);
    expect(picker.leftOut(members[15] as Candidate)).toBeUndefined();
    expect(events.all.map(({ name, data }) => ({ name, ...data }))).toEqual([
      { name: 'routing.failed-over', path: bench.env.path, loads: { '0': 0.7, '1': 0.3 } },
    ]);
  });

  test('each change of the shares is told, and their return once', () => {
    const events = recordEvents();
    const bench = routingBench(events);
    const router = routing();
    for (const lost of [5, 5, 8, 8, 0, 0]) bench.plan(router, members.slice(lost), members.slice(0, lost));
    expect(events.all.map(({ name, data }) => [name, data.loads ?? data.from])).toEqual([
      ['routing.failed-over', { '0': 0.7, '1': 0.3 }],
      ['routing.failed-over', { '0': 0.28, '1': 0.72 }],
      ['routing.recovered', 'routing.failed-over'],
    ]);
  });

  test('a level without anybody hands everything over', () => {
    expect(shares(planned(members, { out: members.slice(0, 10) }).picker, 500, priorityOf)).toEqual({ '1': 1 });
  });

  test.each<[InstanceStatus, Readonly<Record<string, number>>]>([
    ['DOWN', { '0': 0.7, '1': 0.3 }],
    ['OUT_OF_SERVICE', { '0': 0.7, '1': 0.3 }],
    ['DRAINING', { '0': 1 }],
    ['STARTING', { '0': 1 }],
  ])('an instance that is %s is missed or not', (status, wanted) => {
    const some = candidates(20, (index) => ({
      metadata: { priority: index < 10 ? '0' : '1' },
      status: index < 5 ? status : 'UP',
    }));
    const got = shares(planned(some, { out: some.slice(0, 5) }).picker, 20_000, priorityOf);
    expect(Object.keys(got)).toEqual(Object.keys(wanted));
    expect(got['0']).toBeCloseTo(wanted['0'] as number, 1);
  });

  test('when nobody is healthy anywhere, all of the first level are called all the same, and it says panic', () => {
    const { picker, events } = planned(members, { out: members });
    expect(shares(picker, 500, priorityOf)).toEqual({ '0': 1 });
    expect(Object.keys(shares(picker, 2000, idOf))).toHaveLength(10);
    expect(events.names).toEqual(['routing.panicked']);
  });

  test('when the first level is wholly DOWN and the second is ejected, the second is called', () => {
    const some = candidates(4, (index) => ({
      metadata: { priority: index < 2 ? '0' : '1' },
      status: index < 2 ? 'DOWN' : 'UP',
    }));
    expect(shares(planned(some, { out: some }).picker, 100, priorityOf)).toEqual({ '1': 1 });
  });

  test('numbers say the order and nothing else, and what is no number counts as 0 and is told', () => {
    const some = candidates(4, (index) => ({ metadata: { priority: ['7', '30', 'first', '99999'][index] as string } }));
    const { picker, events, bench } = planned(some);
    expect(Object.keys(shares(picker, 200, idOf)).sort()).toEqual(['inventory-2', 'inventory-3']);
    expect(picker.leftOut(some[1] as Candidate)).toEqual({ rule: 'priority', measured: '30', wanted: '0' });
    expect(events.all.map(({ data }) => data)).toEqual([
      { path: bench.env.path, endpoints: 2, first: 'inventory-2', priority: 'first' },
    ]);
  });

  test('an available endpoint of another level is taken when those of the drawn one are not', () => {
    const { picker } = planned(members, { out: members.slice(0, 5) });
    for (const member of members.slice(5, 10)) member.open = false;
    try {
      expect(shares(picker, 500, priorityOf)).toEqual({ '1': 1 });
    } finally {
      for (const member of members) member.open = true;
    }
  });
});

describe('zones', () => {
  /** Two in zone a, four in b, four in c. */
  const members = candidates(10, (index) => ({ zone: index < 2 ? 'a' : index < 6 ? 'b' : 'c' }));
  const caller: Caller = { zone: 'a', id: 'shop-0', peers: peers(['a', 'b', 'c']) };

  test('calls stay as far as that loads nobody more, and the rest goes to zones with more to give', () => {
    const got = shares(planned(members, { caller }).picker, 20_000, zoneOf);
    expect(got.a).toBeCloseTo(0.6, 1);
    expect(got.b).toBeCloseTo(0.2, 1);
    expect(got.c).toBeCloseTo(0.2, 1);
  });

  test('all stay where the own zone has enough, and it says of the others which zone is called', () => {
    const { picker } = planned(members, { caller: { ...caller, zone: 'b', id: 'shop-1' } });
    expect(shares(picker, 500, zoneOf)).toEqual({ b: 1 });
    expect(picker.leftOut(members[0] as Candidate)).toEqual({ rule: 'zone', measured: 'a', wanted: 'b (100 %)' });
    expect(picker.leftOut(members[3] as Candidate)).toBeUndefined();
  });

  test.each<[string, PlanParts]>([
    ['the caller has none', { caller: {} }],
    ['they are switched off', { caller, options: { zones: false } }],
    ['there are fewer than minZoneHosts', { caller, options: { minZoneHosts: 11 } }],
    ['too many are out', { caller, out: members.slice(5) }],
  ])('are not regarded when %s', (_name, set) => {
    const { picker } = planned(members, set);
    const usable = members.filter((member) => !set?.out?.includes(member));
    const got = shares(picker, 10_000, zoneOf);
    const inA = usable.filter((member) => zoneOf(member) === 'a').length / usable.length;
    expect(Math.abs((got.a ?? 0) - inA)).toBeLessThan(0.05);
  });

  test('callers that are not known count as alike in all zones; those that are not UP do not count', () => {
    const unknown = shares(planned(members, { caller: { zone: 'a', id: 'shop-0' } }).picker, 20_000, zoneOf);
    expect(unknown.a).toBeCloseTo(0.6, 1);
    const draining = [...peers(['a', 'b', 'c']), endpointAt(7000, { id: 'shop-9', zone: 'a', status: 'DRAINING' })];
    const got = shares(planned(members, { caller: { ...caller, peers: draining } }).picker, 20_000, zoneOf);
    expect(got.a).toBeCloseTo(0.6, 1);
  });

  test('weights count on both sides', () => {
    const heavy = candidates(6, (index) => ({ zone: index < 2 ? 'a' : 'b', weight: index < 2 ? 2 : 1 }));
    expect(shares(planned(heavy, { caller: { zone: 'a', peers: peers(['a', 'b']) } }).picker, 500, zoneOf)).toEqual({
      a: 1,
    });
    const light = peers(['a', 'b']);
    const callers = [...light, endpointAt(7000, { id: 'shop-9', zone: 'a', weight: 6 })];
    const got = shares(planned(heavy, { caller: { zone: 'a', peers: callers } }).picker, 20_000, zoneOf);
    expect(got.a).toBeCloseTo(0.5 / (7 / 8), 1);
  });

  test('an available endpoint of another zone is taken when those of the drawn one are not', () => {
    const { picker } = planned(members, { caller });
    for (const member of members.slice(0, 6)) member.open = false;
    try {
      expect(shares(picker, 500, zoneOf)).toEqual({ c: 1 });
    } finally {
      for (const member of members) member.open = true;
    }
  });
});

describe('subsets', () => {
  const members = candidates(40);
  const callers = peers(Array.from({ length: 30 }, () => undefined));
  const options = { subset: 8 };
  const called = (caller: Caller, some: readonly Candidate[] = members, out: readonly Candidate[] = []) =>
    some.filter((member) => !out.includes(member) && !planned(some, { options, caller, out }).picker.leftOut(member));

  test('all callers together load all endpoints alike, each with few of them', () => {
    const loads = new Map<string, number>();
    for (let at = 0; at < 30; at++) {
      const bench = routingBench(recordEvents(), weightedRoundRobin());
      const picker = bench.plan(routing(options, { id: `shop-${at}`, peers: callers }), members);
      const got = shares(picker, 10_000, idOf);
      expect(Object.keys(got).length).toBeGreaterThanOrEqual(8);
      expect(Object.keys(got).length).toBeLessThanOrEqual(10);
      for (const [id, share] of Object.entries(got)) loads.set(id, (loads.get(id) ?? 0) + share);
    }
    const each = [...loads.values()];
    expect(each).toHaveLength(40);
    expect(Math.max(...each) / Math.min(...each)).toBeLessThan(1.01);
  });

  test('an ejected endpoint is replaced by another one', () => {
    const caller = { id: 'shop-3', peers: callers };
    const before = called(caller);
    const gone = before[2] as Candidate;
    const after = called(caller, members, [gone]);
    expect(after.length).toBeGreaterThanOrEqual(8);
    expect(before.filter((member) => member !== gone && !after.includes(member))).toEqual([]);
  });

  test('a caller without a place has one by its id, of exactly the size, and changes at most one', () => {
    const before = called({ id: 'shop-3' });
    expect(before).toHaveLength(8);
    const others = Array.from({ length: 20 }, (_, at) =>
      called({ id: `other-${at}` })
        .map(idOf)
        .join(),
    );
    expect(new Set(others).size).toBe(20);
    const gone = before[0] as Candidate;
    const after = called({ id: 'shop-3' }, members, [gone]);
    expect(after.filter((member) => !before.includes(member))).toHaveLength(1);
    expect(before.filter((member) => !after.includes(member))).toEqual([gone]);
  });

  test('it says who is not in it', () => {
    const { picker } = planned(members, { options, caller: { id: 'shop-3' } });
    const outside = members.filter((member) => picker.leftOut(member));
    expect(outside).toHaveLength(32);
    expect(picker.leftOut(outside[0] as Candidate)).toEqual({
      rule: 'subset',
      measured: 'not in it',
      wanted: 'one of the 8 of 40 in it',
    });
  });

  test('has healthy ones also in panic, when most are ejected', () => {
    for (let at = 0; at < 20; at++) {
      const left = called({ id: `other-${at}` }, members, members.slice(4));
      expect(left).toHaveLength(4);
    }
  });

  test('without an id of the caller all are called', () => {
    expect(called({})).toHaveLength(40);
  });

  test('a caller that drains keeps its place, so that it opens no other connections', () => {
    const bench = routingBench(recordEvents());
    const place = (caller: Caller) => {
      const picker = bench.plan(routing(options, caller), members);
      return members.filter((member) => !picker.leftOut(member));
    };
    const before = place({ id: 'shop-3', peers: callers });
    expect(place({ id: 'shop-3', peers: callers.filter(({ id }) => id !== 'shop-3') })).toEqual(before);
  });

  test('with zones there is one in each zone that gets calls', () => {
    const zoned = candidates(60, (index) => ({ zone: index < 12 ? 'a' : index < 36 ? 'b' : 'c' }));
    const some = peers(Array.from({ length: 30 }, (_, index) => ['a', 'b', 'c'][index % 3]));
    const got = called({ id: 'shop-0', zone: 'a', peers: some }, zoned);
    for (const zone of ['a', 'b', 'c']) {
      const inZone = got.filter((member) => zoneOf(member) === zone).length;
      expect(inZone).toBeGreaterThanOrEqual(8);
      expect(inZone).toBeLessThanOrEqual(12);
    }
  });
});
