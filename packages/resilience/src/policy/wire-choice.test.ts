import { currentOf, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';
import type { WireChoice } from './wire-choice.js';

const client: PolicyKind = {
  name: 'client',
  scopes: ['call', 'endpoint'],
  builtIn: { wire: 'auto', retry: {} },
  hasWires: true,
};
const server: PolicyKind = { name: 'server', scopes: ['server'] };

function registryOf(policies: unknown = {}, defaults: unknown = {}) {
  const source = liveValue(policies);
  const registry = policyRegistry(makeEnv({ clock: fakeClock() }), source, liveValue(defaults));
  return { registry, set: (next: unknown) => source.set(next) };
}

function wireOf(use: { options(): PolicyOptions }): WireChoice | undefined {
  return currentOf(use.options().wire);
}

describe('the wire in a policy', () => {
  test('follows the configuration of the service, which lies over that of all services', () => {
    const { registry, set } = registryOf({}, { wire: 'mux' });
    const use = registry.use('inventory', client);
    expect(wireOf(use)).toBe('mux');
    set({ inventory: { wire: 'http' } });
    expect(wireOf(use)).toBe('http');
    set({});
    expect(wireOf(use)).toBe('mux');
  });

  test('is auto where nobody says otherwise, and what the place of use says lies over all', () => {
    const { registry } = registryOf({ inventory: { wire: 'http' } });
    expect(wireOf(registry.use('billing', client))).toBe('auto');
    expect(wireOf(registry.use('inventory', client, { wire: 'mux' }))).toBe('mux');
  });

  test('may be a live value, whose last valid word holds', () => {
    const wire = liveValue<WireChoice>('auto');
    const use = registryOf().registry.use('inventory', client, { wire });
    wire.set('http');
    expect(wireOf(use)).toBe('http');
    wire.set('quic' as WireChoice);
    expect(wireOf(use)).toBe('http');
  });

  test('is listed among the settings, with where it was set', () => {
    const { registry } = registryOf({ inventory: { wire: 'http' } });
    registry.use('inventory', client);
    expect(registry.inspect('inventory').uses[0]?.settings).toContainEqual({
      setting: 'wire',
      value: 'http',
      from: 'policy',
    });
  });

  test('a change that names no wire is refused, and the one before stays', () => {
    const { registry, set } = registryOf({ inventory: { wire: 'http' } });
    const use = registry.use('inventory', client);
    set({ inventory: { wire: 'quic' } });
    expect(wireOf(use)).toBe('http');
    expect(registry.refusal?.reasons).toEqual([expect.stringMatching(/wire must be one of auto, http, mux/)]);
  });

  test('means nothing before a function, a server or a single operation', () => {
    const { registry } = registryOf({}, { wire: 'mux' });
    expect(() => policy('stock', { wire: 'mux' })).toThrow(/wire means nothing before a function/);
    expect(() => registry.use('inventory', server, { wire: 'mux' })).toThrow(/wire means nothing before a server/);
    const operations = { stock: { wire: 'mux' } } as PolicyOptions['operations'];
    expect(() => registryOf({ inventory: { operations } })).toThrow(/operations.stock: unknown option "wire"/);
    // Defaults are for all of them, and passed over where they mean nothing.
    expect(wireOf(registry.use('inventory', server))).toBeUndefined();
  });
});
