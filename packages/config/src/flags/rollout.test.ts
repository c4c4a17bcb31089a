import { murmur3 } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOut, placeOf, places, seedOf, stretchAt } from './rollout.js';

/** Texts of any UTF-16 units, halves of pairs too. */
const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));

describe('a key', () => {
  // These stand in docs/flags.md, so that other languages can be tested against them.
  test.each([
    ['new-checkout', 'user-1', 0x1e89cd0f, 11_929],
    ['new-checkout', 'user-2', 0xf645af3d, 96_200],
    ['new-checkout', 'Zoë', 0x957dde61, 58_395],
    ['new-checkout', '42', 0x25e9913f, 14_809],
    ['experiments/2027', 'user-1', 0xfbf4a45d, 98_420],
  ])('with salt %s and key %s has its documented place', (salt, key, hash, place) => {
    expect(murmur3(key, seedOf(salt))).toBe(hash);
    expect(placeOf(key, seedOf(salt))).toBe(place);
  });

  test('has a place on the line, whatever it is', () => {
    fc.assert(
      fc.property(units, fc.string(), (key, salt) => {
        const place = placeOf(key, seedOf(salt));
        expect(Number.isInteger(place) && place >= 0 && place < places).toBe(true);
      }),
    );
  });
});

/** Which variant stands at each place; sampled, and at every end of a stretch. */
const sampled = Array.from({ length: 2000 }, (_, index) => index * 50 + 7);

const shares = fc.array(fc.integer({ min: 0, max: places }), { minLength: 1, maxLength: 8 }).map((parts) => {
  const sum = parts.reduce((all, one) => all + one, 0);
  return sum <= places ? parts : parts.map((part) => Math.floor((part / sum) * places));
});

const sizes = (stretches: ReturnType<typeof layOut>, count: number) => {
  const sums = Array.from({ length: count }, () => 0);
  for (const { from, to, of } of stretches) sums[of] = (sums[of] ?? 0) + to - from;
  return sums;
};

/** Places that have another variant in the second layout. */
function moved(before: readonly number[], after: readonly number[]): number {
  const [first, second] = [layOut(before), layOut(after)];
  const ends = [...first, ...second].flatMap(({ from, to }) => [from, to]).concat(0, places);
  const cuts = [...new Set(ends)].sort((a, b) => a - b);
  let sum = 0;
  for (let at = 1; at < cuts.length; at++) {
    const [from, to] = [cuts[at - 1] as number, cuts[at] as number];
    if (stretchAt(first, from)?.of !== stretchAt(second, from)?.of) sum += to - from;
  }
  return sum;
}

/** As few as have to move: what variants and the rest lose. */
function needed(before: readonly number[], after: readonly number[]): number {
  const rest = (parts: readonly number[]) => places - parts.reduce((all, one) => all + one, 0);
  const pairs = before.map((one, index) => [one, after[index] ?? 0] as const).concat([[rest(before), rest(after)]]);
  return pairs.reduce((sum, [one, other]) => sum + Math.max(0, one - other), 0);
}

describe('a roll-out', () => {
  test('gives each variant exactly its share, in stretches that do not overlap', () => {
    fc.assert(
      fc.property(shares, (parts) => {
        const stretches = layOut(parts);
        expect(sizes(stretches, parts.length)).toEqual(parts);
        for (let at = 1; at < stretches.length; at++) {
          expect(stretches[at]?.from).toBeGreaterThanOrEqual(stretches[at - 1]?.to ?? 0);
        }
        for (const { from, to } of stretches) expect([from >= 0, to <= places, from < to]).toEqual([true, true, true]);
      }),
    );
  });

  test('finds the variant of a place as looking through all stretches does', () => {
    fc.assert(
      fc.property(shares, (parts) => {
        const stretches = layOut(parts);
        for (const place of sampled) {
          const slow = stretches.find(({ from, to }) => place >= from && place < to);
          expect(stretchAt(stretches, place)).toBe(slow);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('takes no key from a variant that is given more, at the cost of the rest', () => {
    fc.assert(
      fc.property(shares, fc.nat(), fc.nat(), (parts, which, more) => {
        const of = which % parts.length;
        const rest = places - parts.reduce((all, one) => all + one, 0);
        const wider = parts.map((part, index) => (index === of ? part + (more % (rest + 1)) : part));
        const after = layOut(wider);
        for (const stretch of layOut(parts)) {
          if (stretch.of !== of) continue;
          for (const place of [stretch.from, Math.floor((stretch.from + stretch.to) / 2), stretch.to - 1]) {
            expect(stretchAt(after, place)?.of).toBe(of);
          }
        }
      }),
    );
  });

  test('moves no more keys than must move, where one or two variants grow or shrink', () => {
    const percent = fc.integer({ min: 0, max: places });
    fc.assert(
      fc.property(percent, percent, percent, percent, (a, b, c, d) => {
        const [first, second, third, fourth] = [a, b, c, d].sort((one, other) => one - other) as [
          number,
          number,
          number,
          number,
        ];
        const [before, after] = [
          [first, fourth - third],
          [second, fourth - second],
        ];
        expect(moved(before, after)).toBe(needed(before, after));
        expect(moved([a], [b])).toBe(Math.abs(a - b));
        // All of it given to two, and one takes from the other.
        expect(moved([a, places - a], [b, places - b])).toBe(Math.abs(a - b));
      }),
    );
  });

  test('moves no more keys than must move when several variants grow within their parts of the line', () => {
    // With four in the list each part is a quarter.
    const part = fc.integer({ min: 0, max: places / 4 });
    const grown = fc.tuple(part, part).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(grown, grown, grown, (a, b, c) => {
        const of = (at: 0 | 1) => [a[at], b[at], c[at]];
        const withControl = (parts: readonly number[]) => [places - parts.reduce((all, one) => all + one, 0), ...parts];
        expect(moved(withControl(of(0)), withControl(of(1)))).toBe(needed(withControl(of(0)), withControl(of(1))));
        expect(moved([0, ...of(0)], [0, ...of(1)])).toBe(needed(of(0), of(1)));
      }),
    );
  });

  test('leaves all others where they are when a variant is added at the end of the list', () => {
    const before = [10_000, 10_000, 10_000];
    expect(moved(before, [...before, 10_000])).toBe(10_000);
    expect(moved([5000, 5000], [5000, 5000, 5000])).toBe(5000);
  });
});
