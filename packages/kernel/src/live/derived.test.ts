import { expect, expectTypeOf, test, vi } from 'vitest';
import { combine } from './derived.js';
import type { Live, LiveListener } from './live.js';
import { type LiveSource, liveValue } from './live-source.js';

/** A live value that says how many listen to it. */
function watched<T>(initial: T): LiveSource<T> & { readonly listening: number } {
  const live = liveValue(initial);
  let listening = 0;
  const subscribe = live.subscribe.bind(live);
  live.subscribe = (listener: LiveListener<T>) => {
    const subscription = subscribe(listener);
    listening++;
    return {
      [Symbol.dispose]() {
        listening--;
        subscription[Symbol.dispose]();
      },
    };
  };
  return Object.defineProperty(live, 'listening', { get: () => listening }) as LiveSource<T> & { listening: number };
}

test('is computed when read, and again only after a change', () => {
  const source = liveValue(2);
  const project = vi.fn((value: number) => value * 10);
  const mapped = source.map(project);
  expect(project).not.toHaveBeenCalled();
  expect([mapped.value, mapped.value]).toEqual([20, 20]);
  expect(project).toHaveBeenCalledTimes(1);
  source.set(3);
  expect(mapped.value).toBe(30);
  expect(project).toHaveBeenCalledTimes(2);
});

test('holds no subscription while nobody listens to it, whoever reads it', () => {
  const source = watched(1);
  const mapped = source.map((value) => value + 1).map((value) => value * 2);
  expect(mapped.value).toBe(4);
  expect(source.listening).toBe(0);
  const [first, second] = [mapped.subscribe(() => {}), mapped.subscribe(() => {})];
  expect(source.listening).toBe(1);
  first[Symbol.dispose]();
  expect(source.listening).toBe(1);
  second[Symbol.dispose]();
  expect(source.listening).toBe(0);
  source.set(5);
  expect(mapped.value).toBe(12);
});

test('can be observed again after it was not', () => {
  const source = liveValue(1);
  const mapped = source.map((value) => value + 1);
  mapped.subscribe(() => {})[Symbol.dispose]();
  source.set(2);
  const listener = vi.fn();
  mapped.subscribe(listener);
  source.set(3);
  expect(listener).toHaveBeenCalledExactlyOnceWith(4, 3);
});

test('tells listeners only when the derived value itself has changed', () => {
  const source = liveValue(1);
  const odd = source.map((value) => value % 2 === 1);
  const listener = vi.fn();
  odd.subscribe(listener);
  const { version } = odd;
  source.set(3);
  expect(listener).not.toHaveBeenCalled();
  expect(odd.version).toBe(version);
  source.set(4);
  expect(listener).toHaveBeenCalledExactlyOnceWith(false, true);
  expect(odd.version).toBeGreaterThan(version);
});

test('tells of a change that somebody has read before it was told', () => {
  const source = liveValue(1);
  const mapped: Live<number> = source.map((value) => value * 10);
  source.subscribe(() => mapped.value);
  const listener = vi.fn();
  mapped.subscribe(listener);
  source.set(2);
  expect(listener).toHaveBeenCalledExactlyOnceWith(20, 10);
});

test('tells of one change of several sources once, and never shows a mix of old and new', () => {
  const source = liveValue(1);
  const doubled = source.map((value) => value * 2);
  const seen: string[] = [];
  combine([source, doubled, source], (value, twice, again) => `${value} ${twice} ${again}`).subscribe((value) =>
    seen.push(value),
  );
  source.set(2);
  source.set(3);
  expect(seen).toEqual(['2 4 2', '3 6 3']);
});

test('combines values of different types and infers what it gives', () => {
  const combined = combine([liveValue('a'), liveValue(2)], (text, count) => {
    expectTypeOf(text).toEqualTypeOf<string>();
    expectTypeOf(count).toEqualTypeOf<number>();
    return text.repeat(count);
  });
  expectTypeOf(combined).toEqualTypeOf<Live<string>>();
  expect(combined.value).toBe('aa');
  expect(() => {
    // @ts-expect-error a live value is read-only for all but its owner
    combined.value = 'b';
  }).toThrow(TypeError);
});

test('combines nothing into a constant', () => {
  const constant = combine([], () => 7);
  constant.subscribe(() => {})[Symbol.dispose]();
  expect([constant.value, constant.version]).toEqual([7, 1]);
});

test('is as stale as the source that has been stale longest, through any number of steps', () => {
  const [first, second] = [liveValue(1), liveValue(2)];
  const sum = combine([first, second.map((value) => value)], (left, right) => left + right).map(String);
  expect(sum.stale).toBeUndefined();
  first.markStale('first is gone', 2000);
  expect(sum.stale).toEqual({ sinceMs: 2000, reason: 'first is gone' });
  second.markStale('second is gone', 1000);
  expect(sum.stale).toEqual({ sinceMs: 1000, reason: 'second is gone' });
  second.set(2);
  first.markFresh();
  expect(sum.stale).toBeUndefined();
});

test('throws at its reader what the projection throws, and recovers with the next value', () => {
  const source = liveValue(0);
  const inverse = source.map((value) => {
    if (value === 0) throw new Error('division by zero');
    return 1 / value;
  });
  expect(() => inverse.value).toThrow('division by zero');
  expect(() => inverse.value).toThrow('division by zero');
  source.set(2);
  expect(inverse.value).toBe(0.5);
});

test('leaves nothing behind when it cannot be observed, so that the next listener is told', () => {
  const source = watched(0);
  const inverse = source.map((value) => {
    if (value === 0) throw new Error('division by zero');
    return 1 / value;
  });
  const listener = vi.fn();
  expect(() => inverse.subscribe(listener)).toThrow('division by zero');
  expect(source.listening).toBe(0);
  source.set(2);
  inverse.subscribe(listener);
  source.set(4);
  expect(listener).toHaveBeenCalledExactlyOnceWith(0.25, 0.5);
});

test('can be observed from its last value on while the projection throws, through others too', () => {
  const source = watched(1);
  const inverse = source.map((value) => {
    if (value === 0) throw new Error('division by zero');
    return 1 / value;
  });
  const doubled = inverse.map((value) => value * 2);
  expect(doubled.value).toBe(2);
  source.set(0);
  const listener = vi.fn();
  const subscription = doubled.subscribe(listener);
  source.set(1);
  expect(listener).not.toHaveBeenCalled();
  source.set(2);
  expect(listener).toHaveBeenCalledExactlyOnceWith(1, 2);
  subscription[Symbol.dispose]();
  expect(source.listening).toBe(0);
});

test('reports a projection that throws while observed, and tells of the next value that succeeds', () => {
  const onListenerError = vi.fn();
  const source = liveValue(1, { name: 'divisor', onListenerError });
  const listener = vi.fn();
  source
    .map((value) => {
      if (value === 0) throw new Error('division by zero');
      return 1 / value;
    })
    .subscribe(listener);
  source.set(0);
  expect(onListenerError).toHaveBeenCalledOnce();
  source.set(2);
  expect(listener).toHaveBeenCalledExactlyOnceWith(0.5, 1);
});

test('hands errors of its listeners to the handler of its source, under a name that shows the way', () => {
  const onListenerError = vi.fn();
  const source = liveValue(1, { name: 'limits', onListenerError });
  source
    .map((value) => value)
    .map((value) => value)
    .subscribe(() => {
      throw new Error('broken listener');
    });
  source.set(2);
  expect(onListenerError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), 'limits.map.map');
});
