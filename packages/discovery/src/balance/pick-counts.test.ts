import { describe, expect, test } from 'vitest';
import { PickCounts } from './pick-counts.js';

describe('the picks of the last minute', () => {
  test('are counted for each endpoint, and forgotten a slice at a time', () => {
    const counts = new PickCounts();
    const [first, second] = [counts.open(), counts.open()];
    for (let second10 = 0; second10 < 6; second10++) counts.add(first, 5000 + second10 * 10_000);
    counts.add(second, 55_000);
    expect([counts.of(first, 59_999), counts.of(second, 59_999)]).toEqual([6, 1]);
    expect(counts.of(first, 69_999)).toBe(6);
    expect(counts.of(first, 70_000)).toBe(5);
    expect([counts.of(first, 119_999), counts.of(second, 119_999)]).toEqual([1, 1]);
    expect([counts.of(first, 120_000), counts.of(second, 120_000)]).toEqual([0, 0]);
  });

  test('begin with the first call, whatever the clock reads, and are all forgotten after a long pause', () => {
    const counts = new PickCounts();
    const slot = counts.open();
    counts.add(slot, 7_777_777);
    counts.add(slot, 7_777_778);
    expect(counts.of(slot, 7_777_779)).toBe(2);
    counts.add(slot, 9_999_999_999);
    expect(counts.of(slot, 9_999_999_999)).toBe(1);
  });

  test('of an endpoint that takes the place of one that left begin at 0', () => {
    const counts = new PickCounts();
    const slots = Array.from({ length: 100 }, () => counts.open());
    for (const slot of slots) counts.add(slot, 0);
    counts.close(17);
    expect(counts.open()).toBe(17);
    expect(slots.map((slot) => counts.of(slot, 1)).filter((count) => count === 1)).toHaveLength(99);
    expect(counts.of(17, 1)).toBe(0);
  });
});
