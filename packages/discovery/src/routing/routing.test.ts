import { liveValue, OptionsError } from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  by,
  candidates,
  idOf,
  planned,
  routingBench,
  shares,
  versionOf,
  versions,
} from '../fixtures/stub-candidate.js';
import type { Candidate } from '../pick/balancer.js';
import { balancerKinds, balancerOf } from '../pick/balancer-of.js';
import { Matcher } from './matcher.js';
import { liveRouting, routing } from './routing.js';
import { checkRouting } from './routing-options.js';

describe('tags and versions', () => {
  const members = candidates(4, (index) => ({
    version: index < 2 ? '2.3.0' : '3.0.0',
    ...(index % 2 === 0 && { tags: ['canary', 'fast'] }),
  }));

  test('an endpoint must have all tags that are wanted, and none that is not', () => {
    expect(
      Object.keys(shares(planned(members, { options: { tags: ['canary', 'fast'] } }).picker, 100, idOf)).sort(),
    ).toEqual(['inventory-0', 'inventory-2']);
    expect(Object.keys(shares(planned(members, { options: { tags: ['!canary'] } }).picker, 100, idOf)).sort()).toEqual([
      'inventory-1',
      'inventory-3',
    ]);
    expect(planned(members, { options: { tags: ['canary', '!fast'] } }).picker.pick(0)).toBeUndefined();
  });

  test('only versions of the range are called, and it says of the others what they are', () => {
    const { picker } = planned(members, { options: { version: '^2' } });
    expect(shares(picker, 100, versionOf)).toEqual({ '2.3.0': 1 });
    expect(members.map((member) => picker.leftOut(member))).toEqual([
      undefined,
      undefined,
      { rule: 'version', measured: '3.0.0', wanted: '^2' },
      { rule: 'version', measured: '3.0.0', wanted: '^2' },
    ]);
  });

  test('a call may ask for other versions and tags than its client does', () => {
    const { picker } = planned(members, { options: { version: '^2', split: { '2.3.0': 1 } } });
    expect(shares(picker, 100, versionOf, () => by({ version: '3.0.0' }))).toEqual({ '3.0.0': 1 });
    expect(shares(picker, 100, idOf, () => by({ tags: ['canary'] }))).toEqual({ 'inventory-0': 1 });
    expect(shares(picker, 100, idOf, () => by({ tags: ['canary'], version: '*' }))).toMatchObject({
      'inventory-2': expect.any(Number),
    });
    expect(picker.leftOut(members[0] as Candidate, by({ version: '^3' }))).toEqual({
      rule: 'version',
      measured: '2.3.0',
      wanted: '^3',
    });
  });

  test('a call that asks for what is no range gets nobody, and hears why', () => {
    const { picker } = planned(members, { options: {} });
    expect(picker.pick(0, 'request', by({ version: 'banana' }))).toBeUndefined();
    expect(picker.leftOut(members[0] as Candidate, by({ version: 'banana' }))?.wanted).toBe(
      'banana, which is no range',
    );
    const long = by({ version: 'x'.repeat(10_000) });
    expect(picker.leftOut(members[0] as Candidate, long)?.wanted).toBe(`${'x'.repeat(60)}, which is no range`);
  });

  test('however many versions calls ask for, only the last ones are kept', () => {
    const { picker, bench } = planned(members, { options: {} });
    for (let call = 0; call < 500; call++) {
      const version = call % 2 === 0 ? `>=2.0.${call}` : `4.0.${call}`;
      expect(picker.pick(0, 'request', by({ version })) === undefined).toBe(call % 2 === 1);
    }
    expect(bench.groups().length).toBeLessThanOrEqual(65);
    expect(picker.pick(0, 'request', by({ version: '3.x' }))?.endpoint.instance.version).toBe('3.0.0');
  });
});

test('a version that calls asked for long ago is looked up anew, and one of late is not', () => {
  const { env } = routingBench(recordEvents());
  let made = 0;
  const make = (_name: string, some: readonly Candidate[]) => {
    made++;
    return balancerOf('p2c').picker(some, env);
  };
  const picker = routing().picker(versions('2.3.0', '3.0.0'), make, env, undefined);
  const ask = (at: number) => picker.pick(0, 'request', by({ version: `>=2.0.${at}` }));
  for (let at = 0; at < 65; at++) ask(at);
  const before = made;
  ask(64);
  ask(1);
  expect(made).toBe(before);
  ask(0);
  expect(made).toBeGreaterThan(before);
});

