import { expect, test } from 'vitest';
import { inUnit, readDurationMs, readSizeBytes } from './units.js';

test.each([
  ['500ms', 500],
  ['1.5s', 1500],
  ['2.3 s', 2300],
  ['2m', 120_000],
  ['2min', 120_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['0.5ms', 0.5],
])('%s is a duration of %d ms', (text, ms) => expect(readDurationMs(text)).toBe(ms));

test.each([
  ['512B', 512],
  ['64kB', 64_000],
  ['64KB', 64_000],
  ['2MiB', 2 * 1024 * 1024],
  ['1.5GB', 1_500_000_000],
  ['1 TiB', 1024 ** 4],
])('%s is a size of %d bytes', (text, bytes) => expect(readSizeBytes(text)).toBe(bytes));

test.each([
  '',
  '5',
  'ms',
  '5 parsecs',
  '-5s',
  '1e3s',
  '5MS',
  '5sfoo',
  '999999999999999999d',
  'constructor',
  '5constructor',
])('"%s" is neither', (text) => expect([readDurationMs(text), readSizeBytes(text)]).toEqual([undefined, undefined]));

test('part of a byte is no size', () => expect(readSizeBytes('0.3B')).toBeUndefined());

test.each([
  ['timeoutMs', '2s', 2000],
  ['timeout_ms', '2s', 2000],
  ['ttlSeconds', '2m', 120],
  ['maxBytes', '1KiB', 1024],
  ['max-bytes', '1KiB', 1024],
  ['timeoutMs', 'soon', 'soon'],
  ['timeoutMs', '2MiB', '2MiB'],
  ['items', '2s', '2s'],
  ['Ms', '2s', '2s'],
])('below %s, the text %s is %s', (name, text, value) => expect(inUnit(text, ['a', name])).toBe(value));

test('items of a list take the unit from the name of the list', () => {
  expect(inUnit('2s', ['delaysMs', '0'])).toBe(2000);
});
