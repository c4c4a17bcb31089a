/**
 * How long calls may wait in line. A line is there for bursts: it fills, and soon it is empty again. One that is never
 * empty is a standing queue, in which everybody waits and nobody gains. Then the newest should go first, whose callers still
 * wait, and the others should hear at once that they are refused (CoDel by Nichols and Jacobson, with the adaptive LIFO
 * of Maurer's "Fail at Scale").
 */
import { currentOf, type Live } from '@fwk/kernel';

/** What is read of the options of the limit. */
export interface QueueDelayOptions {
  readonly newestFirstAfterMs: number | Live<number>;
  readonly newestFirstWaitMs: number | Live<number>;
}

/** Watches one line; told the time, and by whom it is used when somebody joins and when it is empty. */
export class QueueDelay {
  readonly #options: QueueDelayOptions;
  #sinceMs: number | undefined;

  constructor(options: QueueDelayOptions) {
    this.#options = options;
  }

  /** Somebody lines up. */
  joined(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** Nobody is left in the line. */
  emptied(): void {
    this.#sinceMs = undefined;
  }

  /** Whether the line has not been empty for too long. */
  stands(nowMs: number): boolean {
    const afterMs = currentOf(this.#options.newestFirstAfterMs);
    return afterMs > 0 && this.#sinceMs !== undefined && nowMs - this.#sinceMs >= afterMs;
  }

  /** How long a call may wait at the moment, in milliseconds; undefined for as long as it likes. */
  maxWaitMs(nowMs: number): number | undefined {
    const afterMs = currentOf(this.#options.newestFirstAfterMs);
    if (afterMs === 0) return undefined;
    return this.stands(nowMs) ? currentOf(this.#options.newestFirstWaitMs) : afterMs;
  }
}
