/**
 * What one balancer has learnt about one endpoint from its own calls. Plain state: when it ends is compared with the clock
 * on the next call, so an ejected endpoint costs no timer.
 */
import { backoffBound, jittered, stretched } from '@fwk/kernel';
import type { EjectionOptions } from './ejection-options.js';

/** Which rule put an endpoint out. */
export type EjectionRule = 'connection-failed' | 'consecutive-failures';

/** Why an endpoint is not picked. */
export interface EjectionRecord {
  readonly rule: EjectionRule;
  /** What was counted: failures in a row. */
  readonly measured: number;
  /** At how many the rule acts. */
  readonly threshold: number;
  /** Which ejection in a row this is; each makes the next longer. */
  readonly times: number;
  /** Monotonic time of the ejection. */
  readonly atMs: number;
  /** Monotonic time at which one call may try it. */
  readonly dueMs: number;
  /** The same for people: wall-clock milliseconds since the epoch. */
  readonly untilMs: number;
  /** Message of the last error. */
  readonly error: string;
}

/** Failures and ejections of one endpoint. */
export class EndpointHealth {
  consecutiveFailures = 0;
  ejection: EjectionRecord | undefined;
  /** True while one call tries an ejected endpoint whose time has come. */
  probing = false;
  /** The operation that failed, while all failures in a row were of one. */
  #failing: string | undefined;
  /** The operation that was answered last, and when. */
  #answered = '';
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #times = 0;
  /** Since when it is back; undefined while it is out. */
  #backSinceMs: number | undefined = 0;

  /** A call of this operation failed. */
  failed(operation: string): void {
    if (this.consecutiveFailures === 0) this.#failing = operation;
    else if (this.#failing !== operation) this.#failing = undefined;
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
  isOfOneOperation(nowMs: number, forgetMs: number): boolean {
    if (this.#failing === undefined || this.#failing === this.#answered) return false;
    return nowMs - this.#answeredAtMs < forgetMs;
  }

  /** Puts the endpoint out, for longer each time in a row. */
  eject(rule: EjectionRule, error: string, now: Moment, options: EjectionOptions): EjectionRecord {
    this.#forget(now.ms, options);
    this.#times++;
    const delayMs = rule === 'connection-failed' ? this.#reconnectMs(now, options) : this.#ejectMs(now, options);
    this.#backSinceMs = undefined;
    this.probing = false;
    this.ejection = {
      rule,
      measured: this.consecutiveFailures,
      threshold: rule === 'connection-failed' ? 1 : options.consecutiveFailures,
      times: this.#times,
      atMs: now.ms,
      dueMs: now.ms + delayMs,
      untilMs: now.wallMs + delayMs,
      error,
    };
    return this.ejection;
  }

  /** Takes it back; true if it was out. What it did before is forgotten only with time. */
  succeed(nowMs: number): boolean {
    this.consecutiveFailures = 0;
    this.probing = false;
    if (!this.ejection) return false;
    this.ejection = undefined;
    this.#backSinceMs = nowMs;
    return true;
  }

  /** One ejection less for each stretch without one, counted from its return. */
  #forget(nowMs: number, { forgetMs }: EjectionOptions): void {
    if (this.#backSinceMs === undefined) return;
    this.#times = Math.max(0, this.#times - Math.floor((nowMs - this.#backSinceMs) / forgetMs));
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
