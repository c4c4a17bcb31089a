/**
 * How long to pause before the next attempt: by a growing bound, a list, or somebody's own function.
 *
 * Bounds are drawn from with jitter: `bound · (1 − jitter + jitter · random)`. With 1, *full jitter*, that is
 * `U(0, bound)` (AWS Architecture Blog, "Exponential Backoff and Jitter"): drawing from the whole range spreads a herd best;
 * half of the range, or a jitter of some percent, keeps its waves.
 */
import type { CallContext } from '@fwk/kernel';

/** Beyond this the bound is far above any cap, and much beyond it 0 · 2^n would be no number. */
const LARGEST_EXPONENT = 40;
/** More pauses than this never follow each other: `maxAttempts` is 20 at most. */
const MOST_PAUSES = 20;
/** The longest pause there is, in milliseconds. */
export const LONGEST_PAUSE_MS = 3_600_000;

/** An attempt that failed, and after which there will be a pause. */
export interface FailedAttempt {
  /** Attempts that were made so far, this one included: 1 before the first pause. */
  readonly attempt: number;
  /** What it failed with; undefined when the classifier calls its result a failure. */
  readonly error: unknown;
  /** The result that counts as a failure; undefined when it failed with an error. */
  readonly result: unknown;
  readonly context: CallContext;
}

/** How a bound grows with the pauses: `base · 2^n`, `base · (n + 1)`, `base`, for the n-th pause from 0. */
export type Growth = 'exponential' | 'linear' | 'fixed';

/** How long to pause: a growing bound, pauses one after the other, or a function that computes each. */
export type Backoff = Growth | Iterable<number> | ((failed: FailedAttempt) => number);

/** The names of {@link Growth}. */
export const growths: readonly Growth[] = Object.freeze(['exponential', 'linear', 'fixed']);

/** The bound of the n-th pause from 0. */
export function boundOf(growth: Growth, pause: number, baseMs: number, capMs: number): number {
  const factor =
    growth === 'exponential' ? 2 ** Math.min(pause, LARGEST_EXPONENT) : growth === 'linear' ? pause + 1 : 1;
  return Math.min(capMs, baseMs * factor);
}

/** A pause below a bound. @param jitter - the share of the bound that is drawn, 0 to 1 */
export function jittered(random: () => number, boundMs: number, jitter: number): number {
  return boundMs * (1 - jitter + jitter * random());
}

const read = new WeakMap<Iterable<number>, readonly number[]>();

/** The pauses of a list. What can be read only once, such as a generator, is read once, and without end only so far. */
export function pausesOf(list: Iterable<number>): readonly number[] {
  if (Array.isArray(list)) return list;
  let pauses = read.get(list);
  if (pauses === undefined) {
    const taken: number[] = [];
    for (const pauseMs of list) {
      taken.push(pauseMs);
      if (taken.length === MOST_PAUSES) break;
    }
    pauses = taken;
    read.set(list, pauses);
  }
  return pauses;
}

/** Whether a number can be a pause. */
export function isPause(pauseMs: unknown): pauseMs is number {
  return typeof pauseMs === 'number' && pauseMs >= 0 && pauseMs <= LONGEST_PAUSE_MS;
}
