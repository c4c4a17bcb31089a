/** How long to pause before the next attempt: by a growing bound (the kernel's backoff), a list, or somebody's own function. */
import type { CallContext, Growth } from '@fwk/kernel';

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

/** How long to pause: a growing bound, pauses one after the other, or a function that computes each. */
export type Backoff = Growth | Iterable<number> | ((failed: FailedAttempt) => number);

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
