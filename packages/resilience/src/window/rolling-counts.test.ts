import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingCounts } from './rolling-counts.js';

const WINDOW_MS = 1000;
const SLICES = 5;
const SLICE_MS = WINDOW_MS / SLICES;

const steps = fc.array(
  fc.record({
    passMs: fc.oneof(fc.nat(50), fc.nat(400), fc.nat(5000)),
    channel: fc.nat(1),
    amount: fc.nat(3),
    /** Which earlier addition is taken back where it was made; none when there are not so many. */
    undo: fc.nat(400),
  }),
  { maxLength: 200 },
);

/** Keeps every addition and sums what lies in the slices of the window; slow and obviously right. */
class NaiveCounts {
  readonly #added: { slice: number; channel: number; amount: number }[] = [];

  add(channel: number, amount: number, nowMs: number): void {
    this.#added.push({ slice: Math.floor(nowMs / SLICE_MS), channel, amount });
  }

  /** Takes back what was added as the one of this number. */
  undo(at: number): { slice: number; channel: number; amount: number } | undefined {
    return this.#added.splice(at, 1)[0];
  }

  total(channel: number, nowMs: number): number {
    const oldest = Math.floor(nowMs / SLICE_MS) - SLICES;
    return this.#added
      .filter((entry) => entry.channel === channel && entry.slice > oldest)
      .reduce((sum, { amount }) => sum + amount, 0);
  }
}

test('counts exactly what a list of everything ever added counts within the window', () => {
  fc.assert(
    fc.property(fc.nat(100_000), steps, (startMs, all) => {
      const rolling = new RollingCounts(2, WINDOW_MS, SLICES);
      const naive = new NaiveCounts();
      let nowMs = startMs;
      for (const { passMs, channel, amount, undo } of all) {
        nowMs += passMs;
        rolling.advance(nowMs);
        rolling.add(channel, amount, nowMs);
        naive.add(channel, amount, nowMs);
        const undone = naive.undo(undo);
        if (undone) rolling.addTo(undone.slice, undone.channel, -undone.amount);
        expect([rolling.total(0), rolling.total(1)]).toEqual([naive.total(0, nowMs), naive.total(1, nowMs)]);
      }
    }),
  );
});

test('names the slice that it counts into', () => {
  const counts = new RollingCounts(1, WINDOW_MS, SLICES);
  counts.add(0, 1, 450);
  expect(counts.slice).toBe(2);
  counts.advance(600);
  expect(counts.slice).toBe(3);
});

test('forgets everything once the window has passed', () => {
  const counts = new RollingCounts(1, WINDOW_MS, SLICES);
  counts.add(0, 3, 0);
  counts.advance(999);
  expect(counts.total(0)).toBe(3);
  counts.advance(1000);
  expect(counts.total(0)).toBe(0);
});

test('counts on when time stands still or goes back', () => {
  const counts = new RollingCounts(1, WINDOW_MS, SLICES);
  counts.add(0, 1, 5000);
  counts.advance(4000);
  counts.add(0, 1, 4000);
  expect(counts.total(0)).toBe(2);
});

test('starts again after it was cleared', () => {
  const counts = new RollingCounts(1, WINDOW_MS, SLICES);
  counts.add(0, 2, 100);
  counts.clear();
  expect(counts.total(0)).toBe(0);
  counts.advance(300);
  counts.add(0, 1, 300);
  expect(counts.total(0)).toBe(1);
});
