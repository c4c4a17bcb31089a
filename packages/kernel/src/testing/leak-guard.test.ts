import { expect, test } from 'vitest';
import { cancellable } from '../context/call-context.js';
import { leakGuard } from './leak-guard.js';
import { recordEvents } from './record-events.js';

test('finds nothing where nothing was left', async () => {
  const guard = leakGuard();
  guard
    .context()
    .context.onCancel(() => {})
    [Symbol.dispose]();
  guard.clock.clearTimer(guard.clock.setTimer(() => {}, 10));
  expect(() => guard.check()).not.toThrow();
});

test('names timers that are still pending, also background ones', () => {
  const guard = leakGuard();
  guard.clock.setTimer(() => {}, 10, true);
  expect(() => guard.check()).toThrow('1 timer(s) still pending');
});

test('names listeners left on a context or on any context derived from it', () => {
  const guard = leakGuard();
  const { context } = guard.context({ deadlineMs: 5 });
  expect(context.deadlineMs).toBe(5);
  context.onCancel(() => {});
  cancellable(cancellable(context).context).context.onCancel(() => {});
  expect(() => guard.check()).toThrow('2 cancel listener(s) still attached');
});

test('records events in order of arrival', () => {
  const events = recordEvents();
  events.emit('retry.scheduled', { attempt: 1 });
  events.emit('breaker.opened', {});
  expect(events.names).toEqual(['retry.scheduled', 'breaker.opened']);
  expect(events.all[0]).toEqual({ name: 'retry.scheduled', atMs: 0, data: { attempt: 1 } });
});
