import { expect, test } from 'vitest';
import { exponential, logNormal, randomStream, truncatedNormal } from './random.js';

const draws = (draw: () => number, count: number) => Array.from({ length: count }, draw);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('repeats itself for the same seed and name, and for no other', () => {
  const of = (seed: number, name: string) => draws(randomStream(seed, name), 5).join();
  expect(of(1, 'work')).toBe(of(1, 'work'));
  expect(new Set([of(1, 'work'), of(2, 'work'), of(1, 'arrivals'), of(2, 'arrivals')]).size).toBe(4);
});

test('draws exponentially: mean as asked, and as much below ln 2 of it as above', () => {
  const values = draws(exponential(randomStream(1, 'test'), 10), 20_000);
  expect(mean(values)).toBeGreaterThan(9.7);
  expect(mean(values)).toBeLessThan(10.3);
  expect(mean(values.map((value) => (value < 10 * Math.LN2 ? 1 : 0)))).toBeCloseTo(0.5, 1);
  expect(values.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
});

test('draws log-normally: half below the median, the 99th percentile where sigma puts it', () => {
  const values = draws(logNormal(randomStream(1, 'test'), 100, 0.5), 20_000).toSorted((left, right) => left - right);
  expect(values[10_000]! / 100).toBeCloseTo(1, 1);
  expect(values[19_800]! / 100).toBeCloseTo(Math.exp(0.5 * 2.326), 0);
});

test('draws normally without what is below 0, and with the mean that is asked', () => {
  const values = draws(truncatedNormal(randomStream(1, 'test'), 80), 20_000);
  expect(mean(values) / 80).toBeCloseTo(1, 1);
  expect(values.every((value) => value > 0)).toBe(true);
});
