import { fakeClock } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatLoad, readLoad, ServerLoad } from './load-text.js';

function read(text: string): [number, number] | undefined {
  let found: [number, number] | undefined;
  const bytes = Buffer.from(`xx${text}yy`, 'latin1');
  readLoad(bytes, 2, bytes.length - 2, (...[inFlight, latencyMs]) => (found = [inFlight, latencyMs]), false);
  return found;
}

test('is written in a few characters and read back', () => {
  expect(formatLoad(3, 12.5)).toBe('3;12.5');
  expect(formatLoad(0, 0)).toBe('0;0');
  expect(formatLoad(12, 0.000_123)).toBe('12;0');
  expect(formatLoad(7, 1234.567)).toBe('7;1230');
  expect(read('3;12.5')).toEqual([3, 12.5]);
});

test('comes back within half a percent, whatever it is', () => {
  fc.assert(
    fc.property(fc.nat(9_999_999), fc.double({ min: 0, max: 3_600_000, noNaN: true }), (inFlight, latencyMs) => {
      const [count, ms] = read(formatLoad(inFlight, latencyMs)) as [number, number];
      expect(count).toBe(inFlight);
      expect(Math.abs(ms - latencyMs)).toBeLessThanOrEqual(Math.max(0.001, latencyMs * 0.006));
    }),
  );
});

test('is ignored when it is anything else', () => {
  const wrong = [
    '',
    ';',
    '3',
    '3;',
    ';5',
    '-1;5',
    '3;-5',
    '3,5;1',
    '3;5;1',
    ' 3;5',
    '3; 5',
    '1e9;5',
    '3;1e9',
    'NaN;NaN',
  ];
  for (const text of [
    ...wrong,
    '3;.5',
    '3;5.x',
    '12345678;1',
    '1;12345678',
    `1;1.${'0'.repeat(5000)}`,
    '9'.repeat(9999),
  ]) {
    expect(read(text), text.slice(0, 20)).toBeUndefined();
  }
});

test('never reads a number that a server can not have, from any bytes', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9;.\-e ]{0,20}$/), (text) => {
      const found = read(text);
      if (!found) return;
      for (const number of found) expect(number >= 0 && number < 1e8).toBe(true);
    }),
  );
});

test('stays the same text while the numbers do', () => {
  const load = new ServerLoad(fakeClock());
  load.answered(10, load.begin());
  load.begin();
  const text = load.text();
  expect(text).toBe('1;20');
  load.begin();
  expect(load.text()).toBe('2;30');
  load.ended();
  expect(load.text()).toBe(text);
});
