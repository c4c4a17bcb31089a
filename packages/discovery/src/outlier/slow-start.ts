/**
 * An endpoint that is new or has returned gets little at first and more with time: its caches are cold, its code was never
 * run, and what put it out may not be over. `share = max(minimum, (age / window)^(1 / aggression))`, as Envoy has it. When all
 * are new, none gets less than another. Without a timer: pickers are made anew in steps, as calls come.
 */
import type { EjectionOptions } from './ejection-options.js';
import type { Counted } from './latest-calls.js';

/** Number of steps in which the weight grows: pickers are made anew that often. */
const STEPS = 20;

/** One endpoint as far as slow start is concerned. */
export interface Starting extends Counted {
  /** Whether slow start began for it and is not over. */
  starting: boolean;
}

/** See the head of this file. */
export class SlowStart<H extends Starting> {
  /** When the next step is due, in monotonic time. */
  dueMs = Number.POSITIVE_INFINITY;
  #options: EjectionOptions | undefined;
  readonly #starting = new Set<H>();

  /** An endpoint begins. */
  begin(host: H, nowMs: number): void {
    host.health.startsMs = nowMs;
    host.starting = true;
    this.#starting.add(host);
  }

  /** An endpoint has left. */
  removed(host: H): void {
    this.#starting.delete(host);
  }

  /**
   * Looks who still starts.
   * @param usableCount - endpoints to which calls may go.
   * @param options - undefined: nobody gets less.
   */
  look(usableCount: number, nowMs: number, options: EjectionOptions | undefined): void {
    let starting = 0;
    if (options) {
      for (const host of this.#starting) {
        if (nowMs - host.health.startsMs < options.slowStartMs) starting += Number(host.usable);
        else {
          host.starting = false;
          this.#starting.delete(host);
        }
      }
    }
    this.#options = starting > 0 && starting < usableCount ? options : undefined;
    this.dueMs = this.#options ? nowMs + this.#options.slowStartMs / STEPS : Number.POSITIVE_INFINITY;
  }

  /** What of its weight an endpoint gets now. */
  share({ starting, health }: H, nowMs: number): number {
    return starting && this.#options ? slowStartShare(nowMs - health.startsMs, this.#options) : 1;
  }
}

/** What of its weight an endpoint gets. @param ageMs - since it came or returned; Infinity where that does not matter */
export function slowStartShare(
  ageMs: number,
  { slowStartMs, slowStartAggression, slowStartMinimum }: EjectionOptions,
): number {
  if (ageMs >= slowStartMs) return 1;
  return Math.max(slowStartMinimum, (Math.max(0, ageMs) / slowStartMs) ** (1 / slowStartAggression));
}
