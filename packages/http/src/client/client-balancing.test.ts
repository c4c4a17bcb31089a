/** How an instance is chosen, as an option of a client's policy: over all its levels, live, and refused whole where it is wrong. */
import { ringHash, roundRobin } from '@fwk/discovery';
import { liveValue } from '@fwk/kernel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Fleet, startFleet } from '../fixtures/fleet.js';
import type { ClientBalancer } from './client-balancer.js';
import type { ClientRouting } from './client-routing.js';

const fleets: Fleet[] = [];
afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet[Symbol.asyncDispose]();
});

async function start(...given: Parameters<typeof startFleet>): Promise<Fleet> {
  const fleet = await startFleet(...given);
  fleets.push(fleet);
  return fleet;
}

const three = { one: {}, two: {}, three: {} };
const versions = { old: { version: '1.4.0' }, canary: { version: '1.5.0', tags: ['canary'] } };

function counted(ids: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

function settingsOf(fleet: Fleet, begins: string): readonly object[] {
  const { uses } = fleet.policies.inspect('fleet');
  return uses.flatMap(({ settings }) => settings.filter(({ setting }) => setting.startsWith(begins)));
}

describe('the balancer of a client', () => {
  test.each<[string, ClientBalancer]>([
    ['as it was made', roundRobin()],
    ['by its name', 'round-robin'],
    ['by its name among options', { kind: 'round-robin' }],
  ])('is given in code %s', async (_, balancer) => {
    const fleet = await start(three, { balancer });
    await fleet.ask(3);
    expect(counted(await fleet.ask(30))).toEqual({ one: 10, two: 10, three: 10 });
    expect(settingsOf(fleet, 'balancer')[0]).toMatchObject({ value: 'round-robin', from: 'call-site' });
  });

  test('is changed by the configuration while calls are made, and shown with where it was set', async () => {
    const fleet = await start(three);
    expect(settingsOf(fleet, 'balancer')).toContainEqual({ setting: 'balancer', value: 'p2c', from: 'built-in' });
    fleet.configure({ balancer: 'round-robin' });
    await fleet.ask(3);
    expect(counted(await fleet.ask(30))).toEqual({ one: 10, two: 10, three: 10 });
    fleet.configure({ balancer: { kind: 'ring-hash', key: 'query:user', boundedLoad: false } });
    const places = await Promise.all(['ann', 'bob', 'eve', 'max'].map((user) => fleet.ask(10, { user })));
    for (const ids of places) expect(new Set(ids).size).toBe(1);
    expect(settingsOf(fleet, 'balancer')).toEqual(
      expect.arrayContaining([
        { setting: 'balancer.kind', value: 'ring-hash', from: 'policy' },
        { setting: 'balancer.key', value: 'query:user', from: 'policy' },
      ]),
    );
    expect(fleet.known.monitor.report().clients[0]?.balancer).toMatchObject({ kind: 'ring-hash' });
  });

  test('takes over single options from the level below, unless it is of another kind', async () => {
    const fleet = await start(three, { balancer: { kind: 'maglev', boundedLoad: false } });
    fleet.configure({ balancer: { kind: 'maglev', key: 'query:user' } });
    expect(new Set(await fleet.ask(10, { user: 'ann' })).size).toBe(1);
    fleet.policies.override('fleet', { balancer: { kind: 'round-robin' } });
    expect(new Set(await fleet.ask(9, { user: 'ann' })).size).toBe(3);
    fleet.policies.override('fleet', { balancer: { key: 'caller' } });
    expect(settingsOf(fleet, 'balancer')).toEqual(
      expect.arrayContaining([
        { setting: 'balancer.kind', value: 'maglev', from: 'call-site' },
        { setting: 'balancer.key', value: 'caller', from: 'override' },
      ]),
    );
  });

  test('hashes what the call says of itself before any other key, with a client and with fetch', async () => {
    const fleet = await start(three);
    fleet.configure({ balancer: { kind: 'rendezvous', key: 'header:x-user', boundedLoad: false } });
    const byUser = new Map<string, string>();
    for (const user of ['ann', 'bob', 'eve', 'max', 'tim', 'zoe']) {
      const { id } = await fleet.client.who({}, { route: { key: user } });
      byUser.set(user, id);
      for (let call = 0; call < 5; call++) {
        expect(await fleet.client.who({}, { route: { key: user } })).toEqual({ id });
        const answer = await fleet.fetch('/who', { headers: { 'x-user': user } });
        expect(await answer.json()).toEqual({ id });
        const routed = await fleet.fetch('/who', { headers: { 'x-user': 'nobody' }, route: { key: user } });
        expect(await routed.json()).toEqual({ id });
      }
    }
    expect(new Set(byUser.values()).size).toBeGreaterThan(1);
  });

  test('hashes the parameters of a path, and what is written in a body', async () => {
    const fleet = await start(three, { balancer: { kind: 'ring-hash', key: 'param:seat', boundedLoad: false } });
    const seats = async () =>
      Promise.all([1, 2, 3, 4].map((seat) => fleet.client.seat({ params: { seat: `${seat}` } })));
    expect(await seats()).toEqual(await seats());
    fleet.policies.override('fleet', { balancer: { key: 'body:user' } });
    const book = async () => Promise.all(['ann', 'bob', 'eve'].map((user) => fleet.client.book({ body: { user } })));
    expect(await book()).toEqual(await book());
  });

  test('may be a live value in code, whose last valid word holds', async () => {
    const balancer = liveValue<ClientBalancer>('round-robin');
    const fleet = await start(three, { balancer });
    await fleet.ask(3);
    expect(counted(await fleet.ask(9))).toEqual({ one: 3, two: 3, three: 3 });
    const keyOf = (request: unknown) => JSON.stringify(Object(request).given);
    balancer.set(ringHash({ keyOf, boundedLoad: false }));
    expect(new Set(await fleet.ask(10, { user: 'ann' })).size).toBe(1);
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    balancer.set('round-robbin' as never);
    expect(new Set(await fleet.ask(10, { user: 'ann' })).size).toBe(1);
    expect(String(warned.mock.calls[0]?.[0])).toMatch(/balancer: kind must be one of p2c, .* not "round-robbin"/);
    warned.mockRestore();
  });
});

describe('the routing of a client', () => {
  test('splits calls by version, and follows the split while it is widened', async () => {
    const fleet = await start(versions);
    fleet.configure({ routing: { split: { '1.4.0': 100, '1.5.0': 0 } } });
    expect(counted(await fleet.ask(40))).toEqual({ old: 40 });
    fleet.configure({ routing: { split: { '1.4.0': 50, '1.5.0': 50 } } });
    const half = counted(await fleet.ask(200));
    // Six standard deviations.
    expect(half.canary).toBeGreaterThan(57);
    expect(half.canary).toBeLessThan(143);
    fleet.policies.override('fleet', { routing: { split: { '1.5.0': 1 } } });
    expect(counted(await fleet.ask(40))).toEqual({ canary: 40 });
    fleet.policies.override('fleet', {});
    expect(counted(await fleet.ask(60)).old).toBeGreaterThan(0);
  });

  test('replaces a split of a level below as a whole, and keeps its other options', async () => {
    const fleet = await start(versions, { routing: { zones: false, split: { '1.4.0': 1 } } });
    fleet.policies.override('fleet', { routing: { split: { 'tag:canary': 1 } } });
    expect(counted(await fleet.ask(20))).toEqual({ canary: 20 });
    expect(settingsOf(fleet, 'routing')).toEqual(
      expect.arrayContaining([
        { setting: 'routing.zones', value: false, from: 'call-site' },
        { setting: 'routing.split', value: { 'tag:canary': 1 }, from: 'override' },
        { setting: 'routing.subset', value: 0, from: 'built-in' },
      ]),
    );
  });

  test('keeps whoever has the same key in the same group', async () => {
    const fleet = await start(versions, {
      routing: { split: { '1.4.0': 50, '1.5.0': 50 }, key: 'query:user' },
    });
    const groups: Set<string>[] = [];
    for (let user = 0; user < 20; user++) groups.push(new Set(await fleet.ask(4, { user: `user-${user}` })));
    for (const group of groups) expect(group.size).toBe(1);
    expect(new Set(groups.flatMap((group) => [...group])).size).toBe(2);
  });

  test('gives way to what a call asks for: a version, a tag, an instance', async () => {
    const fleet = await start(versions, { routing: { version: '1.4.0' } });
    expect(counted(await fleet.ask(20))).toEqual({ old: 20 });
    expect(await fleet.client.who({}, { route: { version: '^1.5' } })).toEqual({ id: 'canary' });
    expect(await fleet.client.who({}, { route: { pin: 'canary' } })).toEqual({ id: 'canary' });
    const answer = await fleet.fetch('/who', { route: { tags: ['canary'] } });
    expect(await answer.json()).toEqual({ id: 'canary' });
  });

  test('may be a live value in code', async () => {
    const routing = liveValue<ClientRouting>({ version: '1.4.0' });
    const fleet = await start(versions, { routing });
    expect(counted(await fleet.ask(10))).toEqual({ old: 10 });
    routing.set({ version: '1.5.0' });
    expect(counted(await fleet.ask(10))).toEqual({ canary: 10 });
  });

  test('stays in the zone of the application that calls, and says so of the others', async () => {
    const zoned = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`n${index}`, { zone: index < 4 ? 'a' : 'b' }]),
    );
    const peers = () => liveValue([]);
    const fleet = await start(zoned, { self: { zone: 'a', id: 'me', peers } });
    const ids = new Set(await fleet.ask(60));
    expect([...ids].every((id) => ['n0', 'n1', 'n2', 'n3'].includes(id))).toBe(true);
    const far = fleet.known.monitor.list().find(({ endpoint, leftOut }) => endpoint === 'n7' && leftOut);
    expect(far?.leftOut).toMatchObject({ rule: 'zone', measured: 'b' });
  });
});

