import { type Env, makeEnv } from '@fwk/kernel';
import { type Random, randomStream } from './random.js';
import { type VirtualClock, virtualClock } from './virtual-clock.js';

/** One run: a clock, and everything drawn at random in it. The same seed gives the same run. */
export interface Simulation {
  readonly clock: VirtualClock;
  /** The random stream of one part. */
  random(name: string): Random;
  /** What real layers are built with: the virtual clock and a random stream of their own. */
  env(path: string, parts?: Partial<Env>): Env;
  /** Does something at a moment of the run. */
  at(ms: number, action: () => void): void;
}

/** Begins a run at 0 ms. */
export function simulation(seed: number): Simulation {
  const clock = virtualClock();
  const random = (name: string) => randomStream(seed, name);
  return {
    clock,
    random,
    env: (path, parts) => makeEnv({ clock, random: random(`layers of ${path}`), path, ...parts }),
    at: (ms, action) => void clock.setTimer(action, ms - clock.now()),
  };
}
