import { recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import {
  by,
  candidates,
  idOf,
  named,
  planned,
  routingBench,
  type StubCandidate,
  shares,
  versionOf,
  versions,
} from '../fixtures/stub-candidate.js';
import type { Candidate } from '../pick/balancer.js';
import type { RoutedPicker } from '../pick/router.js';
import { routing } from './routing.js';

describe('a split', () => {
  const members = versions('2.3.0', '2.3.0', '2.3.0', '2.4.0-rc');
  const split = { '2.3.0': 95, '2.4.0-rc': 5 };

  test('sends each group its share, whatever their sizes are', () => {
    const got = shares(planned(members, { options: { split } }).picker, 20_000, versionOf);
    expect(got['2.4.0-rc']).toBeGreaterThan(0.045);
    expect(got['2.4.0-rc']).toBeLessThan(0.055);
  });

  test('keeps a key in its group in every process, and while members come and go', () => {
    const route = (call: number) => by({ key: `user-${call % 50}` });
    const groupOf = (picker: RoutedPicker) =>
      Array.from({ length: 50 }, (_, call) => versionOf(picker.pick(0, 'request', route(call)) as Candidate));
    const first = groupOf(planned(members, { options: { split: { '2.3.0': 1, '2.4.0-rc': 1 } } }).picker);
    expect(new Set(first).size).toBe(2);
    expect(
      groupOf(planned([...members].reverse(), { options: { split: { '2.4.0-rc': 1, '2.3.0': 1 } } }).picker),
    ).toEqual(first);
    expect(
      groupOf(
        planned([...members, ...versions('9.0.0')], { options: { split: { '2.3.0': 1, '2.4.0-rc': 1 } } }).picker,
      ),
    ).toEqual(first);
  });

  test('asks the function for the key where the call itself has none', () => {
    const keyOf = (request: unknown) => `${request}`;
    const { picker, events } = planned(members, { options: { split: { '2.3.0': 1, '2.4.0-rc': 1 }, keyOf } });
    const group = versionOf(picker.pick(0, 'user-7') as Candidate);
    for (let call = 0; call < 20; call++) expect(versionOf(picker.pick(0, 'user-7') as Candidate)).toBe(group);
    expect(versionOf(picker.pick(0, 'other', by({ key: 'user-7' })) as Candidate)).toBe(group);
    expect(named(events, 'routing.key-missing')).toEqual([]);
  });

  test.each([
    ['no key', {}, 'the call says no key, and there is no keyOf'],
    ['an empty key', { keyOf: () => '' }, 'keyOf answered an empty text'],
    [
      'a function that throws',
      {
        keyOf: () => {
          throw new Error('no user');
        },
      },
      'keyOf threw: no user',
    ],
    [
      'a function that throws what cannot be shown',
      {
        keyOf: () => {
          throw Object.create(null);
        },
      },
      'keyOf threw: [Object: null prototype] {}',
    ],
  ])('leaves it to chance with %s, and says so once', (_name, options, reason) => {
    const { picker, events, bench } = planned(members, {
      options: { split: { '2.3.0': 1, '2.4.0-rc': 1 }, ...options },
    });
    const got = shares(picker, 5000, versionOf);
    expect(got['2.4.0-rc']).toBeGreaterThan(0.45);
    expect(got['2.4.0-rc']).toBeLessThan(0.55);
    expect(named(events, 'routing.key-missing').map(({ data }) => data)).toEqual([{ path: bench.env.path, reason }]);
  });

  test('gives the share of a group without members to the others, and says once which', () => {
    const { picker, events, bench } = planned(members, { options: { split: { '2.3.0': 50, '9.9.9': 50 } } });
    expect(shares(picker, 200, versionOf)).toEqual({ '2.3.0': 1 });
    const told = () => named(events, 'routing.group-empty').map(({ data }) => data);
    expect(told()).toEqual([{ path: bench.env.path, group: '9.9.9', share: 50, known: 0 }]);
  });

  test('tells of an empty group again only after it had members', () => {
    const events = recordEvents();
    const bench = routingBench(events);
    const router = routing({ split: { '2.3.0': 50, '9.9.9': 50 } });
    const told = () => named(events, 'routing.group-empty').length;
    for (const list of [members, members.slice(1), members.slice(2)]) bench.plan(router, list);
    expect(told()).toBe(1);
    bench.plan(router, [...members, ...versions('9.9.9')]);
    bench.plan(router, members);
    expect(told()).toBe(2);
  });

  test('that nobody fits sends calls to all that tags and version leave, and says so', () => {
    const { picker, events } = planned(members, { options: { split: { '7.x': 1, '8.x': 1 }, tags: ['!slow'] } });
    expect(Object.keys(shares(picker, 500, idOf))).toHaveLength(4);
    expect(named(events, 'routing.split-unmatched').map(({ data }) => data.groups)).toEqual(['7.x, 8.x']);
    expect(members.map((member) => picker.leftOut(member))).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('leaves out whom no group fits, and groups whose share is 0, and says which', () => {
    const more = [...members, ...versions('1.0.0')];
    const { picker } = planned(more, { options: { split: { '2.3.0': 1, '2.4.0-rc': 0 } } });
    expect(shares(picker, 200, versionOf)).toEqual({ '2.3.0': 1 });
    expect(picker.leftOut(more[3] as Candidate)).toEqual({
      rule: 'split',
      measured: 'share 0 of 2.4.0-rc',
      wanted: 'a share above 0',
    });
    expect(picker.leftOut(more[4] as Candidate)).toEqual({
      rule: 'split',
      measured: '1.0.0',
      wanted: '2.3.0, 2.4.0-rc',
    });
  });

  test('puts an endpoint into the narrowest group: a tag before a version, before ranges, before all others', () => {
    const tagged = candidates(5, (index) => ({
      version: ['2.3.0', '2.3.0', '2.4.1', '2.9.0', '5.0.0-beta'][index] as string,
      ...(index === 0 && { tags: ['canary'] }),
    }));
    const groupOf = (...keys: readonly string[]) =>
      tagged.map((member) => {
        const only = keys.find((key) => {
          const { picker } = planned(tagged, {
            options: { split: Object.fromEntries(keys.map((each) => [each, each === key ? 1 : 0])) },
          });
          return picker.leftOut(member) === undefined;
        });
        return only;
      });
    const wanted = ['tag:canary', '2.3.0', '2.4.x', '2.x', '*'];
    expect(groupOf('*', '2.x', '2.4.x', '2.3.0', 'tag:canary')).toEqual(wanted);
    expect(groupOf('tag:canary', '2.3.0', '2.4.x', '2.x', '*')).toEqual(wanted);
  });

  test('takes a pre-release that it names, and the range of the client has it too', () => {
    const { picker } = planned([...members, ...versions('2.5.0-rc', '3.0.0-rc')], {
      options: { version: '^2', split },
    });
    expect(Object.keys(shares(picker, 2000, versionOf)).sort()).toEqual(['2.3.0', '2.4.0-rc']);
  });

  test('sends the calls of a group of which nobody is available to the others', () => {
    const [first, second] = versions('1.0.0', '2.0.0') as [StubCandidate, StubCandidate];
    const { picker } = planned([first, second], { options: { split: { '1.0.0': 50, '2.0.0': 50 } } });
    second.open = false;
    expect(shares(picker, 200, versionOf)).toEqual({ '1.0.0': 1 });
    first.open = false;
    expect(Object.keys(shares(picker, 200, versionOf))).toHaveLength(2);
  });

  test('lets an ejected endpoint be tried by the calls of its own group only', () => {
    const ejected = members[3] as StubCandidate;
    const { picker } = planned(members, { options: { split: { '2.3.0': 50, '2.4.0-rc': 50 } }, out: [ejected] });
    const admitted = Array.from({ length: 200 }, (_, call) =>
      picker.admits(ejected, 'request', by({ key: `user-${call}` })),
    );
    const share = admitted.filter(Boolean).length / 200;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    expect(picker.admits(ejected, 'request', by({ version: '2.3.0' }))).toBe(false);
    expect(picker.admits(ejected, 'request')).toBe(true);
  });
});
