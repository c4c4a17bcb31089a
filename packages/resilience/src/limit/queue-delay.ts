/**
 * How long calls may wait in line. A line is there for bursts: it fills, and soon it is empty again. One that is never
 * empty is a standing queue, in which everybody waits and nobody gains. Then the newest should go first, whose callers still
 * wait, and the others should hear at once that they are refused (CoDel by Nichols and Jacobson, with the adaptive LIFO
 * of Maurer's "Fail at Scale").
 *
 * Each priority has a line of its own, and those above are let in first: so the line of important calls may be empty again and
 * again while that of the others stands.
 */
import { currentOf, type Live } from '@fwk/kernel';

/** What is read of the options of the limit. */
export interface QueueDelayOptions {
  readonly newestFirstAfterMs: number | Live<number>;
  readonly newestFirstWaitMs: number | Live<number>;
}

/** Watches the line of each level; told the time, when somebody joins and when one is empty. */
export class QueueDelay {
  readonly #options: QueueDelayOptions;
  /** Since when somebody has stood there without a break, by level. */
  readonly #sinceMs: (number | undefined)[] = [];

  constructor(options: QueueDelayOptions) {
    this.#options = options;
  }

  /** Somebody lines up. */
  joined(level: number, nowMs: number): void {
    this.#sinceMs[level] ??= nowMs;
  }

  /** Nobody is left in the line. */
  emptied(level: number): void {
    this.#sinceMs[level] = undefined;
  }

  /** Whether the line has not been empty for too long. */
  stands(level: number, nowMs: number): boolean {
    const afterMs = currentOf(this.#options.newestFirstAfterMs);
    const sinceMs = this.#sinceMs[level];
    return afterMs > 0 && sinceMs !== undefined && nowMs - sinceMs >= afterMs;
  }

  /** How long a call may wait at the moment, in milliseconds; undefined for as long as it likes. */
  maxWaitMs(level: number, nowMs: number): number | undefined {
    const afterMs = currentOf(this.#options.newestFirstAfterMs);
    if (afterMs === 0) return undefined;
    return this.stands(level, nowMs) ? currentOf(this.#options.newestFirstWaitMs) : afterMs;
  }
}
