import { liveValue } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { adaptiveLimitDefaults } from './adaptive-limit-options.js';
import { gradient2 } from './gradient2.js';
import { type LimitChange, LimitController, type LimitSettings } from './limit-controller.js';
import type { LimitStrategy, LimitWindow } from './limit-strategy.js';
import { vegas } from './vegas.js';

function build(settings: Partial<LimitSettings> = {}, lag: () => number = () => 0) {
  const windows: LimitWindow[] = [];
  /** What the strategy says next is this much more than the limit. */
  const step = { by: 1 };
  const strategy = {
    next(limit: number, window: LimitWindow) {
      windows.push(window);
      return limit + step.by;
    },
  };
  const controller = new LimitController(strategy, { ...adaptiveLimitDefaults, windowMs: 1000, ...settings }, lag);
  /** Hands over samples that come evenly; tells of the changes. */
  const samples = (count: number, fromMs: number, toMs: number, rttMs = 10, inFlight = 20): LimitChange[] => {
    const changes: LimitChange[] = [];
    for (let at = 0; at < count; at++) {
      const nowMs = fromMs + ((toMs - fromMs) * at) / (count - 1);
      const change = controller.answered(rttMs, inFlight, nowMs);
      if (change) changes.push(change);
    }
    return changes;
  };
  return { controller, windows, step, samples };
}

test('looks at the limit once a window', () => {
  const { samples, windows } = build();
  expect(samples(100, 0, 999)).toEqual([]);
  expect(samples(2, 1000, 1001)).toMatchObject([{ from: 20, to: 21, rttMs: 10, inFlight: 20, droppedRatio: 0 }]);
  expect(windows).toHaveLength(1);
});

test('waits for ten samples, up to ten seconds longer', () => {
  const { samples, windows } = build();
  samples(9, 0, 5000);
  expect(windows).toHaveLength(0);
  samples(2, 5001, 5002);
  expect(windows).toHaveLength(1);
});

test('throws away a window whose samples are too far apart', () => {
  const { samples, windows } = build();
  samples(9, 0, 100);
  samples(2, 3_600_000, 3_600_001);
  expect(windows).toHaveLength(0);
});

test('shows the strategy means, the highest in flight, and the share that was dropped', () => {
  const { controller, windows } = build();
  for (let at = 0; at < 8; at++) controller.answered(at < 4 ? 10 : 20, 10 + at, at * 100);
  for (let at = 8; at <= 11; at++) controller.dropped(5, at * 100);
  expect(windows).toEqual([{ rttMs: 15, inFlight: 17, droppedRatio: 3 / 11 }]);
});

test('has no time to show when nothing was answered', () => {
  const { controller, windows } = build();
  for (let at = 0; at <= 10; at++) controller.dropped(20, at * 100);
  expect(windows).toEqual([{ rttMs: undefined, inFlight: 20, droppedRatio: 1 }]);
});

test('takes the lag of the event loop off the times', () => {
  const { samples, windows } = build({}, () => 3);
  samples(11, 0, 1000, 10);
  expect(windows).toMatchObject([{ rttMs: 7 }]);
});

test.each([
  ['above what is allowed', 11, 100],
  ['above half of the times', 6, 10],
  ['unknown', Number.POSITIVE_INFINITY, 100],
])('stays as it is while the lag is %s', (_what, lagMs, rttMs) => {
  const { samples, windows, controller } = build({}, () => lagMs);
  samples(11, 0, 1000, rttMs);
  expect(windows).toHaveLength(0);
  expect(controller).toMatchObject({ limit: 20, frozenWindows: 1 });
});

test('keeps within the least and the highest limit, also when they change', () => {
  const maxLimit = liveValue(22);
  const { samples, controller, step } = build({ minLimit: 5, maxLimit });
  step.by = 10;
  samples(11, 0, 1000);
  expect(controller.limit).toBe(22);
  maxLimit.set(15);
  samples(11, 2000, 3000);
  expect(controller.limit).toBe(15);
  step.by = -100;
  samples(11, 4000, 5000);
  expect(controller.limit).toBe(5);
});

