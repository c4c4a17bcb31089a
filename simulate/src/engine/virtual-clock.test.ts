import { background, sleep } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { virtualClock } from './virtual-clock.js';

test('runs timers at their own moments, those of one moment in the order in which they were set', async () => {
  const clock = virtualClock();
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name} at ${clock.now()}`);
  clock.setTimer(note('late'), 20);
  clock.setTimer(note('first'), 10);
  clock.setTimer(note('second'), 10);
  clock.setTimer(note('never'), 31);
  await clock.runUntil(30);
  expect(ran).toEqual(['first at 10', 'second at 10', 'late at 20']);
  expect([clock.now(), clock.pending, clock.ran]).toEqual([30, 1, 3]);
});

test('keeps the order of timers whatever is cleared between them', async () => {
  const clock = virtualClock();
  const random = [...Array(500).keys()].map((index) => (index * 7919) % 503);
  const ran: number[] = [];
  const timers = random.map((delayMs) => clock.setTimer(() => void ran.push(delayMs), delayMs));
  for (const [index, timer] of timers.entries()) if (index % 3 === 0) clock.clearTimer(timer);
  const kept = random.filter((_, index) => index % 3 !== 0);
  expect(clock.pending).toBe(kept.length);
  await clock.runUntil(1000);
  expect(ran).toEqual(kept.toSorted((left, right) => left - right));
});

test('does not run what was cleared, and clearing what ran is harmless', async () => {
  const clock = virtualClock();
  let ran = 0;
  const cleared = clock.setTimer(() => ran++, 5);
  const spent = clock.setTimer(() => ran++, 1);
  clock.setTimer(() => clock.clearTimer(cleared), 4);
  await clock.runUntil(10);
  clock.clearTimer(spent);
  expect(ran).toBe(1);
});

test('lets promise chains of any length end before time moves on', async () => {
  const clock = virtualClock();
  const ends: number[] = [];
  const walk = async () => {
    for (let step = 0; step < 2000; step++) await null;
    ends.push(clock.now());
    await sleep(clock, 0.5, background);
    for (let step = 0; step < 2000; step++) await null;
    ends.push(clock.now());
  };
  void walk();
  clock.setTimer(() => void walk(), 1);
  clock.setTimer(() => {}, 1.25);
  await clock.runUntil(2);
  expect(ends).toEqual([0, 0.5, 1, 1.5]);
});

test('runs a timer that is set with no delay within the same moment', async () => {
  const clock = virtualClock();
  const moments: number[] = [];
  clock.setTimer(() => clock.setTimer(() => void moments.push(clock.now()), -1), 3);
  await clock.runUntil(3);
  expect(moments).toEqual([3]);
});

test('hands on what a timer throws and refuses a delay that is no number', async () => {
  const clock = virtualClock();
  clock.setTimer(() => {
    throw new Error('broken world');
  }, 1);
  await expect(clock.runUntil(2)).rejects.toThrow('broken world');
  expect(() => clock.setTimer(() => {}, Number.NaN)).toThrow(RangeError);
});

test('says a wall time that is made up too', async () => {
  const clock = virtualClock();
  const before = clock.wallTime();
  await clock.runUntil(1500);
  expect(clock.wallTime() - before).toBe(1500);
});
