import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableLines } from './printable.js';

const hostile = 'a\u001b[2J\u0007\u009b1m\u202eb\rc\nd\u2028e\u007f';

test('nothing that commands a terminal is left, and ordinary text is as it was', () => {
  expect(printable(hostile)).toBe('a\\u001b[2J\\u0007\\u009b1m\\u202eb\\u000dc\\u000ad\\u2028e\\u007f');
  expect(printable('Müller & 東京 😀')).toBe('Müller & 東京 😀');
  expect(printableLines('a\n\u001bb')).toBe('a\n\\u001bb');
});

test('JSON means the same afterwards', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
});
