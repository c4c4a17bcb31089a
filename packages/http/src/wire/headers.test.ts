import { formatRetryAfter, readRetryAfterMs } from '@fwk/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatIdempotencyKey,
  readAttempt,
  readCaller,
  readDeadlineMs,
  readIdempotencyKey,
  readPriority,
} from './headers.js';

test.each([
  ['250', 250],
  ['0', 0],
  ['9999999999', 2 ** 31 - 1],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['', undefined],
  ['99999999999', undefined],
  [undefined, undefined],
  [['1', '2'], undefined],
])('reads the deadline %j as %s', (header, expected) => {
  expect(readDeadlineMs(header)).toBe(expected);
});

test('takes what it cannot read for absent', () => {
  expect([readAttempt('x'), readAttempt('3'), readAttempt('0')]).toEqual([1, 3, 1]);
  expect([readPriority('critical'), readPriority('urgent')]).toEqual(['critical', undefined]);
  expect([readCaller('checkout'), readCaller('a b'), readCaller('x'.repeat(129))]).toEqual([
    'checkout',
    undefined,
    undefined,
  ]);
});

const now = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['2', 2000],
  ['0', 0],
  ['12345678901', 86_400 * 365 * 1000],
  ['Thu, 01 Jan 2026 00:00:03 GMT', 3000],
  ['Thursday, 01-Jan-26 00:00:03 GMT', 3000],
  ['Thu Jan  1 00:00:03 2026', 3000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
])('reads Retry-After %j as %s ms', (header, expected) => {
  expect(readRetryAfterMs(header, now)).toBe(expected);
});

test.each([
  ...['soon', 'soon 5', 'retry 2099', 'abc 12', '', '-5', '-1', '1.5', '+5', ' 5', '5, 10', '1e3', '2026-01-01'],
  ...['Thu, 01 Foo 2026 00:00:03 GMT', 'Thu, 99 Jan 2026 00:00:03 GMT', 'Thu, 01 Jan 2026 00:00:03 +0100'],
])('takes Retry-After %j for absent rather than for "come back at once"', (header) => {
  expect(readRetryAfterMs(header, now)).toBeUndefined();
});

test('never tells a client to come back too early', () => {
  expect([0, 1, 1000, 1001].map(formatRetryAfter)).toEqual(['1', '1', '1', '2']);
});

test('an idempotency key is a quoted string', () => {
  expect(readIdempotencyKey('"order-7"')).toBe('order-7');
  for (const wrong of ['order-7', '""', '"a', '"a"b"', `"${'x'.repeat(256)}"`, '"ä"', undefined]) {
    expect(readIdempotencyKey(wrong)).toBeUndefined();
  }
});

test('every key that may be sent arrives unchanged', () => {
  const keys = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(fc.property(keys, (key) => void expect(readIdempotencyKey(formatIdempotencyKey(key))).toBe(key)));
});