const bad: readonly (readonly [string, object, RegExp])[] = [
  ['an unknown balancer', { balancer: 'round-robbin' }, /balancer: kind must be one of p2c, .*, not "round-robbin"/],
  [
    'a balancer without a name',
    { balancer: { boundedLoad: 2 } },
    /balancer: (kind must be one of .* not undefined|unknown option "boundedLoad")/,
  ],
  ['a bad number of a balancer', { balancer: { kind: 'ring-hash', points: -1 } }, /balancer: points must be/],
  ['a key that is none', { balancer: { kind: 'maglev', key: 'cookie:a' } }, /balancer: key must be header:NAME/],
  ['a key for what does not hash', { balancer: { kind: 'p2c', key: 'path' } }, /balancer: unknown option "key"/],
  ['a balancer that is no text', { balancer: 7 }, /balancer must be a balancer, such as roundRobin\(\)/],
  ['a bad number of ejection', { ejection: { consecutiveFailures: 'many' } }, /ejection: consecutiveFailures must be/],
  [
    'a misspelt option of ejection',
    { ejection: { consecutivFailures: 2 } },
    /ejection: unknown option "consecutivFail/,
  ],
  ['an ejection that is none', { ejection: true }, /ejection must be an object with options, or false/],
  ['a split that sums to 0', { routing: { split: { '1.4.0': 0 } } }, /routing: split must be .* with a sum above 0/],
  ['a negative share', { routing: { split: { '1.4.0': -5, '*': 5 } } }, /routing: split must be .*"1.4.0" is -5/],
  ['a split by what is no version', { routing: { split: { newest: 5 } } }, /routing: split must be .*"newest" is none/],
  ['a misspelt option of routing', { routing: { splits: {} } }, /routing: unknown option "splits"/],
  ['a version that is none', { routing: { version: 'new' } }, /routing: version must be/],
  ['a key of routing that is none', { routing: { key: 'user' } }, /routing: key must be header:NAME, param:NAME/],
  ['a misspelt field', { rooting: { version: '^1' } }, /unknown option "rooting"/],
  ['routing of one operation', { operations: { who: { routing: {} } } }, /operations.who.routing: operations have no/],
];

