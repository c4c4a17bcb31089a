import type { CostRow } from './cost-account.js';

/**
 * How the caller of a row is known: `certificate` proven by the certificate that it showed, `claim` only what it says of itself,
 * `none` not at all; `folded` for those that were too many to be told apart.
 */
export type CallerSource = 'certificate' | 'claim' | 'none' | 'folded';

/** What one caller used of one operation in one period. */
export interface UsageRow {
  /** Empty for `none` and `folded`. */
  readonly caller: string;
  readonly callerFrom: CallerSource;
  readonly operation: string;
  readonly calls: number;
  /** Of them, those answered with a status from 500 on. */
  readonly failed: number;
  /** Time from the arrival of requests to their answers, summed. */
  readonly timeMs: number;
  /** Bodies as they were after decoding and before compression; heads do not count. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** A period that is over: it never changes any more. */
export interface UsagePeriod {
  /** Counted from 1 by the instance since its start, without gaps. With `instance` and `boot` it names the period for ever. */
  readonly sequence: number;
  /** ISO 8601, by the instance's wall clock. */
  readonly start: string;
  readonly end: string;
  readonly rows: readonly UsageRow[];
  /** What this instance's own calls of others cost, where some of them have a price. */
  readonly costs?: readonly CostRow[];
}

/** A row while its period is open. */
export class OpenRow {
  calls = 0;
  failed = 0;
  timeMs = 0;
  requestBytes = 0;
  responseBytes = 0;
  readonly caller: string;
  readonly callerFrom: CallerSource;
  readonly operation: string;

  constructor(caller: string, callerFrom: CallerSource, operation: string) {
    this.caller = caller;
    this.callerFrom = callerFrom;
    this.operation = operation;
  }

  add(timeMs: number, failed: boolean, requestBytes: number, responseBytes: number): void {
    this.calls++;
    if (failed) this.failed++;
    this.timeMs += timeMs;
    this.requestBytes += requestBytes;
    this.responseBytes += responseBytes;
  }

  closed(): UsageRow {
    const { caller, callerFrom, operation, calls, failed, requestBytes, responseBytes } = this;
    // Sums of fractions end in digits that mean nothing.
    const timeMs = Math.round(this.timeMs * 1000) / 1000;
    return { caller, callerFrom, operation, calls, failed, timeMs, requestBytes, responseBytes };
  }
}
