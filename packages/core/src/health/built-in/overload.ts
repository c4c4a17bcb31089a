import type { Clock, HealthReport } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { OverloadSettings } from '../health-settings.js';
import type { LoopReading } from './loop-watch.js';

/** The figures that decide whether the process is overloaded. */
export interface LoadReading extends Pick<LoopReading, 'lagMs' | 'utilization'> {
  readonly inFlight: number;
}

/** Time between two readings, in milliseconds. */
export const overloadLookMs = 1000;

/**
 * Turns readiness off while the process is overloaded: when a figure is above its limit for some time. Readiness comes back when all
 * figures are clearly below their limits for a longer time. Without this difference it would flap, since the figures fall as soon as
 * requests go elsewhere. One long pause of the process (SIGSTOP, a suspended machine) does not count as load.
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

/** A switch that changes only after a time in which all readings ask for it. */
class Hysteresis {
  shut = false;
  /** How long readings have asked for the other state; undefined while they agree with this one. */
  #heldMs: number | undefined;
  #lookedAtMs = 0;

  look(above: boolean, nowMs: number, { afterMs, backAfterMs }: OverloadSettings): void {
    // A long time between two readings means that the process was paused; that is no load, so it counts as one interval.
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
