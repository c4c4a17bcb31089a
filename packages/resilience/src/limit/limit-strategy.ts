/** How a limit is found; each has a file of its own with the formula. */
export type LimitAlgorithm = 'gradient2' | 'vegas' | 'aimd';

/** What one window of calls showed. */
export interface LimitWindow {
  /** Mean time of the answered calls in milliseconds; undefined when none was answered. */
  readonly rttMs: number | undefined;
  /** Calls that were in flight at once, at most. */
  readonly inFlight: number;
  /** Share of the calls that were refused for overload or timed out, 0 to 1. */
  readonly droppedRatio: number;
}

/**
 * Finds how many calls a callee takes at once: windows in, number out. It has no clock and enforces nothing, so that it
 * can be tested with numbers alone.
 */
export interface LimitStrategy {
  /**
   * The limit after one more window, with fractions; not yet held within the least and the highest limit.
   * @param limit - the limit during the window.
   */
  next(limit: number, window: LimitWindow): number;
}

/** True when so little was in flight that the window says nothing about the limit: it was the load that was low. */
export function isSlack(limit: number, window: LimitWindow): boolean {
  return window.inFlight < limit / 2;
}
