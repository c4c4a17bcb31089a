/**
 * What one balancer has learnt about one endpoint from its own calls. Plain state: when it ends is compared with the clock
 * on the next call, so an ejected endpoint costs no timer.
 */
import { backoffBound, jittered, stretched } from '@fwk/kernel';
import type { EjectionOptions } from './ejection-options.js';
import { FailingOperation } from './failing-operation.js';
import type { Finding } from './figures.js';
import type { HostWindow } from './host-window.js';

/** Why an endpoint is not picked. */
export interface EjectionRecord extends Finding {
  /** Which ejection in a row this is; each makes the next longer. */
  readonly times: number;
  /** Monotonic time of the ejection. */
  readonly atMs: number;
  /** Monotonic time at which one call may try it. */
  readonly dueMs: number;
  /** Both for people: wall-clock milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Message of the last error; empty where nothing failed. */
  readonly error: string;
}

/** What speaks for an ejection that was withheld, because enough endpoints are out. */
export interface WithheldEjection extends Finding {
  /** Wall-clock milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Message of the last error; empty where nothing failed. */
  readonly error: string;
}

/** Failures and ejections of one endpoint. */
export class EndpointHealth {
  consecutiveFailures = 0;
  ejection: EjectionRecord | undefined;
  withheld: WithheldEjection | undefined;
  /** True while one call tries the ejected endpoint, to see whether it is back. */
  onTrial = false;
  /** Its latest calls; made when there is one. */
  window: HostWindow | undefined;
  /** Message of the last error. */
  lastError = '';
  /** When slow start began for it, in monotonic time; −Infinity when it never did. */
  startsMs = Number.NEGATIVE_INFINITY;
  /** Calls that began before this monotonic time are not counted: the endpoint was out in between. */
  countsFromMs = Number.NEGATIVE_INFINITY;
  /** Which operations failed since the last sweep. */
  readonly failing = new FailingOperation();
  /** The operation that failed, while all failures in a row were of one. */
  #failingInRow: string | undefined;
  /** The operation that was answered last, and when. */
  #answered = '';
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #times = 0;
  /** Since when it is back; undefined while it is out. */
  #backSinceMs: number | undefined = 0;

  /** A call of this operation failed in a way that says something about the endpoint. */
  failed(operation: string): void {
    if (this.consecutiveFailures === 0) this.#failingInRow = operation;
    else if (this.#failingInRow !== operation) this.#failingInRow = undefined;
    this.consecutiveFailures++;
  }

  /** A call of this operation was answered. */
  answered(operation: string, nowMs: number): void {
    this.#answered = operation;
    this.#answeredAtMs = nowMs;
  }

  /**
   * Whether all failures in a row were of one operation, and another was answered lately: then that operation is what fails,
   * and the host is well.
   */
  isOfOneOperation(nowMs: number, latelyMs: number): boolean {
    if (this.#failingInRow === undefined || this.#failingInRow === this.#answered) return false;
    return nowMs - this.#answeredAtMs < latelyMs;
  }

  /** Puts the endpoint out, for longer each time in a row. */
  eject(finding: Finding, now: Moment, options: EjectionOptions): EjectionRecord {
    this.#forget(now.ms, options);
    this.#times++;
    const delayMs =
      finding.rule === 'connection-failed' ? this.#reconnectMs(now, options) : this.#ejectMs(now, options);
    this.#backSinceMs = undefined;
    this.onTrial = false;
    this.withheld = undefined;
    this.ejection = {
      ...finding,
      times: this.#times,
      atMs: now.ms,
      dueMs: now.ms + delayMs,
      sinceMs: this.ejection?.sinceMs ?? now.wallMs,
      untilMs: now.wallMs + delayMs,
      error: this.lastError,
    };
    return this.ejection;
  }

  /** Takes it back. What it did is forgotten, but for how often it was out, which is forgotten only with time. */
  readmit(nowMs: number): void {
    this.ejection = undefined;
    this.onTrial = false;
    this.consecutiveFailures = 0;
    this.lastError = '';
    this.window?.clear();
    this.failing.clear();
    this.#backSinceMs = nowMs;
    this.countsFromMs = nowMs;
  }

  /** One ejection less for each sweep without one, counted from its return. */
  #forget(nowMs: number, { sweepMs }: EjectionOptions): void {
    if (this.#backSinceMs === undefined) return;
    this.#times = Math.max(0, this.#times - Math.floor((nowMs - this.#backSinceMs) / sweepMs));
  }

  /** 30 s × times up to the longest, and up to a tenth more, so that clients do not come back in step. */
  #ejectMs({ random }: Moment, { baseMs, maxMs }: EjectionOptions): number {
    const boundMs = backoffBound(this.#times - 1, { growth: 'linear', baseMs, capMs: maxMs });
    return stretched(boundMs, 0.1, random);
  }

  /**
   * Full jitter over a doubling range that starts at the shortest pause: a pause drawn near 0 would send the next call to a
   * process that was refused a millisecond ago, before any registry could have noticed.
   */
  #reconnectMs({ random }: Moment, { reconnectMinMs, reconnectMaxMs }: EjectionOptions): number {
    const grown = backoffBound(this.#times, { baseMs: reconnectMinMs, capMs: reconnectMaxMs });
    const boundMs = Math.max(reconnectMinMs, grown);
    return jittered(boundMs, 1 - reconnectMinMs / boundMs, random);
  }
}

/** The time and the randomness of one decision. */
export interface Moment {
  readonly ms: number;
  readonly wallMs: number;
  readonly random: () => number;
}
