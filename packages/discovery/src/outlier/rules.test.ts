import { seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { checkEjection, type EjectionOptions } from './ejection-options.js';
import { byFailureRatio } from './failure-ratio.js';
import type { Found, HostFigures } from './figures.js';
import { byLatency } from './latency-outliers.js';
import { bySuccessRate } from './success-rate.js';

const options = (some: Partial<EjectionOptions> = {}) => checkEjection(some);

/** Endpoints named by their place, each with so many failures of so many requests. */
function failing(...counts: readonly (readonly [failures: number, requests: number])[]): HostFigures<number>[] {
  return counts.map(([failures, requests], host) => ({
    host,
    requests,
    failures,
    timed: 0,
    relative: 0,
    spread: 0,
    typicalMs: 0,
  }));
}

/** Endpoints named by their place, each so many times as slow as usual. */
function taking(factors: readonly number[], { timed = 100, spread = 0.5, usualMs = 20 } = {}): HostFigures<number>[] {
  return factors.map((factor, host) => ({
    host,
    requests: timed,
    failures: 0,
    timed,
    relative: Math.log(factor),
    spread,
    typicalMs: usualMs * factor,
  }));
}

const hosts = (found: readonly Found<number>[]) => found.map(({ host }) => host);

describe('the failure ratio', () => {
  test('finds who fails 85 % of at least 50 requests, and nobody with less of either', () => {
    const found = byFailureRatio(failing([43, 50], [42, 50], [49, 49], [0, 100]), options());
    expect(found).toEqual([
      {
        host: 0,
        badness: 0.86,
        finding: { rule: 'failure-ratio', measured: 0.86, threshold: 0.85, requests: 50, failures: 43 },
      },
    ]);
  });

  test('finds nobody without a failure when the threshold is 0, and nobody at all when it is off', () => {
    expect(hosts(byFailureRatio(failing([0, 50], [1, 50]), options({ failureRatio: 0 })))).toEqual([1]);
    expect(byFailureRatio(failing([50, 50]), options({ failureRatio: false }))).toEqual([]);
  });
});

describe('the success rate', () => {
  const four = (failures: number): [number, number][] => [1, 2, 3, 4].map(() => [failures, 100]);

  test('finds who is below the mean by 1.9 standard deviations, with the threshold that it was measured by', () => {
    const [found, ...more] = bySuccessRate(failing(...four(1), [30, 100]), options());
    expect(more).toEqual([]);
    expect(found).toMatchObject({ host: 4, finding: { rule: 'success-rate', requests: 100, failures: 30 } });
    expect(found?.finding.measured).toBeCloseTo(0.7, 10);
    // Mean 0.932, standard deviation 0.116.
    expect(found?.finding.threshold).toBeCloseTo(0.7116, 10);
  });

  test('needs five endpoints with a hundred requests each', () => {
    expect(bySuccessRate(failing(...four(1).slice(1), [60, 100]), options())).toEqual([]);
    expect(bySuccessRate(failing(...four(1), [60, 99]), options())).toEqual([]);
    expect(hosts(bySuccessRate(failing(...four(1), [60, 99]), options({ successRateRequests: 99 })))).toEqual([4]);
    expect(hosts(bySuccessRate(failing([1, 100], [1, 100], [60, 100]), options({ successRateHosts: 3 })))).toEqual([]);
  });

  test('leaves alone who is lowest only by chance, or by too little to matter', () => {
    // Below the mean by two standard deviations, but three failures instead of none are chance.
    expect(bySuccessRate(failing(...four(0), [3, 100]), options())).toEqual([]);
    expect(hosts(bySuccessRate(failing(...four(0), [10, 100]), options()))).toEqual([4]);
    // No chance with a million requests, but 1.2 instead of 1 % are the same to whoever calls.
    const many: [number, number][] = [1, 2, 3, 4].map(() => [10_000, 1_000_000]);
    expect(bySuccessRate(failing(...many, [12_000, 1_000_000]), options())).toEqual([]);
    expect(hosts(bySuccessRate(failing(...many, [12_000, 1_000_000]), options({ successRateMargin: 0 })))).toEqual([4]);
  });

  test('finds nobody among many that all fail as often, in a thousand rounds of chance', () => {
    const random = seededRandom(11);
    let found = 0;
    for (let round = 0; round < 1000; round++) {
      const counts = Array.from({ length: 10 }, (): [number, number] => {
        let failures = 0;
        for (let call = 0; call < 200; call++) if (random() < 0.05) failures++;
        return [failures, 200];
      });
      found += bySuccessRate(failing(...counts), options()).length;
    }
    expect(found).toBe(0);
  });

  test('can be turned off', () => {
    expect(bySuccessRate(failing(...four(0), [100, 100]), options({ successRateDeviations: false }))).toEqual([]);
  });
});

describe('the latency', () => {
  test('finds who is five times as slow as the median of the others, and says by how much', () => {
    const found = byLatency(taking([1, 1.2, 0.8, 12, 4]), options());
    expect(hosts(found)).toEqual([3]);
    const { measured, threshold, latencyMs, othersMs, rule } = found[0]!.finding;
    expect({ rule, threshold, latencyMs }).toEqual({ rule: 'latency', threshold: 5, latencyMs: 240 });
    expect(measured).toBeCloseTo(12 / Math.sqrt(1 * 1.2), 10);
    expect(othersMs).toBeCloseTo(240 / measured, 10);
  });

  test('finds nobody when all are slow, or most', () => {
    expect(byLatency(taking([50, 50, 60, 55]), options())).toEqual([]);
    expect(byLatency(taking([1, 20, 20, 20]), options())).toEqual([]);
  });

  test('compares two with each other, and one with nobody', () => {
    expect(hosts(byLatency(taking([1, 11]), options()))).toEqual([1]);
    expect(byLatency(taking([100]), options())).toEqual([]);
  });

  test('is not fooled by few or scattered samples, nor by what is slow only in proportion', () => {
    expect(byLatency([...taking([1, 1, 1]), ...taking([30], { timed: 19 })], options())).toEqual([]);
    expect(byLatency(taking([1, 1, 1, 12], { timed: 30, spread: 3 }), options())).toEqual([]);
    expect(byLatency(taking([1, 1, 1, 12], { usualMs: 0.3 }), options())).toEqual([]);
    expect(hosts(byLatency(taking([1, 1, 1, 12], { usualMs: 0.3 }), options({ latencyExcessMs: 1 })))).toEqual([3]);
  });

  test('has a factor, and can be turned off', () => {
    expect(hosts(byLatency(taking([1, 1, 1, 4]), options({ latencyFactor: 3 })))).toEqual([3]);
    expect(byLatency(taking([1, 1, 1, 400]), options({ latencyFactor: false }))).toEqual([]);
  });
});

describe('the options of ejection', () => {
  test.each<[Partial<EjectionOptions>, string]>([
    [{ failureRatio: 1.2 }, 'failureRatio must be a number from 0 to 1, or false, not 1.2'],
    [{ consecutiveFailures: 0 }, 'consecutiveFailures must be a whole number from 1 to 1000, or false, not 0'],
    [{ latencyFactor: Number.NaN }, 'latencyFactor must be a number from 1.5 to 1000, or false, not NaN'],
    [{ sweepMs: 10 }, 'sweepMs must be a number from 100 to 3600000 ms, not 10'],
    [{ slowStartAggression: 0 }, 'slowStartAggression must be a number from 0.1 to 10, not 0'],
    [{ baseMs: 400_000 }, 'baseMs (400000 ms) must not be longer than maxMs (300000 ms)'],
    [{ reconnectMaxMs: 10 }, 'reconnectMinMs (1000 ms) must not be longer than reconnectMaxMs (10 ms)'],
  ])('refuse %o', (given, message) => {
    expect(() => options(given)).toThrow(message);
  });
});
