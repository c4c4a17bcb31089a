import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { systemClock } from './system-clock.js';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('keeps nothing that holds the process once a timer is cleared', () => {
  const before = timers();
  systemClock.clearTimer(systemClock.setTimer(() => {}, 7777));
  expect(timers()).toBe(before);
});

test('runs a timer in the async context that set it, whoever set the first of its duration', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seenBy = (name: string) =>
    storage.run(name, () => new Promise((resolve) => systemClock.setTimer(() => resolve(storage.getStore()), 101)));
  expect(await Promise.all([seenBy('first'), seenBy('second')])).toEqual(['first', 'second']);
});