describe('what is refused', () => {
  test.each(bad)('%s: in code', async (_, options, message) => {
    await expect(startFleet({}, options)).rejects.toThrow(message);
  });

  test('all of it: in configuration and by an operator, with the path, and what was in force stays', async () => {
    const fleet = await start(versions);
    fleet.configure({ routing: { version: '1.4.0' }, balancer: 'round-robin' });
    for (const [what, options, message] of bad) {
      fleet.configure({ ...options, timeoutMs: 777 });
      expect(fleet.policies.refusal?.reasons.join('; '), what).toMatch(message);
      expect(() => fleet.policies.override('fleet', { ...options, timeoutMs: 777 }), what).toThrow(message);
    }
    expect(counted(await fleet.ask(10))).toEqual({ old: 10 });
    expect(settingsOf(fleet, 'timeoutMs')).toContainEqual({ setting: 'timeoutMs', value: 1000, from: 'built-in' });
    expect(settingsOf(fleet, 'balancer')).toContainEqual({ setting: 'balancer', value: 'round-robin', from: 'policy' });
  });

  test('several things at once, all told', async () => {
    const fleet = await start({ one: {} });
    const all = { balancer: 'x', ejection: { baseMs: -1 }, routing: { subset: -1, tags: 'a' }, wire: 'tcp' };
    expect(() => fleet.policies.override('fleet', all)).toThrow(
      /wire must be one of.*balancer: kind must be.*ejection: baseMs must be.*routing: (tags|subset) must be.*routing: (tags|subset) must be/,
    );
  });
});
