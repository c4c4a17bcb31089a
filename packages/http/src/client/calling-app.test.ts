/** What an application says of itself to the routing of its clients: its zone, and who else calls from its service. */
import { createApp } from '@fwk/core';
import { type DiscoveryOptions, discovery, membershipsToken } from '@fwk/discovery';
import { anInstance } from '@fwk/discovery/testing';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { type Fleet, fleetContract, startFleet } from '../fixtures/fleet.js';
import { wireUnderTest } from '../fixtures/wire-under-test.js';
import { http } from '../server/http.js';
import { clientOf } from './client-of.js';
import type { ClientRouting } from './client-routing.js';

let fleet: Fleet;
afterEach(() => fleet[Symbol.asyncDispose]());

/** An application that calls eight instances, four in each of two zones. */
async function caller(options: Partial<DiscoveryOptions>, routing: ClientRouting = {}) {
  const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
  fleet = await startFleet(Object.fromEntries(names.map((name, at) => [name, { zone: at < 4 ? 'a' : 'b' }])));
  const { registry } = fleet;
  // Seven others call from the same service: alone it would have to load all of the instances alike.
  for (let other = 1; other < 8; other++) {
    const zone = other < 5 ? 'a' : 'b';
    await registry.register(anInstance({ service: 'caller', id: `caller-${other}`, port: 4000 + other, zone }));
  }
  const app = createApp({
    name: 'caller',
    version: '1.0.0',
    owner: 'tests',
    signals: false,
    logging: { level: 'silent' },
    shutdown: { propagationDelayMs: 0 },
    management: false,
    use: [discovery({ registry, ...options }), http({ port: 0 })],
  });
  await app.start();
  onTestFinished(() => app.stop());
  const client = app.get(clientOf(fleetContract, { wire: wireUnderTest(), routing }));
  const answered = async () => {
    const ids = new Set<string>();
    for (let call = 0; call < 60; call++) ids.add((await client.who({})).id);
    return ids;
  };
  return { answered, known: app.get(membershipsToken) };
}

test('calls stay in the zone of the application', async () => {
  const { answered, known } = await caller({ zone: 'b' });
  for (const id of await answered()) expect(['n4', 'n5', 'n6', 'n7']).toContain(id);
  expect(known.services).toContain('caller');
});

test('an application without a zone calls all, and does not watch its own service', async () => {
  const { answered, known } = await caller({});
  expect([...(await answered())].some((id) => id < 'n4')).toBe(true);
  expect(known.services).toEqual(['fleet']);
});

test('a subset is taken once the application is known among its peers', async () => {
  const { answered, known } = await caller({}, { subset: 2 });
  expect(known.services).toContain('caller');
  await vi.waitFor(async () => expect((await answered()).size).toBeLessThanOrEqual(3), { timeout: 10_000 });
});
