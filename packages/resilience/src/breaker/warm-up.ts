import { type Clock, currentOf } from '@fwk/kernel';
import type { BreakerOptions } from './breaker-options.js';

/** The time after a breaker was built in which it opens by no rule. */
export class WarmUp {
  readonly #options: Pick<BreakerOptions, 'warmUpMs'>;
  readonly #clock: Clock;
  readonly #builtAtMs: number;
  #over: boolean;

  constructor(options: Pick<BreakerOptions, 'warmUpMs'>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#builtAtMs = clock.now();
    this.#over = currentOf(options.warmUpMs) <= 0;
  }

  /** True once {@link endsNow} has said so, or where there is none; costs nothing. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether its time still runs, read from the clock. */
  get running(): boolean {
    return !this.#over && this.#clock.now() - this.#builtAtMs < currentOf(this.#options.warmUpMs);
  }

  /** True once, when its time has come. */
  endsNow(): boolean {
    if (this.#over || this.running) return false;
    this.#over = true;
    return true;
  }
}
