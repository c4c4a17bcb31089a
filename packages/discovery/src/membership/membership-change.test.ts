import { background, cancellable, type LiveSource, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { Instance } from '../instance.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import { anInstance } from '../testing/instances.js';
import { followMembership, type MembershipChange } from './membership-change.js';
import { memberships } from './memberships.js';

function setUp(...ports: readonly number[]) {
  const instances: LiveSource<readonly Instance[]> = liveValue(listOf(ports));
  const watch = () => ({ instances, known: liveValue(true), [Symbol.dispose]() {} });
  const watched = memberships({ ...memoryRegistry(), watch }, makeEnv({ clock: fakeClock() }));
  const set = (...next: readonly number[]) => instances.set(listOf(next));
  return { instances, watched, set };
}

const listOf = (ports: readonly number[]) => ports.map((port) => anInstance({ id: `inventory-${port}`, port }));

function ports({ endpoints, added, removed }: MembershipChange) {
  return [endpoints, added, removed].map((list) => list.map(({ port }) => port));
}

describe('iterating over changes', () => {
  test('begins with what is known and goes on with differences', async () => {
    const { watched, set } = setUp(1, 2);
    const changes = watched.changes('inventory')[Symbol.asyncIterator]();
    const next = async () => ports((await changes.next()).value as MembershipChange);
    expect(await next()).toEqual([[1, 2], [1, 2], []]);
    const waiting = next();
    set(2, 3);
    expect(await waiting).toEqual([[2, 3], [3], [1]]);
  });

  test('makes one change of many for whoever is slow, with everything that differs in between', async () => {
    const { watched, set } = setUp(1);
    const changes = watched.changes('inventory')[Symbol.asyncIterator]();
    await changes.next();
    for (const list of [[1, 2], [2], [2, 3], [3, 4]]) set(...list);
    expect(ports((await changes.next()).value as MembershipChange)).toEqual([[3, 4], [3, 4], [1]]);
  });

  test('tells of changed facts with nobody added and nobody removed', async () => {
    const { watched, instances } = setUp(1);
    const changes = watched.changes('inventory')[Symbol.asyncIterator]();
    await changes.next();
    instances.set([anInstance({ id: 'inventory-1', port: 1, status: 'DRAINING' })]);
    const { value } = await changes.next();
    expect(ports(value as MembershipChange)).toEqual([[1], [], []]);
  });

  test('is over at once when its context is cancelled, and leaves nothing behind', async () => {
    const { watched, set } = setUp();
    const { context, cancel, cancellation } = cancellable();
    const seen: number[] = [];
    const over = (async () => {
      for await (const { added } of watched.changes('inventory', context)) seen.push(...added.map(({ port }) => port));
    })();
    set(7);
    await new Promise((resolve) => setImmediate(resolve));
    cancel();
    await over;
    set(8);
    expect(seen).toEqual([7]);
    expect(cancellation.listenerCount).toBe(0);
  });

  test('is over when the application stops', async () => {
    const { watched } = setUp();
    const waiting = watched.changes('inventory', background)[Symbol.asyncIterator]().next();
    watched[Symbol.dispose]();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test('is over at once when it is returned while it waits for a change, and no longer listens', async () => {
    const { watched } = setUp();
    const { context, cancellation } = cancellable();
    const changes = watched.changes('inventory', context)[Symbol.asyncIterator]();
    const waiting = changes.next();
    expect(await changes.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(cancellation.listenerCount).toBe(0);
  });

  test('listens only while it waits', async () => {
    const { watched, set } = setUp(1);
    const { context, cancellation } = cancellable();
    const changes = watched.changes('inventory', context)[Symbol.asyncIterator]();
    await changes.next();
    expect(cancellation.listenerCount).toBe(0);
    const waiting = changes.next();
    expect(cancellation.listenerCount).toBe(1);
    set(2);
    await waiting;
    expect(cancellation.listenerCount).toBe(0);
  });
});

test('following tells what is known at once, each change, and nothing once it is disposed', () => {
  const { watched, set } = setUp(1);
  const told: (readonly number[])[][] = [];
  const following = followMembership('inventory', watched.of('inventory'), (change) => told.push(ports(change)));
  set(1, 2);
  following[Symbol.dispose]();
  set(3);
  expect(told).toEqual([
    [[1], [1], []],
    [[1, 2], [2], []],
  ]);
});
