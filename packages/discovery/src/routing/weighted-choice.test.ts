import { murmur3 } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WeightedChoice } from './weighted-choice.js';

const keys = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

/** What each key leads to, as names. */
function chosen(shares: Readonly<Record<string, number>>): readonly (string | undefined)[] {
  const names = Object.keys(shares);
  const choice = new WeightedChoice(Object.entries(shares).map(([name, weight]) => ({ name, weight })));
  return keys.map((key) => names[choice.byKey(key)]);
}

function share(of: readonly (string | undefined)[], name: string): number {
  return of.filter((each) => each === name).length / of.length;
}

describe('a choice by key', () => {
  test('gives each its share of the keys', () => {
    const got = chosen({ stable: 95, canary: 5 });
    expect(share(got, 'canary')).toBeGreaterThan(0.045);
    expect(share(got, 'canary')).toBeLessThan(0.055);
  });

  test('leads keys to the same place for ever', () => {
    const choice = new WeightedChoice([
      { name: '2.3.0', weight: 50 },
      { name: '2.4.0-rc', weight: 50 },
    ]);
    expect(['user-1', 'user-2', 'user-3', 'user-4', 'user-5', ''].map((key) => choice.byKey(key))).toEqual([
      1, 1, 1, 1, 0, 0,
    ]);
  });

  test('is what the documented formula says', () => {
    const shares = { 'tag:blue': 30, '2.x': 70, '*': 5 };
    const byFormula = (key: string) => {
      const times = Object.entries(shares).map(([name, share]): [number, string] => {
        return [-Math.log((murmur3(key, murmur3(name)) + 0.5) / 2 ** 32) / share, name];
      });
      return times.reduce((best, each) => (each[0] < best[0] ? each : best))[1];
    };
    expect(chosen(shares)).toEqual(keys.map(byFormula));
  });

  test('is the same in another process, and whatever the order of the names is', () => {
    expect(chosen({ canary: 5, stable: 95 })).toEqual(chosen({ stable: 95, canary: 5 }));
  });

  test('takes only keys for the one that is widened, and of two groups no more than its share grows by', () => {
    const before = chosen({ stable: 95, canary: 5 });
    const after = chosen({ stable: 80, canary: 20 });
    const moved = keys.filter((_key, at) => before[at] !== after[at]).length / keys.length;
    expect(before.every((name, at) => name !== 'canary' || after[at] === 'canary')).toBe(true);
    expect(moved).toBeCloseTo(share(after, 'canary') - share(before, 'canary'), 9);
  });

  test('whichever weight grows, no key leaves it and no key moves between the others', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(
        weights,
        fc.nat(4),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.string(), { minLength: 50 }),
        (drawn, grown, by, some) => {
          const at = grown % drawn.length;
          const choiceOf = (grow: number) =>
            new WeightedChoice(
              drawn.map((weight, index) => ({ name: `g${index}`, weight: index === at ? weight + grow : weight })),
            );
          const [before, after] = [choiceOf(0), choiceOf(by)];
          for (const key of some) {
            if (after.byKey(key) !== before.byKey(key)) expect(after.byKey(key)).toBe(at);
          }
        },
      ),
    );
  });

  test('hands the keys of one that is gone to the others by their weights, and moves no other key', () => {
    const before = chosen({ a: 60, b: 20, c: 20 });
    const after = chosen({ a: 60, b: 20, c: 0 });
    expect(before.every((name, at) => name === 'c' || after[at] === name)).toBe(true);
    expect(share(after, 'a')).toBeGreaterThan(0.73);
    expect(share(after, 'a')).toBeLessThan(0.77);
  });

  test('never takes one of weight 0, and nobody where all are', () => {
    expect(share(chosen({ a: 1, b: 0 }), 'a')).toBe(1);
    expect(new Set(chosen({ a: 0, b: 0 }))).toEqual(new Set([undefined]));
  });
});

test('a choice by chance goes by weight over the whole range, and never to one of weight 0', () => {
  const choice = new WeightedChoice([
    { name: 'none', weight: 0 },
    { name: 'a', weight: 3 },
    { name: 'b', weight: 1 },
    { name: 'last', weight: 0 },
  ]);
  expect([0, 0.5, 0.7499, 0.75, 0.9999999, 1 - 2 ** -53].map((drawn) => choice.byChance(drawn))).toEqual([
    1, 1, 1, 2, 2, 2,
  ]);
  expect(new WeightedChoice([{ name: 'none', weight: 0 }]).byChance(0.5)).toBe(-1);
});
