import {
  checkOptions,
  currentOf,
  fixed,
  integerIn,
  type Live,
  liveValue,
  makeEnv,
  OptionsError,
  oneOf,
} from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { isPlain } from '../layer/plain.js';
import { kindField } from './kind-field.js';
import { policy } from './policy.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

type Road = 'land' | 'sea';

interface Crew {
  readonly kind?: 'few' | 'many';
  readonly hands?: number;
  readonly names?: readonly string[];
}

/** Types of such options come from the packages that bring them, and here there is none. */
interface Voyage {
  readonly road?: Road | Live<Road>;
  readonly crew?: Crew | Live<Crew>;
  readonly flag?: string;
}

function options(given: Voyage): PolicyOptions {
  return given as PolicyOptions;
}

const road = kindField({ name: 'road', owner: 'harbour', rule: oneOf('land', 'sea') });
const crew = kindField({
  name: 'crew',
  owner: 'harbour',
  rule: (value) => (isPlain(value) ? undefined : 'an object'),
  check: (value) => {
    checkOptions<Required<Crew>>(
      'crew',
      value as Crew,
      {},
      {
        kind: (kind) => (kind === undefined ? undefined : oneOf('few', 'many')(kind)),
        hands: (hands) => (hands === undefined ? undefined : integerIn(1, 9)(hands)),
        names: (names) => (names === undefined || Array.isArray(names) ? undefined : 'a list'),
      },
    );
  },
  merge: (over, under) => {
    if (!isPlain(over) || !isPlain(under)) return over;
    return over.kind === undefined || over.kind === under.kind ? { ...under, ...over } : over;
  },
  defaults: { hands: 3 },
  anyData: true,
});
const flag = kindField({
  name: 'flag',
  owner: 'harbour',
  rule: fixed(oneOf('red', 'green')),
  show: (value) => `a ${value} one`,
});

const client: PolicyKind = {
  name: 'client',
  scopes: ['call', 'endpoint'],
  builtIn: { ...options({ road: 'land' }), retry: {} },
  fields: [road, crew, flag],
};
const server: PolicyKind = { name: 'server', scopes: ['server'] };

function registryOf(policies: unknown = {}, defaults: unknown = {}) {
  const source = liveValue(policies);
  const events = recordEvents();
  const registry = policyRegistry(makeEnv({ clock: fakeClock(), events }), source, liveValue(defaults));
  return { registry, events, set: (next: unknown) => source.set(next) };
}

function ofUse(use: { options(): PolicyOptions }): Voyage {
  return use.options() as Voyage;
}

function roadOf(use: { options(): PolicyOptions }): Road | undefined {
  return currentOf(ofUse(use).road);
}

function live(use: { live(field: never): Live<unknown> }, field: keyof Voyage): Live<unknown> {
  return use.live(field as never);
}

