import { exponential } from '../engine/random.js';
import type { Simulation } from '../engine/simulation.js';

/** Load that does not wait for answers: users neither know nor care how the service feels. */
export interface Load {
  /** For the random stream. */
  readonly name: string;
  /** Arrivals a second on average, read anew before each. */
  readonly ratePerSecond: () => number;
  readonly fromMs: number;
  /** No arrival at or after this. */
  readonly untilMs: number;
}

/** Calls `arrive` at the moments of a Poisson process. */
export function openLoop(simulation: Simulation, load: Load, arrive: (nowMs: number) => void): void {
  const { clock } = simulation;
  const unit = exponential(simulation.random(`arrivals of ${load.name}`), 1000);
  const next = (fromMs: number) => {
    const atMs = fromMs + unit() / load.ratePerSecond();
    if (atMs >= load.untilMs) return;
    simulation.at(atMs, () => {
      arrive(clock.now());
      next(atMs);
    });
  };
  next(load.fromMs);
}
