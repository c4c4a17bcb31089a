import { expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import { fakeClock } from '../testing/fake-clock.js';
import { leakGuard } from '../testing/leak-guard.js';
import { Pause } from './pause.js';

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
