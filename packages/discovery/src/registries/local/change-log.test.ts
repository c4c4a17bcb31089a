import { expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { ChangeLog } from './change-log.js';

const entry = { instance: anInstance(), holder: 'holder-one', owner: 'o'.repeat(43) };

test('knows the last thousands of changes, in order, and of those before that they are gone', () => {
  const log = new ChangeLog(() => {});
  for (let count = 0; count < 25_000; count++) log.add({ kind: 'put', entry }, 200);
  expect(log.since(20_000)?.map(({ version }) => version)).toEqual(
    Array.from({ length: 5000 }, (_, at) => 20_001 + at),
  );
  expect(log.since(25_000)).toEqual([]);
  expect(log.since(10_000)).toBeUndefined();
  expect(log.since(25_001)).toBeUndefined();
});

test('keeps no more than some megabytes of large changes', () => {
  const log = new ChangeLog(() => {});
  for (let count = 0; count < 5000; count++) log.add({ kind: 'put', entry }, 50_000);
  expect(log.since(4700)).toHaveLength(300);
  expect(log.since(4300)).toBeUndefined();
  // Also one that is larger than all of it.
  log.add({ kind: 'put', entry }, 100_000_000);
  log.add({ kind: 'remove', id: 'inventory-1' });
  expect(log.since(5001)).toHaveLength(1);
});
