import { background, cancellable, type LiveSource, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NoEndpointError } from '../errors.js';
import type { Instance } from '../instance.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import type { Registry, RegistryConnection } from '../registry.js';
import { anInstance } from '../testing/instances.js';
import { memberships } from './memberships.js';

/** Memberships over a registry whose answers the test decides. */
function setUp(initial: readonly Instance[] = [], isKnown = true) {
  const clock = fakeClock();
  const connection: LiveSource<RegistryConnection> = liveValue({ state: 'connected', sinceMs: clock.wallTime() });
  const instances: LiveSource<readonly Instance[]> = liveValue(initial);
  const known: LiveSource<boolean> = liveValue(isKnown);
  const registry: Registry = {
    ...memoryRegistry(),
    name: 'scripted',
    connection,
    watch: () => ({ instances, known, [Symbol.dispose]() {} }),
  };
  const events = recordEvents();
  const watched = memberships(registry, makeEnv({ clock, events }));
  return { clock, connection, instances, known, events, watched, endpoints: watched.of('inventory') };
}

const instanceAt = (port: number, parts: Partial<Instance> = {}) =>
  anInstance({ id: `inventory-${port}`, port, ...parts });

describe('a membership', () => {
  test('keeps an endpoint’s identity while only its facts change', () => {
    const { instances, endpoints } = setUp([instanceAt(1), instanceAt(2)]);
    const [first, second] = endpoints.value;
    instances.set([instanceAt(1, { status: 'DRAINING', weight: 3 }), instanceAt(2)]);
    expect(endpoints.value[0]).toBe(first);
    expect(endpoints.value[1]).toBe(second);
    expect(first?.instance).toMatchObject({ status: 'DRAINING', weight: 3 });
  });

  test('has what the latest list says, whatever lists came before, and keeps those who stayed', () => {
    // Two processes may claim one id; the last one in a list counts.
    const all = Array.from({ length: 12 }, (_, at) => instanceAt(at + 1, { id: `inventory-${at % 6}` }));
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...all), { minLength: 1 }), { maxLength: 6 }), (lists) => {
        const { instances, endpoints } = setUp();
        for (const list of lists) {
          const before = new Map(endpoints.value.map((endpoint) => [endpoint.instance, endpoint]));
          instances.set(list);
          const latest = new Map(list.map((instance) => [instance.id, instance]));
          expect(new Set(endpoints.value.map(({ instance }) => instance))).toEqual(new Set(latest.values()));
          expect(endpoints.value).toHaveLength(latest.size);
          const claimedOnce = endpoints.value.filter(
            ({ id }) => new Set(list.filter((each) => each.id === id)).size === 1,
          );
          for (const endpoint of claimedOnce) {
            const known = before.get(endpoint.instance);
            if (known) expect(endpoint).toBe(known);
          }
        }
      }),
    );
  });

  test('makes a new endpoint when another process answers under the same id', () => {
    const { instances, endpoints, events } = setUp([instanceAt(1)]);
    const [first] = endpoints.value;
    instances.set([instanceAt(1, { startedAtMs: 1_800_000_000_000 })]);
    expect(endpoints.value[0]).not.toBe(first);
    expect(events.names).toEqual(['endpoint.added', 'endpoint.added', 'endpoint.removed']);
  });

  test('keeps the last list, marked stale, when the registry says that nobody is left', () => {
    const { instances, endpoints, events } = setUp([instanceAt(1), instanceAt(2)]);
    instances.set([]);
    expect(endpoints.value).toHaveLength(2);
    expect(endpoints.stale?.reason).toContain('nobody is left of 2');
    expect(events.names).toContain('membership.kept');
    instances.set([instanceAt(2)]);
    expect(endpoints.value.map(({ port }) => port)).toEqual([2]);
    expect(endpoints.stale).toBeUndefined();
  });

  test('is stale for as long as the registry’s list is', () => {
    const { instances, endpoints } = setUp([instanceAt(1)]);
    instances.markStale('the registry does not answer', 7);
    expect(endpoints.stale).toEqual({ reason: 'the registry does not answer', sinceMs: 7 });
    instances.markFresh();
    expect(endpoints.stale).toBeUndefined();
  });

  test('makes URLs of addresses, also of IPv6 ones and https', () => {
    const { endpoints } = setUp([instanceAt(1, { address: '::1' }), instanceAt(2, { metadata: { scheme: 'https' } })]);
    expect(endpoints.value.map(({ url }) => url)).toEqual(['http://[::1]:1', 'https://127.0.0.1:2']);
  });

  test('is always what the registry said last, whatever came before', () => {
    const list = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(list, { minLength: 1 }), (lists) => {
        const { instances, endpoints } = setUp();
        for (const ports of lists) instances.set(ports.map((port) => instanceAt(port)));
        expect(endpoints.value.map(({ port }) => port)).toEqual(lists.at(-1));
      }),
    );
  });
});

