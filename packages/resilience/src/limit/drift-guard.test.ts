import { seededRandom } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { DriftGuard } from './drift-guard.js';

function guard(windows: number, inFlight: (window: number) => number, throughput: (inFlight: number) => number) {
  const made = new DriftGuard();
  for (let window = 0; window < windows; window++) made.add(inFlight(window), throughput(inFlight(window)));
  return made;
}

const rising = (window: number) => 20 + window;

test('lets a limit rise while more in flight means more answered', () => {
  expect(guard(30, rising, (inFlight) => inFlight * 100).mayRise).toBe(true);
});

test('holds a limit back when more in flight means no more answered, or less', () => {
  expect(guard(30, rising, () => 5000).mayRise).toBe(false);
  expect(guard(30, rising, (inFlight) => 5000 - inFlight).mayRise).toBe(false);
});

test('holds back most of the time when the throughput is only noise', () => {
  const random = seededRandom(7);
  const held = Array.from({ length: 200 }, () => guard(30, rising, () => 5000 + 100 * random()).mayRise);
  expect(held.filter((mayRise) => !mayRise).length).toBeGreaterThan(150);
});

test('holds nothing back before it knows anything', () => {
  expect(guard(5, rising, () => 5000).mayRise).toBe(true);
});

test('holds nothing back while in-flight stands still, and so tries again', () => {
  expect(
    guard(
      60,
      (window) => (window < 30 ? rising(window) : 50),
      () => 5000,
    ).mayRise,
  ).toBe(true);
});
