/** What is measured of one variant of an experiment, and how two of them compare. */
import { createDigest, type LatencyDigest } from '@fwk/kernel';

/** Mean and spread of numbers that come one by one, after Welford: exact where sums of squares are not. */
export class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  /** Of the numbers that came, with n − 1; 0 for less than two. */
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }
}

/** What was measured of one variant. */
export interface Tally {
  calls: number;
  errors: number;
  readonly latency: LatencyDigest;
  readonly metrics: ReadonlyMap<string, Moments>;
}

/** @param metrics - names of the experiment's own metrics; no others are kept. */
export function newTally(metrics: readonly string[]): Tally {
  return {
    calls: 0,
    errors: 0,
    latency: createDigest(),
    metrics: new Map(metrics.map((name) => [name, new Moments()])),
  };
}

/** A difference to the control, and the interval that holds the true one in 95 of 100 experiments. */
export interface Difference {
  readonly difference: number;
  readonly from: number;
  readonly to: number;
  /** Whether the interval leaves 0 out. */
  readonly significant: boolean;
}

/** Below it, nothing is said about a difference: the normal distribution stands in for the true one. */
export const fewestSamples = 30;

/** How the error ratios of two variants differ; undefined while one has too few calls. */
export function errorDifference(variant: Tally, control: Tally): Difference | undefined {
  const [p, q] = [variant.errors / variant.calls, control.errors / control.calls];
  return difference(p - q, [p * (1 - p), variant.calls], [q * (1 - q), control.calls]);
}

/** How two means differ; undefined while one has too few values. */
export function meanDifference(variant: Moments, control: Moments): Difference | undefined {
  return difference(variant.mean - control.mean, [variant.variance, variant.count], [control.variance, control.count]);
}

type Sample = readonly [variance: number, count: number];

/** Welch: each sample with its own variance. */
function difference(value: number, [one, n]: Sample, [other, m]: Sample): Difference | undefined {
  if (n < fewestSamples || m < fewestSamples) return undefined;
  const margin = 1.96 * Math.sqrt(one / n + other / m);
  const [from, to] = [value - margin, value + margin];
  return { difference: value, from, to, significant: from > 0 || to < 0 };
}