describe('an option of a kind of policy', () => {
  test('follows the configuration of the service, which lies over that of all services', () => {
    const { registry, set } = registryOf({}, { road: 'sea' });
    const use = registry.use('inventory', client);
    expect(roadOf(use)).toBe('sea');
    set({ inventory: { road: 'land' } });
    expect(roadOf(use)).toBe('land');
    set({});
    expect(roadOf(use)).toBe('sea');
  });

  test('is what the kind says where nobody says otherwise, and what the place of use says lies over all', () => {
    const { registry } = registryOf({ inventory: { road: 'sea' } });
    expect(roadOf(registry.use('billing', client))).toBe('land');
    expect(roadOf(registry.use('inventory', client, options({ road: 'land' })))).toBe('land');
  });

  test('may be a live value, whose last valid word holds', () => {
    const given = liveValue<Road>('land');
    const use = registryOf().registry.use('inventory', client, options({ road: given }));
    given.set('sea');
    expect(roadOf(use)).toBe('sea');
    given.set('air' as Road);
    expect(roadOf(use)).toBe('sea');
  });

  test('whose rule is fixed refuses a live value', () => {
    const { registry } = registryOf();
    expect(() => registry.use('inventory', client, options({ flag: liveValue('red') as never }))).toThrow(
      /flag must be one of/,
    );
  });

  test('is merged in its own way over the levels, and its parts say where each was set', () => {
    const { registry, set } = registryOf({ inventory: { crew: { kind: 'many', names: ['ann'] } } }, { flag: 'red' });
    const use = registry.use('inventory', client, options({ crew: { hands: 5 } }));
    expect(ofUse(use).crew).toEqual({ kind: 'many', names: ['ann'], hands: 5 });
    expect(registry.inspect('inventory').uses[0]?.settings.slice(-5)).toEqual([
      { setting: 'road', value: 'land', from: 'built-in' },
      { setting: 'crew.hands', value: 5, from: 'call-site' },
      { setting: 'crew.kind', value: 'many', from: 'policy' },
      { setting: 'crew.names', value: ['ann'], from: 'policy' },
      { setting: 'flag', value: 'a red one', from: 'defaults' },
    ]);
    const other = registry.use('inventory', client, options({ crew: { kind: 'few' } }));
    expect(ofUse(other).crew).toEqual({ kind: 'few' });
    set({ inventory: { crew: { kind: 'few' } } });
    expect(ofUse(other).crew).toEqual({ kind: 'few' });
  });

  test('is checked whole, also while nothing of its kind is in use, with all problems at once', () => {
    const bad = { inventory: { crew: { hands: 0, kind: 'some' }, road: 'air' } };
    expect(() => registryOf(bad)).toThrow(/crew: kind must be one of few, many.*crew: hands must be .* from 1 to 9/);
    const { registry, set } = registryOf({ inventory: { road: 'sea', crew: { hands: 2 } } });
    const use = registry.use('inventory', client);
    set({ inventory: { ...bad.inventory, rode: 'sea' } });
    expect(registry.refusal?.reasons.map((reason) => reason.slice(0, 50))).toEqual([
      expect.stringContaining('unknown option "rode"'),
      expect.stringContaining('road must be one of land, sea'),
      expect.stringContaining('crew: kind must be one of'),
      expect.stringContaining('crew: hands must be'),
    ]);
    expect(use.options()).toMatchObject({ road: 'sea', crew: { hands: 2 } });
  });

  test('that one level gives in part must fit what the others give', () => {
    const { registry, set } = registryOf({ inventory: { crew: { kind: 'many' } } });
    registry.use('inventory', client, options({ crew: { hands: 4 } }));
    set({ inventory: { crew: { kind: 'none' } } });
    expect(registry.refusal?.reasons.join()).toMatch(/crew: kind must be one of/);
  });

  test('means nothing before a function or a server, nor for a single operation', () => {
    const { registry } = registryOf({}, { road: 'sea' });
    expect(() => policy('stock', options({ road: 'sea' }))).toThrow(/road means nothing before a function/);
    expect(() => registry.use('inventory', server, options({ road: 'sea' }))).toThrow(
      /road means nothing before a server/,
    );
    const operations = { stock: { road: 'sea' } } as PolicyOptions['operations'];
    expect(() => registryOf({ inventory: { operations } })).toThrow(
      /operations.stock.road: operations have no road of their own; give it for the whole policy/,
    );
    // Defaults are for all of them, and passed over where they mean nothing.
    expect(roadOf(registry.use('inventory', server))).toBeUndefined();
  });

  test('may be brought by another copy of its package', () => {
    expect(kindField({ ...road })).toEqual(road);
  });

  test('cannot take a name that is taken', () => {
    for (const name of ['road', 'retry', 'timeoutMode', 'operations']) {
      expect(() => kindField({ name, owner: 'other', rule: oneOf('x') })).toThrow(OptionsError);
    }
  });
});

