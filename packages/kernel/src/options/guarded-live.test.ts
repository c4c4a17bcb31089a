import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import type { Live, LiveListener } from '../live/live.js';
import { type LiveSource, liveValue } from '../live/live-source.js';
import { checkOptions, guardOptions } from './check-options.js';
import { callable, integerIn } from './rules.js';

let warnings: MockInstance;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());
const warned = () => warnings.mock.calls.map(([text]) => text as string);

/** The option as the one who asked for it would read it. */
function guard(source: Live<unknown>): Live<number> {
  const rules = { limit: integerIn(1, 10) };
  return checkOptions('shop', { limit: source }, {}, rules).limit as Live<number>;
}

/** A number out of text, as users derive them from settings. */
function parsed(initial: string): { readonly text: LiveSource<string>; readonly limit: Live<number> } {
  const text = liveValue(initial);
  const number = text.map((value) => {
    if (value === 'bad') throw new Error('not a number: bad');
    return Number(value);
  });
  return { text, limit: guard(number) };
}

describe('a live option', () => {
  test('follows its source', () => {
    const source = liveValue(2);
    const limit = guard(source);
    const { version } = limit;
    expect([limit.value, limit.version]).toEqual([2, version]);
    source.set(3);
    expect(limit.value).toBe(3);
    expect(limit.version).toBeGreaterThan(version);
    source.markStale('the file is gone', 1000);
    expect(limit.stale).toEqual({ sinceMs: 1000, reason: 'the file is gone' });
    expect(warned()).toEqual([]);
  });

  test.each([Number.NaN, 0, 11, 1.5, '3', undefined, {}])('keeps its last valid value when %j is set', (value) => {
    const source = liveValue<unknown>(2);
    const limit = guard(source);
    const { version } = limit;
    source.set(value);
    expect([limit.value, limit.version]).toEqual([2, version]);
    source.set(4);
    expect(limit.value).toBe(4);
  });

  test('keeps its last valid value while its source throws', () => {
    const { text, limit } = parsed('2');
    text.set('bad');
    expect([limit.value, limit.value]).toEqual([2, 2]);
    text.set('5');
    expect(limit.value).toBe(5);
  });

  test('says once what was refused, by which name, and what holds instead', () => {
    const { text, limit } = parsed('2');
    for (const value of ['bad', '11', '5', 'bad']) {
      text.set(value);
      for (let read = 0; read < 3; read++) limit.value;
    }
    expect(warned()).toEqual([
      'shop: limit cannot be read (not a number: bad); it stays 2',
      'shop: limit must be a whole number from 1 to 10, not 11; it stays 2',
      'shop: limit cannot be read (not a number: bad); it stays 5',
    ]);
    expect(warnings.mock.calls[0]?.[1]).toEqual({ type: 'FwkOptionWarning' });
  });

  test('tells its listeners of valid changes only', () => {
    const source = liveValue(2);
    const listener = vi.fn<LiveListener<number>>();
    const subscription = guard(source).subscribe(listener);
    source.set(Number.NaN);
    source.set(2);
    expect(listener).not.toHaveBeenCalled();
    source.set(Number.NaN);
    source.set(3);
    expect(listener).toHaveBeenCalledExactlyOnceWith(3, 2);
    subscription[Symbol.dispose]();
    source.set(4);
    expect(listener).toHaveBeenCalledOnce();
  });

  test('tells of the next valid value also who subscribes while its source throws', () => {
    const { text, limit } = parsed('2');
    text.set('bad');
    const listener = vi.fn<LiveListener<number>>();
    limit.subscribe(listener);
    text.set('5');
    expect(listener).toHaveBeenCalledExactlyOnceWith(5, 2);
  });

  test('can be mapped', () => {
    const source = liveValue(2);
    const doubled = guard(source).map((value) => value * 2);
    source.set(Number.NaN);
    expect(doubled.value).toBe(4);
    source.set(5);
    expect(doubled.value).toBe(10);
  });
});

describe('live options that are guarded before they are checked', () => {
  const rules = { limit: integerIn(1, 10), keyOf: callable };

  test('stay the same guard when they are checked by the same rule', () => {
    const given = guardOptions<Record<string, unknown>>('shop', { limit: liveValue(2), other: 1 }, rules);
    expect(given.other).toBe(1);
    expect(guardOptions('store', given, rules)).toEqual(given);
    expect(checkOptions('store', { limit: given.limit }, {}, { limit: rules.limit }).limit).toBe(given.limit);
    const narrower = checkOptions('store', { limit: given.limit }, {}, { limit: integerIn(1, 5) });
    expect(narrower.limit).not.toBe(given.limit);
  });

  test('keep their last valid value, and say so by the name that they were guarded under', () => {
    const source = liveValue<unknown>(2);
    const { limit } = guardOptions('shop', { limit: source as Live<unknown> }, rules);
    const checked = checkOptions('store', { limit }, {}, { limit: rules.limit });
    source.set(11);
    expect([limit.value, (checked.limit as Live<unknown>).value]).toEqual([2, 2]);
    expect(warned()).toEqual(['shop: limit must be a whole number from 1 to 10, not 11; it stays 2']);
  });

  test('stay what they are where they are refused, so that the check tells', () => {
    const unreadable = liveValue(1).map((): number => {
      throw new Error('not a number');
    });
    for (const limit of [liveValue(11), unreadable]) expect(guardOptions('shop', { limit }, rules).limit).toBe(limit);
    const keyOf = liveValue(() => 'key');
    expect(guardOptions('shop', { keyOf }, rules).keyOf).toBe(keyOf);
  });
});
