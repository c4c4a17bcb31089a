import { seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelOf, PriorityShedding } from './priority-shedding.js';

const [CRITICAL, DEFAULT, SHEDDABLE, BACKGROUND] = [0, 1, 2, 3] as const;

function build(seed = 1) {
  const shedding = new PriorityShedding();
  const random = seededRandom(seed);
  let nowMs = 0;
  /**
   * Offers calls of each level for a number of windows; at most `capacity` of those not shed find a place.
   * @returns the share of each level that was let in.
   */
  const offer = (perWindow: readonly number[], capacity: number, windows: number) => {
    const admitted = perWindow.map(() => 0);
    const arrivals = perWindow.flatMap((count, level) => new Array<number>(count).fill(level));
    for (let window = 0; window < windows; window++) {
      nowMs += 250;
      let places = capacity;
      for (const level of arrivals.toSorted(() => random() - 0.5)) {
        shedding.arrived(level, nowMs);
        if (shedding.sheds(level, 1, random)) continue;
        if (places-- > 0) admitted[level]!++;
        else shedding.refused();
      }
    }
    return admitted.map((count, level) => count / ((perWindow[level] as number) * windows));
  };
  return { shedding, offer };
}

describe('shedding by priority', () => {
  test('sheds nothing while all find a place', () => {
    const { shedding, offer } = build();
    expect(offer([25, 25, 25, 25], 100, 20)).toEqual([1, 1, 1, 1]);
    expect(shedding.share).toBe(0);
  });

  test('refuses the lowest first: half the capacity serves the upper half', () => {
    const { offer } = build();
    offer([25, 25, 25, 25], 50, 20);
    const [critical = 0, usual = 0, sheddable = 0, background = 0] = offer([25, 25, 25, 25], 50, 100);
    expect(background).toBe(0);
    expect(sheddable).toBeLessThan(0.15);
    expect(usual).toBeGreaterThan(0.9);
    expect(critical).toBeGreaterThan(0.9);
  });

  test('waits for no window when many find no place', () => {
    const { shedding, offer } = build();
    offer([50, 0, 0, 500], 50, 1);
    expect(shedding.share).toBeGreaterThan(0.8);
  });

  test('never sheds the highest priority there is', () => {
    const { shedding, offer } = build();
    offer([0, 100, 0, 0], 10, 20);
    expect(shedding.sheds(DEFAULT, 1, () => 0)).toBe(false);
    offer([0, 100, 0, 1], 10, 20);
    expect(shedding.sheds(DEFAULT, 1, () => 0)).toBe(false);
    expect(shedding.sheds(BACKGROUND, 1, () => 0.999)).toBe(true);
  });

  test('stops soon after there is room again', () => {
    const { shedding, offer } = build();
    offer([50, 0, 0, 50], 50, 20);
    expect(shedding.sheds(BACKGROUND, 1, () => 0.5)).toBe(true);
    for (let window = 100; window < 150; window++) shedding.arrived(BACKGROUND, window * 250);
    expect(shedding.share).toBe(0);
    expect(shedding.sheds(BACKGROUND, 1, () => 0)).toBe(false);
  });

  test('forgets all after a long silence', () => {
    const { shedding, offer } = build();
    offer([50, 0, 0, 50], 20, 20);
    shedding.arrived(CRITICAL, 3_600_000);
    expect(shedding.share).toBe(0);
  });

  test('does not judge by a handful of calls', () => {
    const { shedding, offer } = build();
    offer([2, 0, 0, 2], 1, 1);
    shedding.arrived(CRITICAL, 10_000);
    expect(shedding.share).toBe(0);
  });

  test('leaves a tenth of the places to those above, but never all', () => {
    const { shedding, offer } = build();
    offer([40, 0, 60, 0], 30, 20);
    expect(shedding.reserve(CRITICAL, 50)).toBe(0);
    expect(shedding.reserve(SHEDDABLE, 50)).toBe(5);
    expect(shedding.reserve(SHEDDABLE, 1)).toBe(0);
  });

  test('sheds nobody while a quarter of the places is free', () => {
    const { shedding, offer } = build();
    offer([40, 0, 60, 0], 30, 20);
    expect(shedding.sheds(SHEDDABLE, 0.74, () => 0)).toBe(false);
    expect(shedding.sheds(SHEDDABLE, 0.75, () => 0)).toBe(true);
  });

  test('sheds what it says and never a higher priority more than a lower one', () => {
    const level = fc.nat(40);
    const levels = fc.tuple(level, level, level, level).filter((counts) => counts.reduce((a, b) => a + b) >= 10);
    fc.assert(
      fc.property(levels, fc.nat(100), fc.nat(), (perWindow, capacity, seed) => {
        const { shedding, offer } = build(seed);
        offer(perWindow, capacity, 12);
        const chance = (at: number) => {
          // The lowest draw that is not shed, found by halving.
          let [low, high] = [0, 1];
          for (let step = 0; step < 20; step++) {
            const middle = (low + high) / 2;
            if (shedding.sheds(at, 1, () => middle)) low = middle;
            else high = middle;
          }
          return high;
        };
        const chances = [CRITICAL, DEFAULT, SHEDDABLE, BACKGROUND].map(chance);
        for (let at = 1; at < 4; at++) expect(chances[at]).toBeGreaterThanOrEqual(chances[at - 1] as number);
        expect(shedding.share).toBeGreaterThanOrEqual(0);
        expect(shedding.share).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });

  test('takes a priority that somebody made up for the default', () => {
    expect(levelOf('urgent' as never)).toBe(DEFAULT);
  });
});
