import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findCycles, type Graph } from './find-cycles.js';

const graph = (edges: Readonly<Record<string, readonly string[]>>): Graph =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

test.each([
  ['no edge', {}, []],
  ['a chain', { a: ['b'], b: ['c'] }, []],
  ['a diamond', { a: ['b', 'c'], b: ['d'], c: ['d'] }, []],
  ['one that calls itself', { a: ['a'] }, [['a', 'a']]],
  ['two that call each other', { b: ['a'], a: ['b'] }, [['a', 'b', 'a']]],
  [
    'two cycles',
    { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] },
    [
      ['a', 'b', 'a'],
      ['c', 'd', 'c'],
    ],
  ],
  ['a short way in a large part', { a: ['b', 'x'], b: ['a'], x: ['y'], y: ['a'] }, [['a', 'b', 'a']]],
])('in %s', (_, edges, expected) => {
  expect(findCycles(graph(edges))).toEqual(expected);
});

test('a cycle is found exactly where removing nodes that nothing leads to or from leaves some, and each step is an edge', () => {
  const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 12 }), (pairs) => {
      const edges = new Map<string, Set<string>>();
      for (const [from, to] of pairs) edges.set(from, (edges.get(from) ?? new Set()).add(to));
      const cycles = findCycles(edges);
      for (const path of cycles) {
        expect(path[0]).toBe(path.at(-1));
        for (const [at, from] of path.slice(0, -1).entries())
          expect(edges.get(from)?.has(path[at + 1] as string)).toBe(true);
      }
      expect(cycles.length > 0).toBe(hasCycle(pairs));
    }),
  );
});

/** By taking away edges whose start nothing leads to. */
function hasCycle(pairs: readonly (readonly [string, string])[]): boolean {
  const left = pairs.filter(([from]) => pairs.some(([, to]) => to === from));
  return left.length === pairs.length ? left.length > 0 : hasCycle(left);
}

test('a chain of 20,000 is followed without running out of stack', () => {
  const chain = new Map(Array.from({ length: 20_000 }, (_, at) => [`${at}`, new Set([`${at + 1}`])]));
  expect(findCycles(chain)).toEqual([]);
});
