import { expect, test, vi } from 'vitest';
import { leakGuard } from '../testing/leak-guard.js';
import type { Clock } from '../time/clock.js';
import { background } from './call-context.js';
import { sleep } from './sleep.js';

const reason = new Error('the caller gave up');

test('ends after its time on the clock and leaves nothing behind', async () => {
  const guard = leakGuard();
  let ended = false;
  const slept = sleep(guard.clock, 100, guard.context().context).then(() => {
    ended = true;
  });
  await guard.clock.advance(99);
  expect(ended).toBe(false);
  await guard.clock.advance(1);
  expect(ended).toBe(true);
  await slept;
  guard.check();
});

test('waits out what timers leave of its time, as those of Node drop fractions', async () => {
  const guard = leakGuard();
  const { clock } = guard;
  const whole: Clock = { ...clock, setTimer: (callback, ms) => clock.setTimer(callback, Math.max(1, Math.trunc(ms))) };
  let endedMs = 0;
  const slept = sleep(whole, 6.7, guard.context().context).then(() => {
    endedMs = clock.now();
  });
  await clock.advance(10);
  await slept;
  expect(endedMs).toBe(7);
  guard.check();
});

test('ends at once with the caller’s own reason when cancelled, and leaves nothing behind', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  const slept = sleep(guard.clock, 100, context);
  cancel(reason);
  await expect(slept).rejects.toBe(reason);
  guard.check();
});

test('sets no timer for a call that is cancelled already', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  const setTimer = vi.spyOn(guard.clock, 'setTimer');
  cancel(reason);
  await expect(sleep(guard.clock, 100, context)).rejects.toBe(reason);
  expect(setTimer).not.toHaveBeenCalled();
  guard.check();
});

test('waits under a context that nothing can cancel', async () => {
  const guard = leakGuard();
  const slept = sleep(guard.clock, 0, background);
  await guard.clock.advance(0);
  await expect(slept).resolves.toBeUndefined();
});
