import { seededRandom } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { DriftGuard } from './drift-guard.js';

function push(windows: number, inFlight: (window: number) => number, throughput: (inFlight: number) => number): number {
  const guard = new DriftGuard();
  for (let window = 0; window < windows; window++) guard.add(inFlight(window), throughput(inFlight(window)));
  return guard.push;
}

const rising = (window: number) => 50 + window;

test('follows a rise while more in flight means as much more answered', () => {
  expect(push(14, rising, (inFlight) => inFlight * 100)).toBe(1);
});

test('turns a rise round when more in flight means no more answered, or less', () => {
  expect(push(14, rising, () => 5000)).toBe(-1);
  expect(push(14, rising, (inFlight) => 9000 - inFlight * 100)).toBe(-1);
});

test('follows a rise by a quarter where each place more answers three fifths of its share', () => {
  const elasticity = 0.6;
  expect(push(14, rising, (inFlight) => inFlight ** elasticity)).toBeCloseTo(0.25, 2);
});

test('is right most of the time however noisy the throughput is', () => {
  const random = seededRandom(7);
  const noisy = (throughput: number) => throughput * (0.95 + 0.1 * random());
  const guards = (throughput: (inFlight: number) => number) =>
    Array.from({ length: 200 }, () => push(14, rising, (inFlight) => noisy(throughput(inFlight))));
  expect(guards(() => 5000).filter((each) => each < 0).length).toBeGreaterThan(150);
  expect(guards((inFlight) => inFlight * 100).filter((each) => each > 0).length).toBeGreaterThan(150);
});

test('holds nothing back before it knows anything', () => {
  expect(push(5, rising, () => 5000)).toBe(1);
});

test('holds nothing back while in-flight stands still, and so tries again', () => {
  expect(
    push(
      30,
      (window) => (window < 16 ? rising(window) : 70),
      () => 5000,
    ),
  ).toBe(1);
});

test('does not push where nothing is answered', () => {
  expect(push(14, rising, () => 0)).toBe(-1);
});
