import { expect, test, vi } from 'vitest';
import { systemClock, systemRandom } from './system-clock.js';

test('runs a timer after its delay, measured by its own monotonic time', async () => {
  const startMs = systemClock.now();
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  // Node may fire a timer within the millisecond in which it falls due.
  expect(systemClock.now() - startMs).toBeGreaterThanOrEqual(4);
  expect(Math.abs(systemClock.wallTime() - Date.now())).toBeLessThan(1000);
});

test('never runs a timer that was cleared', async () => {
  const cleared = vi.fn();
  systemClock.clearTimer(systemClock.setTimer(cleared, 1));
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  expect(cleared).not.toHaveBeenCalled();
});

test('waits as long as it can when asked for longer than a Node timer holds, instead of firing at once', async () => {
  const early = vi.fn();
  const timer = systemClock.setTimer(early, 2 ** 31, true);
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  systemClock.clearTimer(timer);
  expect(early).not.toHaveBeenCalled();
});

test('keeps the process alive for a timer unless it is a background one', () => {
  const timers = [systemClock.setTimer(() => {}, 1000), systemClock.setTimer(() => {}, 1000, true)];
  expect(timers.map((timer) => (timer as NodeJS.Timeout).hasRef())).toEqual([true, false]);
  for (const timer of timers) systemClock.clearTimer(timer);
});

test('draws at random from [0, 1)', () => {
  for (let draw = 0; draw < 100; draw++) {
    const value = systemRandom();
    expect(value >= 0 && value < 1).toBe(true);
  }
});
