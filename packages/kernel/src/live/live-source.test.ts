import { afterEach, expect, test, vi } from 'vitest';
import { currentOf, isLive } from './live.js';
import { liveValue } from './live-source.js';

afterEach(() => void vi.restoreAllMocks());

test('holds its first value until another is set', () => {
  const live = liveValue('first');
  expect(live.value).toBe('first');
  live.set('second');
  expect(live.value).toBe('second');
});

test('tells listeners of each change with the value before it, and not of the current value', () => {
  const live = liveValue(1);
  const seen: [number, number][] = [];
  live.subscribe((value, previous) => seen.push([value, previous]));
  live.set(2);
  live.set(5);
  expect(seen).toEqual([
    [2, 1],
    [5, 2],
  ]);
});

test('neither tells listeners nor raises the version when the value is identical', () => {
  const live = liveValue(Number.NaN);
  const listener = vi.fn();
  live.subscribe(listener);
  const { version } = live;
  live.set(Number.NaN);
  expect(listener).not.toHaveBeenCalled();
  expect(live.version).toBe(version);
  live.set(0);
  expect(live.version).toBeGreaterThan(version);
});

test('stops telling a listener that was disposed; disposing twice does no harm', () => {
  const live = liveValue(1);
  const [staying, leaving] = [vi.fn(), vi.fn()];
  live.subscribe(staying);
  const subscription = live.subscribe(leaving);
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  live.set(2);
  expect(leaving).not.toHaveBeenCalled();
  expect(staying).toHaveBeenCalledOnce();
});

test('keeps two subscriptions of the same function apart', () => {
  const live = liveValue(1);
  const listener = vi.fn();
  const first = live.subscribe(listener);
  live.subscribe(listener);
  live.set(2);
  expect(listener).toHaveBeenCalledTimes(2);
  first[Symbol.dispose]();
  live.set(3);
  expect(listener).toHaveBeenCalledTimes(3);
});

test('shows changes made by a listener to everybody in the order in which they were made', () => {
  const live = liveValue(0);
  const seen: string[] = [];
  live.subscribe((value, previous) => {
    seen.push(`first ${previous}→${value}`);
    if (value < 3) live.set(value + 1);
  });
  live.subscribe((value, previous) => seen.push(`second ${previous}→${value}`));
  live.set(1);
  expect(seen).toEqual(['first 0→1', 'second 0→1', 'first 1→2', 'second 1→2', 'first 2→3', 'second 2→3']);
});

test('does not call a listener that another one disposed during the same notification', () => {
  const live = liveValue(1);
  const later = vi.fn();
  live.subscribe(() => subscription[Symbol.dispose]());
  const subscription = live.subscribe(later);
  live.set(2);
  expect(later).not.toHaveBeenCalled();
});

test('tells a listener that subscribed during a notification of later changes only', () => {
  const live = liveValue(0);
  const late: number[] = [];
  let subscribed = false;
  live.subscribe((value) => {
    if (value === 1) live.set(2);
    if (subscribed) return;
    subscribed = true;
    live.subscribe((seen) => late.push(seen));
  });
  live.set(1);
  expect(late).toEqual([]);
  live.set(3);
  expect(late).toEqual([3]);
});

test('reports a listener that throws, by name, and tells the others all the same', () => {
  const onListenerError = vi.fn();
  const live = liveValue(1, { name: 'limits', onListenerError });
  const error = new Error('broken listener');
  const other = vi.fn();
  live.subscribe(() => {
    throw error;
  });
  live.subscribe(other);
  live.set(2);
  expect(onListenerError).toHaveBeenCalledExactlyOnceWith(error, 'limits');
  expect(other).toHaveBeenCalledExactlyOnceWith(2, 1);
  expect(live.value).toBe(2);
});

test('warns of a listener that throws when nobody takes its error', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const live = liveValue(1, { name: 'limits' });
  live.subscribe(() => {
    throw Object.create(null);
  });
  live.set(2);
  expect(warning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('"limits"'), { type: 'FwkListenerWarning' });
});

test('goes on telling changes after an error handler that throws itself', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const live = liveValue(1, {
    onListenerError() {
      throw new Error('broken handler');
    },
  });
  const seen: number[] = [];
  live.subscribe((value) => {
    seen.push(value);
    throw new Error('broken listener');
  });
  live.set(2);
  live.set(3);
  expect(seen).toEqual([2, 3]);
  expect(warning).toHaveBeenCalledTimes(2);
});

test('keeps its value while stale, says since when and why, and keeps the first time of a row of marks', () => {
  const live = liveValue('value');
  expect(live.stale).toBeUndefined();
  live.markStale('registry gone', 1000);
  live.markStale('registry still gone', 2000);
  expect(live.stale).toEqual({ sinceMs: 1000, reason: 'registry still gone' });
  expect(live.value).toBe('value');
});

test('becomes fresh by a value, even an identical one, or by being marked fresh', () => {
  const live = liveValue('value');
  live.markStale('gone', 1000);
  live.set('value');
  expect(live.stale).toBeUndefined();
  live.markStale('gone again', 2000);
  expect(live.stale?.sinceMs).toBe(2000);
  live.markFresh();
  expect(live.stale).toBeUndefined();
});

test('is known as live, and read through as an option, also when made by another copy of the package', async () => {
  vi.resetModules();
  const copy = await import('./live-source.js');
  const live = liveValue(4);
  const foreign = copy.liveValue(5);
  expect(foreign.constructor).not.toBe(live.constructor);
  expect([live, foreign, 4, null, { value: 4 }].map(isLive)).toEqual([true, true, false, false, false]);
  expect([live, foreign, 6].map((option) => currentOf<number>(option))).toEqual([4, 5, 6]);
});
