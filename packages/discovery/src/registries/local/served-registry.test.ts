import { type Clock, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import type { Change } from './change-log.js';
import { checkLocalOptions } from './local-options.js';
import { ServedRegistry } from './served-registry.js';

const options = checkLocalOptions({ port: 4810, ttlMs: 3000, dropGraceMs: 500 }, {});

/** A registry with instances of one service, each of a connected process of its own. */
function withInstances(count: number) {
  const clock = fakeClock();
  let missedMs = 0;
  /** A clock whose timers come late after a standstill. */
  const late: Clock = {
    now: () => clock.now() + missedMs,
    wallTime: () => clock.wallTime() + missedMs,
    setTimer: (...timer) => clock.setTimer(...timer),
    clearTimer: (timer) => clock.clearTimer(timer),
  };
  const standStill = (durationMs: number) => {
    missedMs += durationMs;
  };
  const events = recordEvents();
  const changes: Change[] = [];
  const registry = new ServedRegistry('epoch-one', 'holder-one', options, makeEnv({ clock: late, events }), (change) =>
    changes.push(change),
  );
  const members = Array.from({ length: count }, (_, index) => {
    const identity = { holder: `holder-${index}-xx`, owner: `owner-${index}` };
    const instance = anInstance({ id: `i${index}`, port: 4000 + index, zone: 'eu-1a' });
    registry.register(instance, identity);
    registry.connected(identity);
    return { id: instance.id, identity };
  });
  const renew = (...which: readonly number[]) => {
    for (const index of which) registry.renew([members[index]?.id ?? ''], members[index]?.identity ?? never());
  };
  return { clock, events, changes, registry, members, renew, standStill };
}

function never(): never {
  throw new Error('no such member');
}

/** Lets time pass, in which these renew every second. */
async function pass(world: ReturnType<typeof withInstances>, seconds: number, ...renewing: readonly number[]) {
  for (let second = 0; second < seconds; second++) {
    await world.clock.advance(1000);
    world.renew(...renewing);
  }
}

describe('a served registry', () => {
  test('evicts who has fallen silent, when all others are heard', async () => {
    const world = withInstances(10);
    await pass(world, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(world.registry.catalog.get('i9')).toBeUndefined();
    expect(world.registry.catalog.size).toBe(9);
    expect(world.events.names).toEqual(['instance.evicted']);
    world.registry.close();
  });

  test('keeps all when too many fall silent at once, says why, and stops keeping them when they are heard again', async () => {
    const world = withInstances(10);
    await pass(world, 30, 0, 1, 2, 3);
    expect(world.registry.catalog.size).toBe(10);
    const group = { group: 'inventory in eu-1a', expected: 10, received: 4, threshold: 8 };
    expect(world.registry.describe().selfPreservation).toMatchObject({
      groups: [{ ...group, withheld: ['i4', 'i5', 'i6', 'i7', 'i8', 'i9'] }],
    });
    expect(world.events.names).toEqual(['registry.preserving']);
    expect(world.events.all[0]?.data).toMatchObject(group);
    world.renew(0, 1, 2, 3, 4, 5, 6, 7, 8);
    await pass(world, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(world.registry.catalog.size).toBe(9);
    const calm = { group: 'inventory in eu-1a', expected: 9, received: 9, threshold: 7, withheld: [] };
    expect(world.registry.describe().selfPreservation).toMatchObject({ groups: [calm] });
    world.registry.close();
  });

  test('believes a closed connection, however many there are', async () => {
    const world = withInstances(10);
    for (const { identity } of world.members.slice(2)) world.registry.disconnected(identity);
    await pass(world, 5, 0, 1);
    expect(world.registry.catalog.size).toBe(2);
    world.registry.close();
  });

  test('does not wait for long for those who never claimed what another registry had known of them', async () => {
    const world = withInstances(1);
    const entries = Array.from({ length: 9 }, (_, index) => ({
      instance: anInstance({ id: `old${index}`, port: 5000 + index, zone: 'eu-1a' }),
      holder: 'holder-of-old',
      owner: 'owner-of-old',
    }));
    world.registry.restore({ entries, overrides: new Map() }, undefined);
    await pass(world, 8, 0);
    expect(world.registry.catalog.size).toBe(10);
    await pass(world, 4, 0);
    expect(world.registry.catalog.size).toBe(1);
    world.registry.close();
  });

  test('does not wait at all for those whose process served the registry that is gone', async () => {
    const world = withInstances(1);
    const entries = Array.from({ length: 9 }, (_, index) => ({
      instance: anInstance({ id: `old${index}`, port: 5000 + index, zone: 'eu-1a' }),
      holder: 'holder-of-old',
      owner: 'owner-of-old',
    }));
    world.registry.restore({ entries, overrides: new Map() }, 'holder-of-old');
    await pass(world, 2, 0);
    expect(world.registry.catalog.size).toBe(1);
    world.registry.close();
  });

  test('keeps those who never had a stream when all of them fall silent, and lets another process take such an id', async () => {
    const world = withInstances(20);
    for (const { identity } of world.members) world.registry.disconnected(identity);
    for (const { id, identity } of world.members) world.registry.renew([id], identity);
    await pass(world, 60);
    expect(world.registry.catalog.size).toBe(20);
    expect(world.events.names).toEqual(['registry.preserving']);
    const successor = { holder: 'holder-next', owner: 'owner-next' };
    world.registry.register(anInstance({ id: 'i0', port: 6000 }), successor);
    expect(world.registry.catalog.get('i0')?.instance.port).toBe(6000);
    world.registry.close();
  });

  test('gives everybody the time back in which this process stood still', async () => {
    const world = withInstances(3);
    world.standStill(10_000);
    await pass(world, 2, 0, 1, 2);
    expect(world.registry.catalog.size).toBe(3);
    world.registry.close();
  });
});
