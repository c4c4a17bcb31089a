import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDigest, type LatencyDigest } from './latency-digest.js';

/** From a microsecond to an hour, in every order of magnitude alike. */
const latency = fc.double({ min: Math.log(0.001), max: Math.log(3_600_000), noNaN: true }).map(Math.exp);
const latencies = fc.array(latency, { maxLength: 300 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function digestOf(recorded: readonly number[]): LatencyDigest {
  const digest = createDigest();
  for (const ms of recorded) digest.record(ms);
  return digest;
}

/** Nearest rank in the sorted list of everything. */
function exactQuantile(recorded: readonly number[], q: number): number | undefined {
  return recorded.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * recorded.length)) - 1];
}

/** Equal up to the rounding of the last digits. */
function expectSame(one: LatencyDigest, other: LatencyDigest): void {
  expect(one.count).toBe(other.count);
  expect(one.sumMs).toBeCloseTo(other.sumMs, 3);
  for (const q of [0, 0.1, 0.5, 0.9, 0.99, 1]) expect(one.quantile(q)).toBe(other.quantile(q));
}

describe('a latency digest', () => {
  test('answers each quantile within 2 % of the exact one', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), share, (recorded, q) => {
        const exact = exactQuantile(recorded, q) as number;
        const answered = digestOf(recorded).quantile(q) as number;
        expect(Math.abs(answered - exact) / exact).toBeLessThanOrEqual(0.02 + 1e-9);
      }),
    );
  });

  test('knows count and mean, and exactly the fastest and the slowest', () => {
    const { p50Ms, ...exact } = digestOf([4, 1, 7, 100]).snapshot();
    expect(exact).toMatchObject({ count: 4, meanMs: 28, minMs: 1, maxMs: 100, p99Ms: 100 });
    expect(Math.abs(p50Ms - 4)).toBeLessThanOrEqual(0.08);
  });

  test('has no quantile and an empty snapshot while nothing was recorded', () => {
    expect(createDigest().quantile(0.95)).toBeUndefined();
    expect(Object.values(createDigest().snapshot()).every((value) => value === 0)).toBe(true);
  });

  test('leaves out what is no latency, and keeps extremes within a microsecond and an hour', () => {
    const digest = digestOf([Number.NaN, -1, 0, Number.POSITIVE_INFINITY]);
    expect(digest.snapshot()).toMatchObject({ count: 2, minMs: 0.001, maxMs: 3_600_000 });
  });

  test('stays small, whatever is recorded', () => {
    const digest = createDigest();
    for (let ms = 0.001; ms < 4_000_000; ms *= 1.001) digest.record(ms);
    let kept = 0;
    digest.forEachBucket(() => {
      kept++;
    });
    expect(kept).toBeLessThan(560);
  });

  test('starts again after it was cleared', () => {
    const digest = digestOf([5, 500]);
    digest.clear();
    digest.record(20);
    expectSame(digest, digestOf([20]));
  });
});

describe('merging latency digests', () => {
  test('gives the digest of all latencies together', () => {
    fc.assert(
      fc.property(latencies, latencies, (one, other) => {
        const merged = digestOf(one);
        merged.merge(digestOf(other));
        expectSame(merged, digestOf([...one, ...other]));
      }),
    );
  });

  test('changes nothing when one of them is empty', () => {
    fc.assert(
      fc.property(latencies, (recorded) => {
        const [left, right] = [digestOf(recorded), createDigest()];
        left.merge(createDigest());
        right.merge(digestOf(recorded));
        expectSame(left, digestOf(recorded));
        expectSame(right, digestOf(recorded));
      }),
    );
  });

  test('leaves the other one as it was, and doubles a digest that is merged with itself', () => {
    const [one, other] = [digestOf([1, 30]), digestOf([900])];
    one.merge(other);
    expectSame(other, digestOf([900]));
    one.merge(one);
    expectSame(one, digestOf([1, 1, 30, 30, 900, 900]));
  });
});
