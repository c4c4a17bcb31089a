import { afterEach, expect, test, vi } from 'vitest';
import { fakeClock } from '../testing/fake-clock.js';
import { eventBus } from './event-bus.js';
import { type FwkEvent, noEvents } from './event-sink.js';

afterEach(() => void vi.restoreAllMocks());

test('hands an event with its wall time and data to the listeners of its name', () => {
  const bus = eventBus({ clock: fakeClock(0, 5000) });
  const seen: FwkEvent[] = [];
  bus.on('breaker.opened', (event) => seen.push(event));
  bus.emit('breaker.opened', { path: 'checkout' });
  bus.emit('breaker.closed', {});
  expect(seen).toEqual([{ name: 'breaker.opened', atMs: 5000, data: { path: 'checkout' } }]);
});

test.each([
  ['*', ['breaker.opened', 'breaker', 'breakers.opened', 'retry.scheduled']],
  ['breaker.*', ['breaker.opened']],
  ['breaker', ['breaker']],
  ['breaker.opened', ['breaker.opened']],
])('listens with the pattern %s to %j', (pattern, expected) => {
  const bus = eventBus();
  const seen: string[] = [];
  bus.on(pattern, ({ name }) => seen.push(name));
  for (const name of ['breaker.opened', 'breaker', 'breakers.opened', 'retry.scheduled']) bus.emit(name, {});
  expect(seen).toEqual(expected);
});

test('reads no clock while nobody listens', () => {
  const clock = fakeClock();
  const wallTime = vi.spyOn(clock, 'wallTime');
  const bus = eventBus({ clock });
  bus.on('*', () => {})[Symbol.dispose]();
  bus.emit('breaker.opened', {});
  expect(wallTime).not.toHaveBeenCalled();
});

test('does not call a listener that was disposed, not even by one called just before it', () => {
  const bus = eventBus();
  const later = vi.fn();
  bus.on('*', () => subscription[Symbol.dispose]());
  const subscription = bus.on('*', later);
  bus.emit('breaker.opened', {});
  expect(later).not.toHaveBeenCalled();
});

test('reports a listener that throws, calls the others and spares whoever emits', () => {
  const onListenerError = vi.fn();
  const bus = eventBus({ onListenerError });
  const error = new Error('broken listener');
  const other = vi.fn();
  bus.on('*', () => {
    throw error;
  });
  bus.on('*', other);
  bus.emit('breaker.opened', {});
  expect(onListenerError).toHaveBeenCalledExactlyOnceWith(error, expect.objectContaining({ name: 'breaker.opened' }));
  expect(other).toHaveBeenCalledOnce();
});

test('warns of listeners and of error handlers that throw when nobody else can take the error', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const broken = () => {
    throw new Error('broken');
  };
  for (const bus of [eventBus(), eventBus({ onListenerError: broken })]) {
    bus.on('*', broken);
    bus.emit('breaker.opened', {});
  }
  expect(warning).toHaveBeenCalledTimes(2);
  expect(warning).toHaveBeenCalledWith(expect.stringContaining('"breaker.opened"'), { type: 'FwkListenerWarning' });
});

test('takes events and drops them where nothing is recorded', () => {
  expect(noEvents.emit('breaker.opened', {})).toBeUndefined();
});
