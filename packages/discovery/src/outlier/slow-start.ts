/**
 * An endpoint that is new or has returned gets little at first and more with time: its caches are cold, its code was never
 * run, and what put it out may not be over. `share = max(minimum, (age / window)^(1 / aggression))`, as Envoy has it. When all
 * are new, none gets less than another. Without a timer: pickers are made anew in steps, as calls come.
 */
import type { EjectionOptions } from './ejection-options.js';

/** Number of steps in which the weight grows: pickers are made anew that often. */
const STEPS = 20;

/** One endpoint as far as slow start is concerned. */
export interface Starting {
  /** Whether calls may go there. */
  readonly usable: boolean;
  readonly health: {
    /** When slow start began for it, in monotonic time; −Infinity when it never did. */
    readonly startsMs: number;
  };
}

/** See the head of this file. */
export class SlowStart {
  /** When the next step is due, in monotonic time. */
  dueMs = Number.POSITIVE_INFINITY;
  #options: EjectionOptions | undefined;

  /** Looks who starts. @param options - undefined: nobody gets less. */
  look(hosts: Iterable<Starting>, nowMs: number, options: EjectionOptions | undefined): void {
    let [starting, started] = [0, 0];
    for (const { usable, health } of options && options.slowStartMs > 0 ? hosts : []) {
      if (!usable) continue;
      if (nowMs - health.startsMs < options!.slowStartMs) starting++;
      else started++;
    }
    this.#options = starting > 0 && started > 0 ? options : undefined;
    this.dueMs = this.#options ? nowMs + this.#options.slowStartMs / STEPS : Number.POSITIVE_INFINITY;
  }

  /** What of its weight an endpoint gets now. */
  share({ health }: Starting, nowMs: number): number {
    return this.#options ? slowStartShare(nowMs - health.startsMs, this.#options) : 1;
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
