import type { OpossumEngine } from './opossum.js';

/** What a breaker does with calls. The first three follow each other; the others are set by hand and stay. */
export type BreakerState = 'closed' | 'open' | 'half-open' | ManualState;

/**
 * - `forced-open` refuses every call, with no probe planned.
 * - `forced-closed` lets every call through and goes on measuring.
 * - `metrics-only` does the same and says `breaker.threshold-exceeded` where it would have opened.
 * - `disabled` lets every call through and measures nothing.
 */
export type ManualState = 'forced-open' | 'forced-closed' | 'disabled' | 'metrics-only';

/** The manual states, for checking what people ask for. */
export const manualStates: readonly ManualState[] = Object.freeze([
  'forced-open',
  'forced-closed',
  'disabled',
  'metrics-only',
]);

/** Whether somebody has set it by hand. */
export function isManual(state: BreakerState): state is ManualState {
  return manualStates.includes(state as ManualState);
}

/** What may open a breaker. */
export const openingRules = Object.freeze([
  'failure-ratio',
  'slow-call-ratio',
  'consecutive-failures',
  'probe-failed',
  'probe-hung',
  'manual',
] as const);

/** What opened a breaker. */
export type OpeningRule = (typeof openingRules)[number];

/** Why, when and for how long a breaker opened. */
export interface OpeningRecord {
  readonly rule: OpeningRule;
  /** What was measured: a ratio, a number of failures, or milliseconds for a hung probe. */
  readonly measured: number;
  readonly threshold: number;
  /** Counts of the window at that moment. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** The most frequent errors since failures began, by code or name. */
  readonly topErrors: readonly { readonly error: string; readonly count: number }[];
  /** Trace of the first of these failures, if traces are known. */
  readonly firstTraceId: string | undefined;
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  readonly openForMs: number;
  /** Wall-clock milliseconds since the epoch of the first possible probe. */
  readonly nextProbeAtMs: number;
  /** How often in a row it has opened without closing in between; the first time is 1. */
  readonly times: number;
}

/** Counts since the breaker was made; every admitted call ends in exactly one of them, every refused one in `rejected`. */
export interface BreakerTotals {
  readonly successes: number;
  readonly failures: number;
  /** Ended neither way: the caller gave up, asked for something impossible, or was refused by a layer below. */
  readonly ignored: number;
  readonly rejected: number;
  /** Ended after the state had changed, so that they counted for nothing. */
  readonly stale: number;
  /** Passed through while disabled. */
  readonly unmeasured: number;
}

/** A breaker as it is at one moment; plain data. */
export interface BreakerSnapshot {
  readonly name: string;
  readonly path: string;
  /** Left out for one that stands before no particular endpoint. */
  readonly endpoint?: string;
  readonly state: BreakerState;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  readonly consecutiveFailures: number;
  readonly probesInFlight: number;
  /** True while it opens by no rule yet, since it was built only just now; see `warmUpMs`. */
  readonly warmingUp: boolean;
  readonly totals: BreakerTotals;
  /** How it opened last; undefined if it never did, or was reset. */
  readonly opening: OpeningRecord | undefined;
}

/** What a breaker exports and imports; survives JSON. */
export interface BreakerStateRecord {
  /** Of this format. */
  readonly version: 1;
  readonly name: string;
  readonly state: BreakerState;
  /** Counts of the window. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  readonly consecutiveFailures: number;
  /** Wall-clock milliseconds since the epoch. */
  readonly exportedAtMs: number;
  /** How it opened last; present while it is open or half-open. */
  readonly opening?: OpeningRecord | undefined;
}

/** A breaker to look at and to set by hand. */
export interface BreakerHandle {
  readonly name: string;
  readonly path: string;
  /** Id of the endpoint before which it stands; undefined for one that stands before no particular one. */
  readonly endpoint: string | undefined;
  /** An open breaker whose probe is due still reads `open`: it changes with the next call. */
  readonly state: BreakerState;
  readonly opening: OpeningRecord | undefined;
  snapshot(): BreakerSnapshot;
  /** Sets a manual state; it stays until {@link reset}. @throws UnknownStateError for anything else */
  force(state: ManualState): void;
  /** Closes it and forgets what was measured. */
  reset(): void;
  /** The state as plain data, to keep over a restart or hand to another process. */
  export(): BreakerStateRecord;
  /**
   * Goes on where another breaker of this name was. An open one stays open until the wall-clock time at which it would have probed; one
   * that was probing probes anew; counts of a window that has passed are forgotten.
   * @throws OptionsError for anything but a record that {@link export} of a breaker of this name could have answered
   */
  import(record: BreakerStateRecord): void;
  /** The opossum object underneath: its events, `stats` and `toJSON()` are those of any opossum breaker. */
  readonly engine: OpossumEngine;
}
