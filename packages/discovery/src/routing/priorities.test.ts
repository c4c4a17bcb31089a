import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priorityLoads } from './priorities.js';
import { routingDefaults } from './routing-options.js';

/** Loads in percent for levels with these percentages healthy. */
function loads(...healthy: readonly number[]): readonly number[] {
  const levels = healthy.map((percent) => ({ healthy: percent, total: 100 }));
  return priorityLoads(levels, routingDefaults).map(({ load }) => load * 100);
}

// Envoy computes in whole percents and cuts them off, so that it is up to 1 below what the formula says.
const tables: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [100, 100],
    [100, 0],
  ],
  [
    [72, 100],
    [100, 0],
  ],
  [
    [71, 100],
    [99, 1],
  ],
  [
    [50, 100],
    [70, 30],
  ],
  [
    [25, 100],
    [35, 65],
  ],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [72, 72],
    [100, 0],
  ],
  [
    [71, 71],
    [99, 1],
  ],
  [
    [50, 50],
    [70, 30],
  ],
  [
    [25, 25],
    [50, 50],
  ],
  [
    [5, 65],
    [7, 93],
  ],
  [
    [100, 100, 100],
    [100, 0, 0],
  ],
  [
    [72, 72, 100],
    [100, 0, 0],
  ],
  [
    [71, 71, 100],
    [99, 1, 0],
  ],
  [
    [50, 50, 100],
    [70, 30, 0],
  ],
  [
    [25, 100, 100],
    [35, 65, 0],
  ],
  [
    [25, 25, 100],
    [35, 35, 30],
  ],
  [
    [25, 25, 20],
    [36, 36, 28],
  ],
  [
    [20, 20, 20],
    [34, 33, 33],
  ],
  [
    [0, 0, 80],
    [0, 0, 100],
  ],
];

test.each(tables)('levels with %j %% healthy get what Envoy’s tables say: %j %%', (healthy, wanted) => {
  const got = loads(...healthy);
  for (const [at, load] of got.entries()) expect(Math.abs(load - (wanted[at] as number))).toBeLessThan(1);
  expect(got.reduce((sum, load) => sum + load, 0)).toBeCloseTo(100, 9);
});

test.each([
  [
    [72, 72],
    [false, false],
  ],
  [
    [50, 60],
    [false, false],
  ],
  [
    [25, 100],
    [false, false],
  ],
  [
    [25, 25],
    [true, true],
  ],
  [
    [5, 65],
    [true, false],
  ],
  [
    [0, 0, 40],
    [true, true, true],
  ],
  [
    [0, 0, 100],
    [false, false, false],
  ],
])('levels with %j %% healthy are in panic as Envoy’s are: %j', (healthy, wanted) => {
  const levels = healthy.map((percent) => ({ healthy: percent, total: 100 }));
  expect(priorityLoads(levels, routingDefaults).map(({ panic }) => panic)).toEqual(wanted);
});

test('when nobody is healthy anywhere, the first level gets everything', () => {
  expect(loads(0, 0, 0)).toEqual([100, 0, 0]);
});

test('without overprovisioning a level keeps exactly its healthy share', () => {
  const levels = [
    { healthy: 2, total: 4 },
    { healthy: 2, total: 4 },
  ];
  expect(priorityLoads(levels, { overprovisioning: 1, panicRatio: 0.5 }).map(({ load }) => load)).toEqual([0.5, 0.5]);
});

test('loads are never negative, come to 1, and no level gets more than a better one leaves', () => {
  const level = fc.record({
    total: fc.integer({ min: 0, max: 50 }),
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 6 }), (drawn) => {
      const levels = drawn.map(({ total, ratio }) => ({ healthy: Math.floor(total * ratio), total }));
      const got = priorityLoads(levels, routingDefaults);
      const sum = got.reduce((before, { load }) => before + load, 0);
      expect(sum).toBeCloseTo(1, 9);
      for (const [at, { load }] of got.entries()) {
        expect(load).toBeGreaterThanOrEqual(0);
        const healthy = levels[at]?.healthy ?? 0;
        if (load > 0 && levels.some((other) => other.healthy > 0)) expect(healthy).toBeGreaterThan(0);
      }
    }),
  );
});