describe('an option of a kind as a live value', () => {
  test('tells of each change of the levels and of a live value among them, and of nothing else', () => {
    const given = liveValue<Crew>({ hands: 1 });
    const { registry, set } = registryOf();
    const use = registry.use('inventory', client);
    const own = registry.use('harbour', client, options({ crew: given }));
    const seen: unknown[] = [];
    live(use, 'crew').subscribe((value) => seen.push(value));
    live(own, 'crew').subscribe((value) => seen.push(value));
    expect([live(use, 'crew').value, live(own, 'crew').value]).toEqual([undefined, { hands: 1 }]);
    set({ inventory: { crew: { hands: 2 } } });
    set({ inventory: { crew: { hands: 2 }, timeoutMs: 50 } });
    given.set({ hands: 3 });
    given.set({ hands: 77 });
    expect(seen).toEqual([{ hands: 2 }, { hands: 3 }]);
    expect(live(use, 'crew')).toBe(live(use, 'crew'));
    own[Symbol.dispose]();
    given.set({ hands: 4 });
    expect(seen).toHaveLength(2);
  });
});

describe('options that an operator puts over a policy', () => {
  test('lie over all levels, reach every place and those that come later, and can be taken away', () => {
    const { registry, events, set } = registryOf({ inventory: { timeoutMs: 100 } });
    const first = registry.use('inventory', client, options({ road: 'land' }));
    registry.override('inventory', { road: 'sea', timeoutMs: 20 });
    const later = registry.use('inventory', client);
    expect([roadOf(first), roadOf(later), first.options().timeoutMs]).toEqual(['sea', 'sea', 20]);
    expect(registry.inspect('inventory')).toMatchObject({ overrides: { road: 'sea', timeoutMs: 20 } });
    expect(registry.inspect('inventory').uses[0]?.settings).toContainEqual({
      setting: 'road',
      value: 'sea',
      from: 'override',
    });
    set({ inventory: { timeoutMs: 90 } });
    expect(first.options().timeoutMs).toBe(20);
    registry.override('inventory', {});
    expect([roadOf(first), first.options().timeoutMs]).toEqual(['land', 90]);
    expect(events.all.filter(({ name }) => name === 'policy.overridden').map(({ data }) => data.changed)).toEqual([
      ['policies.inventory.road', 'policies.inventory.timeoutMs'],
      ['policies.inventory.road', 'policies.inventory.timeoutMs'],
    ]);
  });

  test('are refused whole, with every problem and its path, and what was in force stays', () => {
    const { registry } = registryOf();
    const use = registry.use('inventory', client);
    registry.override('inventory', { road: 'sea' });
    const bad = { road: 'air', crew: { hands: -1 }, rode: 1, retry: { maxAttempts: 0 } };
    expect(() => registry.override('inventory', bad)).toThrow(
      expect.objectContaining({
        code: 'FWK_RESILIENCE_CHANGE_INVALID',
        status: 400,
        details: {
          policy: 'inventory',
          problems: [
            expect.stringContaining('unknown option "rode"'),
            expect.stringContaining('road must be one of'),
            expect.stringContaining('retry: maxAttempts must be'),
            expect.stringContaining('crew: hands must be'),
          ],
        },
      }),
    );
    for (const given of [undefined, null, [], 'sea', 7]) {
      expect(() => registry.override('inventory', given)).toThrow(/options must be an object/);
    }
    expect(() => registry.override('inventory', { crew: { kind: () => 'few' } })).toThrow(/plain data/);
    expect(roadOf(use)).toBe('sea');
    expect(() => registry.override('inventry', {})).toThrow(/"inventry"/);
  });

  test('must fit all places that use the policy, or none is changed', () => {
    const { registry } = registryOf();
    const use = registry.use('inventory', client);
    registry.use('inventory', server);
    expect(() => registry.override('inventory', { road: 'sea' })).toThrow(/road means nothing before a server/);
    expect(roadOf(use)).toBe('land');
  });

  test('are not for a policy that was made apart from the registry', () => {
    const { registry } = registryOf();
    registry.add(policy('report', { timeoutMs: 5 }));
    expect(() => registry.override('report', { timeoutMs: 6 })).toThrow(/made apart from the registry/);
  });
});
