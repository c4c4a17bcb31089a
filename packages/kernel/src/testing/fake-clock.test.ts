import { expect, test, vi } from 'vitest';
import { fakeClock } from './fake-clock.js';

test('stands still until it is moved, wall time with it', async () => {
  const clock = fakeClock(100, 5000);
  expect([clock.now(), clock.wallTime()]).toEqual([100, 5000]);
  await clock.settle();
  expect(clock.now()).toBe(100);
  await clock.advance(2.5);
  expect([clock.now(), clock.wallTime()]).toEqual([102.5, 5002.5]);
});

test('runs timers at their own moment, equal ones in the order in which they were set', async () => {
  const clock = fakeClock();
  const ran: string[] = [];
  const set = (name: string, delayMs: number) => clock.setTimer(() => ran.push(`${name}@${clock.now()}`), delayMs);
  set('late', 20);
  set('first', 10);
  set('second', 10);
  set('at once', -5);
  await clock.advance(19);
  expect(ran).toEqual(['at once@0', 'first@10', 'second@10']);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(ran.at(-1)).toBe('late@20');
  expect([clock.pending, clock.now()]).toEqual([0, 20]);
});

test('runs timers that others start through promises within the same stretch', async () => {
  const clock = fakeClock();
  const ticks: number[] = [];
  const tick = async () => {
    ticks.push(clock.now());
    for (let hop = 0; hop < 20; hop++) await null;
    clock.setTimer(tick, 10);
  };
  clock.setTimer(tick, 10);
  await clock.advance(35);
  expect(ticks).toEqual([10, 20, 30]);
});

test('never runs a timer that was cleared; clearing one that has run does no harm', async () => {
  const clock = fakeClock();
  const [cleared, run] = [vi.fn(), vi.fn()];
  clock.clearTimer(clock.setTimer(cleared, 1));
  const timer = clock.setTimer(run, 1);
  await clock.advance(1);
  clock.clearTimer(timer);
  expect(cleared).not.toHaveBeenCalled();
  expect(run).toHaveBeenCalledOnce();
});

test('goes to the next timer however far, and says when there is none', async () => {
  const clock = fakeClock();
  clock.setTimer(() => {}, 60_000);
  expect(await clock.runNext()).toBe(true);
  expect(clock.now()).toBe(60_000);
  expect(await clock.runNext()).toBe(false);
});

test('hands on what a timer throws to whoever moves the time', async () => {
  const clock = fakeClock();
  clock.setTimer(() => {
    throw new Error('broken timer');
  }, 1);
  await expect(clock.advance(1)).rejects.toThrow('broken timer');
});

test('never goes back when it is moved twice at the same time', async () => {
  const clock = fakeClock();
  await Promise.all([clock.advance(8), clock.advance(5)]);
  expect(clock.now()).toBe(8);
});

test('refuses delays and durations that make no sense', async () => {
  const clock = fakeClock();
  expect(() => clock.setTimer(() => {}, Number.NaN)).toThrow(RangeError);
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
});