test('memberships that are disposed watch nothing any more: lists are empty, and nobody waits for them', async () => {
  const { watched } = setUp([instanceAt(1)]);
  watched[Symbol.dispose]();
  expect(watched.of('inventory').value).toEqual([]);
  await watched.settled('pricing', background);
  for await (const change of watched.changes('pricing')) expect.unreachable(String(change.service));
  expect(watched.services).toEqual([]);
});

describe('settled', () => {
  test('waits for the first list, which may be empty', async () => {
    const { known, watched } = setUp([], false);
    let settled = false;
    const waiting = watched.settled('inventory', background).then(() => {
      settled = true;
    });
    await Promise.resolve();
    expect(settled).toBe(false);
    known.set(true);
    await waiting;
    await watched.settled('inventory', background);
  });

  test('ends with the caller’s own reason', async () => {
    const { watched } = setUp([], false);
    const reason = new Error('the caller gave up');
    const { context, cancel, cancellation } = cancellable();
    const waiting = watched.settled('inventory', context);
    cancel(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(cancellation.listenerCount).toBe(0);
  });

  const failed = (waiting: Promise<void>) =>
    waiting.then(
      () => expect.unreachable('there is no list'),
      (error: NoEndpointError) => error,
    );

  test('says since when and why no list is known, a second after the registry is lost', async () => {
    const { clock, connection, watched } = setUp([], false);
    const context = background.with({ deadlineMs: 60_000 });
    const waiting = failed(watched.settled('inventory', context));
    await clock.advance(500);
    const sinceMs = clock.wallTime();
    connection.set({ state: 'lost', sinceMs, reason: 'another program answers at 127.0.0.1:4810' });
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    const error = await waiting;
    expect(error).toMatchObject({
      code: 'FWK_DISCOVERY_NO_ENDPOINT',
      details: { service: 'inventory', known: 0, unknown: { sinceMs } },
      traits: { retryable: false, notProcessed: true },
    });
    expect(error.message).toBe(
      `inventory: no list of its instances is known since ${new Date(sinceMs).toISOString()} (1 s): registry scripted: it is lost ` +
        '(another program answers at 127.0.0.1:4810); nobody was asked',
    );
    expect(clock.pending).toBe(0);
    // Who comes later need not wait.
    await failed(watched.settled('inventory', context));
  });

  test('goes on waiting for a registry that is back within the second', async () => {
    const { clock, connection, known, watched } = setUp([], false);
    const waiting = watched.settled('inventory', background);
    connection.set({ state: 'lost', sinceMs: clock.wallTime(), reason: 'restarted' });
    await clock.advance(900);
    connection.set({ state: 'connected', sinceMs: clock.wallTime() });
    await clock.advance(900);
    known.set(true);
    await waiting;
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['it has not answered yet', 'connecting', 400, 200],
    ['it answers, but has sent no list', 'connected', 400, 200],
    ['it has not answered yet', 'connecting', Number.POSITIVE_INFINITY, 5000],
    ['it has not answered yet', 'connecting', 60_000, 5000],
  ] as const)(
    'waits no longer than half of the call’s time or five seconds: %s',
    async (why, state, deadlineMs, limitMs) => {
      const { clock, connection, watched } = setUp([], false);
      connection.set({ state, sinceMs: clock.wallTime() });
      const waiting = failed(watched.settled('inventory', background.with({ deadlineMs })));
      await clock.advance(limitMs - 1);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
      expect((await waiting).message).toContain(why);
    },
  );

  test('tells what the registry says of this one list', async () => {
    const { clock, instances, watched } = setUp([], false);
    const waiting = failed(watched.settled('inventory', background.with({ deadlineMs: 60_000 })));
    instances.markStale('permission denied: service:read', clock.wallTime());
    await clock.advance(1000);
    expect((await waiting).message).toContain('(permission denied: service:read)');
  });

  test('says at once that the registry was closed', async () => {
    const { connection, watched } = setUp([], false);
    connection.set({ state: 'closed', sinceMs: Number.NaN });
    expect((await failed(watched.settled('inventory', background))).message).toBe(
      'inventory: no list of its instances is known: registry scripted: it was closed by this process; nobody was asked',
    );
  });
});
