/** The permits of one key, by whichever algorithm. Counts only: it has no clock, so that numbers alone test it. */
export interface Permits {
  /** Takes one if it is there. */
  take(nowMs: number): boolean;
  /** Milliseconds until `count` permits will have been there for the taking, one after the other; 0 when they are. */
  waitMs(count: number, nowMs: number): number;
  /** True when all are there: forgetting the key would change nothing, a new one starts full as well. */
  full(nowMs: number): boolean;
}

/** How many permits a window has and how long it is; read anew each time, since both may be live. */
export interface WindowShape {
  readonly permits: number;
  readonly windowMs: number;
}
