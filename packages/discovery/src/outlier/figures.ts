/** What a sweep knows of one endpoint, for the rules that compare endpoints. */
import { ABSOLUTE, CALLS, FAILURES, type HostWindow, RELATIVE, RELATIVE_SQUARES, TIMED } from './host-window.js';

/** Which rule put an endpoint out. */
export type EjectionRule = 'connection-failed' | 'consecutive-failures' | 'failure-ratio' | 'success-rate' | 'latency';

/** One endpoint over the window. */
export interface HostFigures<H> {
  readonly host: H;
  readonly requests: number;
  readonly failures: number;
  /** Calls of which the time is known. */
  readonly timed: number;
  /** Mean of ln(time / usual time of the operation); 0 where all is as usual. */
  readonly relative: number;
  /** Standard deviation of the same. */
  readonly spread: number;
  /** Geometric mean of the times, in milliseconds. */
  readonly typicalMs: number;
}

/** What a rule found out about an endpoint. */
export interface Finding {
  readonly rule: EjectionRule;
  /** What was counted or computed: failures in a row, a ratio, a success rate, how many times as slow as the others. */
  readonly measured: number;
  /** At which value the rule acts. */
  readonly threshold: number;
  /** Calls that were looked at, and those of them that failed. */
  readonly requests: number;
  readonly failures: number;
  /** How long calls take there, and would take at the others; in milliseconds, for `latency` only. */
  readonly latencyMs?: number;
  readonly othersMs?: number;
}

/** A finding of a sweep, with the endpoint and how bad it is: the worst go first where not all may. */
export interface Found<H> {
  readonly host: H;
  readonly finding: Finding;
  readonly badness: number;
}

/** Reads the figures of an endpoint. */
export function figuresOf<H>(host: H, window: HostWindow): HostFigures<H> {
  const timed = window.total(TIMED);
  const relative = timed === 0 ? 0 : window.total(RELATIVE) / timed;
  const variance = timed === 0 ? 0 : window.total(RELATIVE_SQUARES) / timed - relative * relative;
  return {
    host,
    requests: window.total(CALLS),
    failures: window.total(FAILURES),
    timed,
    relative,
    spread: Math.sqrt(Math.max(0, variance)),
    typicalMs: timed === 0 ? 0 : Math.exp(window.total(ABSOLUTE) / timed),
  };
}
