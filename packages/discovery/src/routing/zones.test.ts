import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ZoneCounts, zoneShares } from './zones.js';

const counts = (record: Readonly<Record<string, number>>): ZoneCounts => new Map(Object.entries(record));
const percents = (shares: ReadonlyMap<string, number> | undefined) =>
  shares && Object.fromEntries([...shares].map(([zone, share]) => [zone, Math.round(share * 10_000) / 100]));

test.each([
  // Envoy's ZoneAwareRoutingSmallZone: a third of the callers, a fifth of the called.
  [
    { a: 1, b: 2, c: 2 },
    { a: 1, b: 1, c: 1 },
    { a: 60, b: 20, c: 20 },
  ],
  // ZoneAwareRoutingLargeZone: the own zone has more than its callers need.
  [{ a: 3, b: 2, c: 1 }, { a: 1, b: 1, c: 1 }, { a: 100 }],
  [{ a: 2, b: 2, c: 2 }, { a: 1, b: 1, c: 1 }, { a: 100 }],
  // ZoneAwareNoMatchingZones: nobody of the called is in the own zone.
  [
    { b: 3, c: 3 },
    { a: 2, b: 1, c: 1 },
    { b: 50, c: 50 },
  ],
  [
    { a: 1, b: 5 },
    { a: 1, b: 1 },
    { a: 33.33, b: 66.67 },
  ],
  [
    { a: 1, b: 4, c: 5 },
    { a: 5, b: 4, c: 1 },
    { a: 20, c: 80 },
  ],
  [
    { a: 2, b: 4, c: 4 },
    { a: 4, b: 2, c: 2 },
    { a: 40, b: 30, c: 30 },
  ],
])('with %j called and %j callers, calls from zone a go %j %%', (upstream, local, wanted) => {
  expect(percents(zoneShares('a', counts(upstream), counts(local)))).toEqual(wanted);
});

test('one zone alone, and one that nobody could relieve, are no reason to regard zones', () => {
  expect(zoneShares('a', counts({ a: 9 }), counts({ a: 1, b: 1 }))).toBeUndefined();
  expect(zoneShares('a', counts({ b: 9 }), counts({ a: 1 }))).toBeUndefined();
});

test('callers that are not known count as alike in all zones', () => {
  expect(percents(zoneShares('a', counts({ a: 1, b: 3 }), new Map()))).toEqual({ a: 50, b: 50 });
  expect(percents(zoneShares('a', counts({ a: 1, b: 3 }), counts({ b: 7 })))).toEqual({ a: 50, b: 50 });
  expect(percents(zoneShares('x', counts({ a: 3, b: 3 }), new Map()))).toEqual({ a: 50, b: 50 });
});

test('when all callers follow it, every endpoint gets the same, in whichever zones they are', () => {
  const zone = fc.record({ callers: fc.integer({ min: 1, max: 40 }), called: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.array(zone, { minLength: 2, maxLength: 5 }), (zones) => {
      const upstream = counts(Object.fromEntries(zones.map(({ called }, at) => [`z${at}`, called])));
      const local = counts(Object.fromEntries(zones.map(({ callers }, at) => [`z${at}`, callers])));
      const got = new Map<string, number>();
      for (const [own, callers] of local) {
        const shares = zoneShares(own, upstream, local) ?? new Map();
        expect([...shares.values()].reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const [name, share] of shares) got.set(name, (got.get(name) ?? 0) + callers * share);
      }
      const each = [...upstream].map(([name, called]) => (got.get(name) ?? 0) / called);
      expect(Math.max(...each) / Math.min(...each)).toBeCloseTo(1, 6);
    }),
  );
});
