import { cancellable, isFwkError, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { DuplicateInstanceError, InstanceInvalidError, RegistryUnavailableError } from '../errors.js';
import type { Instance } from '../instance.js';
import { anInstance } from '../testing/instances.js';
import type { InstanceWriter } from './own-instances.js';
import { OwnInstances } from './own-instances.js';

/** A registry that takes as long as the test says, and refuses or fails as the test says. */
function setUp() {
  const clock = fakeClock();
  const events = recordEvents();
  const holds = new Map<string, Instance>();
  const registry = { delayMs: 0, away: false, refuses: (_instance: Instance): Error | undefined => undefined };
  const reach = async () => {
    if (registry.delayMs > 0) await new Promise<void>((resolve) => void clock.setTimer(resolve, registry.delayMs));
    if (registry.away) throw new RegistryUnavailableError('test', 'it is away');
  };
  const writer: InstanceWriter = {
    async register(instance) {
      await reach();
      const refusal = registry.refuses(instance);
      // As Consul does: what is refused is not kept in its older state either.
      if (refusal) holds.delete(instance.id);
      if (refusal) throw refusal;
      holds.set(instance.id, instance);
    },
    async deregister(id) {
      await reach();
      holds.delete(id);
    },
  };
  const own = new OwnInstances(makeEnv({ clock, events }));
  own.joined(writer);
  return { clock, events, holds, registry, writer, own };
}

const tooMuch = (instance: Instance) =>
  instance.metadata?.big ? new InstanceInvalidError(instance.id, ['it is too big']) : undefined;
const closed = new Error('closed');

describe('what leaves', () => {
  test('is taken out after a registration that was cancelled under way, however late that ends', async () => {
    const { clock, holds, registry, own } = setUp();
    registry.delayMs = 2000;
    const { context, cancel } = cancellable();
    const reason = new Error('the caller gave up');
    const registering = own.register(anInstance(), context);
    registering.catch(() => {});
    await clock.advance(500);
    cancel(reason);
    await expect(registering).rejects.toBe(reason);
    expect(own.ids).toEqual([]);
    await clock.advance(1500);
    expect([...holds.keys()]).toEqual(['inventory-1']);
    await clock.advance(2000);
    expect([...holds.keys()]).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('is not waited for longer than a second, and taken out nevertheless', async () => {
    const { clock, holds, registry, own } = setUp();
    const registration = await own.register(anInstance());
    registry.delayMs = 5000;
    let left = false;
    const leaving = registration.deregister().then(() => {
      left = true;
    });
    await clock.advance(999);
    expect(left).toBe(false);
    await clock.advance(1);
    await leaving;
    expect(holds.size).toBe(1);
    await clock.advance(4000);
    expect([holds.size, clock.pending]).toEqual([0, 0]);
  });

  test('is tried again with each renewal, and by the next registry', async () => {
    const { clock, events, holds, registry, writer, own } = setUp();
    const registrations = [await own.register(anInstance()), await own.register(anInstance({ id: 'inventory-2' }))];
    registry.away = true;
    const leaving = Promise.all(registrations.map((registration) => registration.deregister()));
    await clock.advance(1000);
    await leaving;
    own.lost();
    own.repair([]);
    await clock.settle();
    expect(holds.size).toBe(2);
    registry.away = false;
    own.joined(writer);
    await clock.settle();
    expect(holds.size).toBe(0);
    own.repair([]);
    await clock.settle();
    expect(events.names.filter((name) => name === 'instance.deregistered')).toHaveLength(2);
  });

  test('gives its id back at once, to a registration that follows it', async () => {
    const { clock, holds, own } = setUp();
    const first = await own.register(anInstance());
    const leaving = first.deregister();
    await own.register(anInstance({ port: 4009 }));
    await leaving;
    expect([holds.get('inventory-1')?.port, clock.pending]).toEqual([4009, 0]);
  });

  test('does not take out who has its id by now', async () => {
    const { clock, holds, registry, own } = setUp();
    const first = await own.register(anInstance());
    registry.away = true;
    const leaving = first.deregister();
    await clock.settle();
    registry.away = false;
    await own.register(anInstance({ port: 4009 }));
    await leaving;
    own.repair([]);
    await clock.settle();
    expect([holds.get('inventory-1')?.port, clock.pending]).toEqual([4009, 0]);
  });

  test('is taken out when whoever wanted its id is refused', async () => {
    const { clock, holds, registry, own } = setUp();
    const first = await own.register(anInstance());
    registry.away = true;
    const leaving = first.deregister();
    await clock.settle();
    registry.away = false;
    registry.refuses = () => new DuplicateInstanceError('inventory-1', 'another', 'this');
    await expect(own.register(anInstance({ port: 4009 }))).rejects.toThrow('is taken by');
    holds.set('inventory-1', anInstance());
    own.repair([]);
    await leaving;
    expect([holds.size, clock.pending]).toEqual([0, 0]);
  });

  test('is waited for once more when the registry is closed', async () => {
    const { clock, holds, registry, own } = setUp();
    const registration = await own.register(anInstance());
    registry.delayMs = 1500;
    void registration.deregister();
    await clock.advance(1000);
    const closing = own.leaveAll(closed);
    await clock.advance(500);
    await closing;
    expect([holds.size, clock.pending]).toEqual([0, 0]);
  });

  test('is not tried again once the registry is closed', async () => {
    const { clock, holds, registry, own } = setUp();
    await own.register(anInstance());
    registry.away = true;
    const closing = own.leaveAll(closed);
    await clock.advance(1000);
    await closing;
    registry.away = false;
    own.repair([]);
    await clock.settle();
    expect([holds.size, clock.pending]).toEqual([1, 0]);
  });
});

describe('a change that the registry refuses', () => {
  test('rejects, leaves the instance as it was, and stands in the way of no other', async () => {
    const { events, holds, registry, own } = setUp();
    registry.refuses = tooMuch;
    const registration = await own.register(anInstance());
    const [refused, drained] = [registration.update({ big: 'yes' }), registration.setStatus('DRAINING')];
    await expect(refused).rejects.toSatisfy((error) => isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID'));
    await drained;
    expect(registration.instance.metadata).toBeUndefined();
    expect(holds.get('inventory-1')).toEqual(registration.instance);
    expect(registration.instance.status).toBe('DRAINING');
    expect(events.names).not.toContain('instance.refused');
  });

  test('is given up for what was accepted last, when nobody waits for it any more', async () => {
    const { clock, events, holds, registry, writer, own } = setUp();
    registry.refuses = tooMuch;
    const registration = await own.register(anInstance());
    own.lost();
    await registration.update({ big: 'yes' });
    expect(registration.instance.metadata).toEqual({ big: 'yes' });
    own.joined(writer);
    await clock.settle();
    expect(events.names).toContain('instance.refused');
    expect(holds.get('inventory-1')).toEqual(anInstance());
    expect(registration.instance).toEqual(anInstance());
    await registration.setStatus('DRAINING');
    expect(holds.get('inventory-1')?.status).toBe('DRAINING');
  });

  test('is told while another holds the id, and the instance is tried again', async () => {
    const { clock, events, holds, registry, own } = setUp();
    const registration = await own.register(anInstance());
    registry.refuses = () => new DuplicateInstanceError('inventory-1', 'another', 'this');
    await expect(registration.setStatus('DRAINING')).rejects.toThrow('is taken by another');
    expect(events.names).toContain('instance.refused');
    registry.refuses = () => undefined;
    own.repair([]);
    await clock.settle();
    expect(holds.get('inventory-1')).toEqual(anInstance());
  });
});

test('does not ask a slow registry once more for each renewal that comes meanwhile', async () => {
  const { clock, events, registry, own } = setUp();
  registry.delayMs = 2000;
  const registering = own.register(anInstance());
  for (let renewals = 0; renewals < 5; renewals++) {
    await clock.advance(300);
    own.repair(['inventory-1']);
  }
  await clock.advance(10_000);
  await registering;
  expect(events.names).toEqual(['instance.registered', 'instance.registered']);
});
