/** What a breaker measures: how many of the recent calls failed and how many were slow. */
export interface OutcomeWindow {
  /** Counts one call. */
  record(nowMs: number, failed: boolean, slow: boolean): void;
  /** Drops what has become too old; a window over a number of calls knows no age. */
  advance(nowMs: number): void;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Forgets everything and takes over counts of another window, as if all of it had happened now. */
  restore(nowMs: number, calls: number, failures: number, slow: number): void;
  /** Forgets everything. */
  clear(): void;
}
