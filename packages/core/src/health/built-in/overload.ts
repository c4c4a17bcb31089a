import type { Clock, HealthReport } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { OverloadSettings } from '../health-settings.js';
import type { LoopReading } from './loop-watch.js';

/** The figures that overload is judged by. */
export interface LoadReading extends Pick<LoopReading, 'lagMs' | 'utilization'> {
  readonly inFlight: number;
}

/** Time between two looks, in milliseconds. */
export const overloadLookMs = 1000;

/**
 * Turns readiness off while the process is overloaded. It needs a figure above its limit for some time to turn it off, and all
 * figures clearly below for longer to turn it on again, so that it does not flap: what is sent elsewhere makes the figures
 * fall at once. A single long stall, such as a process that was frozen and goes on, turns nothing off.
 */
export function overloadIndicator(
  clock: Clock,
  settings: () => OverloadSettings | undefined,
  read: () => LoadReading,
): BuiltInIndicator {
  const state = new Hysteresis();
  return {
    name: 'overload',
    groups: ['readiness'],
    intervalMs: overloadLookMs,
    enabledBy: ({ overload }) => overload !== undefined,
    check(): HealthReport {
      const limits = settings();
      if (!limits) return { status: 'UP' };
      const reading = read();
      const nowMs = clock.now();
      const above = state.shut ? exceeded(reading, limits, limits.backBelow) : exceeded(reading, limits, 1);
      state.look(above !== undefined, nowMs, limits);
      if (!state.shut) return { status: 'UP', details: { ...reading } };
      const reason = above ?? `all figures are low again; ready when they stay so for ${limits.backAfterMs} ms`;
      return { status: 'OUT_OF_SERVICE', details: { ...reading, reason } };
    },
  };
}

/** On and off, each after a stretch of looks that all say so. */
class Hysteresis {
  shut = false;
  /** How long looks have said otherwise than the state; undefined while they agree. */
  #heldMs: number | undefined;
  #lookedAtMs = 0;

  look(above: boolean, nowMs: number, { afterMs, backAfterMs }: OverloadSettings): void {
    // Between two looks that are far apart the process stood still, and that says nothing of load.
    const passedMs = Math.min(nowMs - this.#lookedAtMs, overloadLookMs);
    this.#lookedAtMs = nowMs;
    if (above === this.shut) {
      this.#heldMs = undefined;
      return;
    }
    this.#heldMs = this.#heldMs === undefined ? 0 : this.#heldMs + passedMs;
    if (this.#heldMs < (this.shut ? backAfterMs : afterMs)) return;
    this.shut = above;
    this.#heldMs = undefined;
  }
}

function exceeded(reading: LoadReading, limits: OverloadSettings, share: number): string | undefined {
  const figures = [
    ['the event loop is late by', reading.lagMs, limits.lagMs, ' ms'],
    ['the share of time in which the event loop is busy is', reading.utilization, limits.utilization, ''],
    ['calls in flight are', reading.inFlight, limits.inFlight, ''],
  ] as const;
  for (const [what, measured, limit, unit] of figures) {
    if (measured !== undefined && limit !== undefined && measured > limit * share) {
      return `${what} ${measured}${unit}; the limit is ${limit * share}${unit}`;
    }
  }
  return undefined;
}
