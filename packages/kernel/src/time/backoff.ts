/**
 * How long to pause before something that failed is tried again: a bound that grows with the failures in a row, up to a cap,
 * and chance, so that those who failed together do not come back together.
 *
 *     exponential:  min(cap, base · factor^n)      linear:  min(cap, base · (n + 1))      fixed:  min(cap, base)
 *     jittered:     bound · (1 − jitter + jitter · random)
 *
 * With a jitter of 1, *full jitter*, a pause is drawn from the whole range up to the bound: that spreads a herd best (AWS
 * Architecture Blog, "Exponential Backoff and Jitter"); half of the range, or a jitter of some percent, keeps its waves.
 */

/** How a bound grows with the pauses. */
export type Growth = 'exponential' | 'linear' | 'fixed';

/** The names of {@link Growth}. */
export const growths: readonly Growth[] = Object.freeze(['exponential', 'linear', 'fixed']);

/** The bounds of one row of pauses, in milliseconds. */
export interface BackoffShape {
  /** The first bound. */
  readonly baseMs: number;
  /** No bound is longer. */
  readonly capMs: number;
  /** @defaultValue 'exponential' */
  readonly growth?: Growth;
  /** By what an exponential bound is multiplied each time. @defaultValue 2 */
  readonly factor?: number;
}

/** The bound of the n-th pause in a row, from 0; finite for any number. */
export function backoffBound(n: number, { baseMs, capMs, growth = 'exponential', factor = 2 }: BackoffShape): number {
  // A base of 0 stays 0; 0 · Infinity would be NaN.
  if (baseMs === 0) return 0;
  const grown = growth === 'exponential' ? factor ** n : growth === 'linear' ? n + 1 : 1;
  return Math.min(capMs, baseMs * grown);
}

/** Shortens a bound by chance. @param jitter - the share of the bound that is drawn, 0 to 1 */
export function jittered(boundMs: number, jitter: number, random: () => number): number {
  return boundMs * (1 - jitter + jitter * random());
}

/** Lengthens a pause by chance, for one that must not be shorter. @param share - of the pause, at most so much more */
export function stretched(pauseMs: number, share: number, random: () => number): number {
  return pauseMs * (1 + share * random());
}
