import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatIdempotencyKey,
  formatRetryAfter,
  readAttempt,
  readCaller,
  readDeadlineMs,
  readIdempotencyKey,
  readPriority,
  readRetryAfterMs,
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

test('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(readRetryAfterMs('2', now)).toBe(2000);
  expect(readRetryAfterMs('Thu, 01 Jan 2026 00:00:03 GMT', now)).toBe(3000);
  expect(readRetryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  expect(readRetryAfterMs('soon', now)).toBeUndefined();
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
