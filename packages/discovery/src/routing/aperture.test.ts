import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sliceOf } from './aperture.js';

const alike = (count: number): readonly number[] => Array.from({ length: count }, () => 1);

/** What all clients together send to each server, each client the same, and how many servers each one calls. */
function load(clients: number, weights: readonly number[], size: number) {
  const loads = new Float64Array(weights.length);
  const called: number[] = [];
  for (let index = 0; index < clients; index++) {
    const slice = sliceOf(weights, { index, count: clients }, size);
    const whole = slice.reduce((sum, { index: at, part }) => sum + part * (weights[at] as number), 0);
    for (const { index: at, part } of slice)
      loads[at] = (loads[at] as number) + (part * (weights[at] as number)) / whole;
    called.push(slice.length);
  }
  const each = weights.map((weight, at) => (loads[at] as number) / weight);
  return { ratio: Math.max(...each) / Math.min(...each), fewest: Math.min(...called), most: Math.max(...called) };
}

describe('slices of clients', () => {
  test.each([
    [300, 300, 10],
    [100, 100, 12],
    [97, 41, 12],
    [41, 97, 12],
    [1000, 100, 20],
  ])(
    '%i × %i × %i: load all servers alike, with at least that many and at most two more connections each',
    (clients, servers, size) => {
      const { ratio, fewest, most } = load(clients, alike(servers), size);
      expect(ratio).toBeCloseTo(1, 9);
      expect(fewest).toBeGreaterThanOrEqual(size);
      expect(most).toBeLessThanOrEqual(size + 2);
    },
  );

  test('are wider where few clients have to reach all servers', () => {
    expect(load(10, alike(300), 12)).toEqual({ ratio: expect.closeTo(1, 9), fewest: 30, most: 30 });
  });

  test('are everything where the size is, and where there is one client', () => {
    expect(sliceOf(alike(5), { index: 2, count: 3 }, 12)).toHaveLength(5);
    expect(sliceOf(alike(50), { index: 0, count: 1 }, 12)).toHaveLength(50);
  });

  test('load every server by its weight, whatever weights and numbers there are, and are never smaller than asked', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), weights, fc.integer({ min: 1, max: 30 }), (clients, drawn, size) => {
        const { ratio, fewest } = load(clients, drawn, size);
        expect(ratio).toBeCloseTo(1, 6);
        expect(fewest).toBeGreaterThanOrEqual(Math.min(size, drawn.length));
      }),
    );
  });

  /** How many servers one client gives up and takes when one goes; the other way round, when one comes. That one itself does not count. */
  function change(clients: number, servers: number, size: number, client: number, gone: number) {
    const place = { index: client % clients, count: clients };
    const names = Array.from({ length: servers }, (_, index) => index);
    const left = names.filter((name) => name !== gone % servers);
    const many = new Set(sliceOf(alike(servers), place, size).map(({ index }) => names[index]));
    const few = new Set(sliceOf(alike(servers - 1), place, size).map(({ index }) => left[index]));
    const replaced = many.has(gone % servers) ? 1 : 0;
    return {
      givenUp: [...many].filter((name) => name !== gone % servers && !few.has(name)).length,
      taken: [...few].filter((name) => !many.has(name)).length - replaced,
    };
  }

  test.each([
    [100, 100, 12],
    [100, 101, 12],
    [300, 300, 10],
    [97, 41, 12],
  ])(
    'of %i clients of %i servers change by one or less on average when a server comes or goes',
    (clients, servers, size) => {
      let [givenUp, taken, count] = [0, 0, 0];
      for (let client = 0; client < clients; client += 3) {
        for (let gone = 0; gone < servers; gone += 5) {
          const changed = change(clients, servers, size, client, gone);
          givenUp += changed.givenUp;
          taken += changed.taken;
          count++;
        }
      }
      expect(Math.max(givenUp, taken) / count).toBeLessThanOrEqual(1.01);
    },
  );

  test('change by two at most whatever the numbers are, where clients are as many as servers or more', () => {
    const number = fc.integer({ min: 2, max: 120 });
    fc.assert(
      fc.property(
        number,
        number,
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        fc.nat(),
        (one, other, size, client, gone) => {
          const { givenUp, taken } = change(Math.max(one, other), Math.min(one, other), size, client, gone);
          expect(Math.max(givenUp, taken)).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 500 },
    );
  });
});
