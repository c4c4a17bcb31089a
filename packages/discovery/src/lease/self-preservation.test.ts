import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Renewable, selfPreservation } from './self-preservation.js';

function group(name: string, renewed: number, silent: number, dead = 0): Renewable[] {
  const member = (index: number) => ({
    id: `${name}-${index}`,
    group: name,
    silent: index >= renewed,
    dead: index >= renewed + silent,
  });
  return Array.from({ length: renewed + silent + dead }, (_, index) => member(index));
}

function withheld(leases: Renewable[]): readonly string[] {
  return selfPreservation(leases, 0.85).flatMap((figures) => figures.withheld);
}

describe('self-preservation', () => {
  test.each([
    [1, 0, 1],
    [2, 1, 1],
    [3, 2, 1],
    [10, 8, 2],
    [100, 85, 15],
  ])('believes the silence where enough of %i were heard of: %i, without %i', (_, renewed, silent) => {
    expect(withheld(group('a', renewed, silent))).toEqual([]);
  });

  test('keeps the silent of a group of which too few were heard, and says by which figures', () => {
    expect(selfPreservation([...group('a', 7, 3), ...group('b', 9, 1)], 0.85)).toEqual([
      { group: 'a', expected: 10, received: 7, threshold: 8, withheld: ['a-7', 'a-8', 'a-9'] },
      { group: 'b', expected: 10, received: 9, threshold: 8, withheld: [] },
    ]);
  });

  test('does not expect to hear of the dead', () => {
    expect(withheld(group('a', 8, 0, 20))).toEqual([]);
    expect(selfPreservation(group('a', 0, 0, 20), 0.85)).toEqual([]);
    expect(selfPreservation(group('a', 3, 3, 1), 0.85)).toMatchObject([{ expected: 6, received: 3, threshold: 5 }]);
  });

  test('lets go as soon as the evidence does: when those who were heard are enough again', () => {
    const sizes = fc.tuple(fc.nat(50), fc.nat(50));
    fc.assert(
      fc.property(sizes, ([renewed, silent]) => {
        const kept = withheld(group('a', renewed, silent));
        expect(kept.length).toBe(renewed < Math.floor(0.85 * (renewed + silent)) ? silent : 0);
        expect(withheld(group('a', renewed + silent, 0))).toEqual([]);
      }),
    );
  });
});
