import { background } from '@fwk/kernel';
import { fakeClock, leakGuard, seededRandom } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { backoffMs, Pace, Pause } from './pace.js';

test('lets a burst through at once and the rest one each interval, also those who come together', () => {
  const pace = new Pace(fakeClock(), 2, 50);
  expect([pace.take(), pace.take(), pace.take(), pace.take()]).toEqual([0, 0, 50, 100]);
});

test('saves up a burst while nobody comes, and no more', async () => {
  const clock = fakeClock();
  const pace = new Pace(clock, 2, 50);
  for (let turn = 0; turn < 3; turn++) pace.take();
  await clock.advance(10_000);
  expect([pace.take(), pace.take(), pace.take()]).toEqual([0, 0, 50]);
});

test('waits as long as it is told, unless somebody ends the wait', async () => {
  const guard = leakGuard();
  const pause = new Pause(guard.clock);
  const { context } = guard.context();
  let over = 0;
  const waiting = pause.wait(100, context).then(() => over++);
  await guard.clock.advance(99);
  expect(over).toBe(0);
  await guard.clock.advance(1);
  await waiting;
  const again = pause.wait(100, context);
  pause.end();
  await again;
  pause.end();
  guard.check();
});

test('ends a wait with the caller’s own reason when the caller gives up', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  const waiting = new Pause(guard.clock).wait(100, context);
  const reason = new Error('enough');
  cancel(reason);
  await expect(waiting).rejects.toBe(reason);
  guard.check();
});

test('waits without anybody who could give up', async () => {
  const clock = fakeClock();
  const waiting = new Pause(clock).wait(5, background);
  await clock.advance(5);
  await waiting;
});

test('spreads pauses from nothing to a widest that doubles up to its limit', () => {
  const random = seededRandom(7);
  const widest = (failures: number) =>
    Math.max(...Array.from({ length: 2000 }, () => backoffMs(failures, 50, 3000, random)));
  expect(widest(0)).toBeGreaterThan(45);
  expect(widest(0)).toBeLessThanOrEqual(50);
  expect(widest(2)).toBeLessThanOrEqual(200);
  expect(widest(1000)).toBeGreaterThan(2900);
  expect(widest(1000)).toBeLessThanOrEqual(3000);
  expect(backoffMs(3, 50, 3000, () => 0)).toBe(0);
});