test('obeys bounds that change at once, tells of it with the next window, and forgets nothing meanwhile', () => {
  const [minLimit, maxLimit] = [liveValue(1), liveValue(1000)];
  const { samples, controller, step } = build({ minLimit, maxLimit });
  step.by = 0;
  maxLimit.set(5);
  expect(controller.limit).toBe(5);
  maxLimit.set(1000);
  expect(controller.limit).toBe(20);
  minLimit.set(30);
  expect(controller.limit).toBe(30);
  expect(samples(11, 0, 1000)).toMatchObject([{ from: 20, to: 30 }]);
});

test('obeys bounds that change while the lag keeps it from learning', () => {
  const maxLimit = liveValue(1000);
  const { samples, controller } = build({ maxLimit }, () => 1000);
  maxLimit.set(5);
  samples(11, 0, 1000);
  expect(controller).toMatchObject({ limit: 5, frozenWindows: 1 });
});

test('starts within its bounds', () => {
  expect(build({ maxLimit: 8 }).controller.limit).toBe(8);
  expect(build({ minLimit: 30 }).controller.limit).toBe(30);
});

test('rises no further once more in flight means no more answered, but may still fall', () => {
  const { samples, controller, step } = build();
  const window = (at: number) => samples(11, at * 2000, at * 2000 + 1000, 10, 0.8 * controller.limit);
  for (let at = 0; at < 20; at++) window(at);
  const held = controller.limit;
  expect(held).toBeGreaterThan(20);
  expect(held).toBeLessThan(30);
  step.by = -1;
  window(20);
  expect(controller.limit).toBe(held - 1);
});

test('goes down where it may not rise although calls find no place', () => {
  const { samples, controller } = build();
  for (let at = 0; at < 30; at++) samples(11, at * 2000, at * 2000 + 1000, 10, controller.limit);
  expect(controller.limit).toBeLessThan(20);
});

test('says nothing of changes within the same whole number', () => {
  const { samples, step } = build();
  step.by = 0.4;
  expect(samples(11, 0, 1000)).toEqual([]);
  expect(samples(11, 2000, 3000)).toEqual([]);
  expect(samples(11, 4000, 5000)).toMatchObject([{ from: 20, to: 21 }]);
});

/**
 * A server with `capacity` workers and more callers than it has: beyond its capacity calls queue, so their time grows in
 * proportion to what is in flight, and no more are answered.
 */
function settle(strategy: LimitStrategy, capacity: number, windows: number): number {
  const controller = new LimitController(
    strategy,
    { ...adaptiveLimitDefaults, windowMs: 1000, maxLimit: 10_000 },
    () => 0,
  );
  for (let window = 0; window < windows; window++) {
    const inFlight = window === 0 ? 1 : controller.limit;
    const calls = 20 * Math.min(capacity, inFlight);
    const rttMs = 50 * Math.max(1, inFlight / capacity);
    for (let at = 0; at <= calls; at++) controller.answered(rttMs, inFlight, window * 2000 + (1000 * at) / calls);
  }
  return controller.limit;
}

test.each([
  ['gradient2', 5, gradient2],
  ['gradient2', 50, gradient2],
  ['gradient2', 400, gradient2],
  ['vegas', 5, vegas],
  ['vegas', 50, vegas],
  ['vegas', 400, vegas],
])('%s settles near what a server of %i workers bears, from below and from above', (_name, capacity, strategy) => {
  for (const windows of [150, 600]) {
    expect(settle(strategy(), capacity, windows)).toBeGreaterThanOrEqual(capacity * 0.9);
    expect(settle(strategy(), capacity, windows)).toBeLessThan(capacity * 1.3 + 12);
  }
});