describe('options', () => {
  const problem = (options: object): string => {
    try {
      checkRouting(options);
    } catch (error) {
      if (error instanceof OptionsError) return error.message;
    }
    return '';
  };

  test.each([
    [{ split: { '2.3.0': 0 } }, 'with a sum above 0'],
    [{ split: {} }, 'with a sum above 0'],
    [{ split: { banana: 1 } }, '("banana" is none of these)'],
    [{ split: { 'tag:': 1 } }, '("tag:" is none of these)'],
    [{ split: { '2.3.0': -1 } }, '(that of "2.3.0" is -1)'],
    [{ split: { '2.3.0': Number.NaN } }, '(that of "2.3.0" is NaN)'],
    [{ split: { '2.3.0': '5' } }, '(that of "2.3.0" is 5)'],
    [{ split: [1] }, 'shares of traffic'],
    [{ split: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`1.0.${at}`, 1])) }, 'at most 32'],
    [{ version: 'banana' }, 'version must be a version or a range'],
    [{ version: 2 }, 'version must be'],
    [{ tags: 'canary' }, 'tags must be a list'],
    [{ tags: [''] }, 'tags must be a list'],
    [{ tags: ['!'] }, 'tags must be a list'],
    [{ subset: -1 }, 'subset must be a whole number from 0'],
    [{ overprovisioning: 0.5 }, 'overprovisioning must be'],
    [{ zones: 'a' }, 'zones must be true or false'],
    [{ version: liveValue('^2') }, 'version must be'],
    [{ versions: '^2' }, 'unknown option "versions"'],
  ])('%j are refused, and the error says what is wrong', (options, wanted) => {
    expect(problem(options)).toContain(wanted);
  });

  test('that change make a new router, as a caller that changes does', () => {
    const options = liveValue(checkRouting({ version: '^2' }));
    const caller = liveValue({});
    const router = liveRouting(options, caller);
    const events = recordEvents();
    const bench = routingBench(events);
    const members = versions('2.0.0', '3.0.0');
    expect(shares(bench.plan(router.value, members), 50, versionOf)).toEqual({ '2.0.0': 1 });
    options.set(checkRouting({ version: '^3' }));
    expect(shares(bench.plan(router.value, members), 50, versionOf)).toEqual({ '3.0.0': 1 });
    const before = router.value;
    caller.set({ zone: 'a' });
    expect(router.value).not.toBe(before);
  });
});

test('while anybody fits somebody is picked, a healthy one if there is any, whatever comes, goes and is ejected', () => {
  const fact = fc.record({
    version: fc.constantFrom('1.0.0', '2.3.0', '2.4.0-rc', '3.1.0'),
    zone: fc.constantFrom('a', 'b', 'c', undefined),
    priority: fc.constantFrom('0', '1', '7', 'first', undefined),
    tags: fc.constantFrom(undefined, ['canary'], ['canary', 'slow']),
    state: fc.constantFrom('healthy', 'healthy', 'healthy', 'ejected', 'DOWN', 'DRAINING'),
  });
  const options = fc.record({
    version: fc.constantFrom(undefined, '^2', '>=1', '*'),
    split: fc.constantFrom<Readonly<Record<string, number>> | undefined>(
      undefined,
      { '2.3.0': 95, '2.4.0-rc': 5 },
      { '9.x': 1 },
      { 'tag:canary': 1, '*': 0 },
    ),
    tags: fc.constantFrom([], ['!slow'], ['canary']),
    subset: fc.constantFrom(0, 1, 3, 12),
    minZoneHosts: fc.constantFrom(1, 6),
  });
  const caller = { zone: 'a', id: 'shop-1' };
  const lists = fc.array(fc.array(fact, { maxLength: 30 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(options, fc.constantFrom(...balancerKinds), lists, (drawn, balancer, listed) => {
      const bench = routingBench(recordEvents(), balancerOf(balancer));
      const router = routing(drawn, caller);
      const matcher = new Matcher({ version: drawn.version, tags: drawn.tags });
      for (const facts of listed) {
        const all = candidates(facts.length, (index) => {
          const { version = '1.0.0', zone, priority, tags, state } = facts[index] ?? {};
          return {
            version,
            ...(zone && { zone }),
            ...(tags && { tags }),
            ...(priority && { metadata: { priority } }),
            status: state === 'DOWN' || state === 'DRAINING' ? state : 'UP',
          };
        });
        for (const [index, member] of all.entries()) member.open = facts[index]?.state === 'healthy';
        const healthy = all.filter(({ open }) => open);
        const out = all.filter(({ open }) => !open);
        const picker = bench.plan(router, healthy, out);
        const usable = all.filter(({ endpoint: { instance } }) => instance.status === 'UP' && matcher.fits(instance));
        const calledHealthy = healthy.filter((member) => !picker.leftOut(member));
        for (let call = 0; call < 5; call++) {
          const picked = picker.pick(0, 'request', by({ key: `${call}` }));
          if (usable.length === 0) expect(picked).toBeUndefined();
          else expect(usable).toContain(picked);
          if (calledHealthy.length > 0) expect(calledHealthy).toContain(picked);
        }
      }
    }),
    { numRuns: 400 },
  );
});
