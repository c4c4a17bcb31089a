import { expect, test } from 'vitest';
import { GrowingBytes } from './growing-bytes.js';

const bytes = Buffer.from('0123456789');

test('growing bytes hold what was added, and reserve little memory for what was only announced', () => {
  const before = process.memoryUsage().external;
  const growing = new GrowingBytes(2 ** 30);
  expect(process.memoryUsage().external - before).toBeLessThan(10_000_000);
  let expected = '';
  for (let index = 0; index < 20_000; index++) {
    growing.add(bytes, index % 10, 10);
    expected += '0123456789'.slice(index % 10);
  }
  expect(growing.bytes.toString()).toBe(expected);
  expect(growing.length).toBe(expected.length);
});
