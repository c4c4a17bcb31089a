import { type CallContext, type Cancellable, type Clock, cancellable, sleep } from '@fwk/kernel';

/**
 * A token bucket that tells how long to wait: so many at once, then one each interval. It is what keeps a question whose
 * answer changes all the time from being asked all the time.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #intervalMs: number;
  #tokens: number;
  #atMs: number;

  constructor(clock: Clock, burst: number, intervalMs: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#intervalMs = intervalMs;
    this.#tokens = burst;
    this.#atMs = clock.now();
  }

  /** Takes a token, if need be one of the future. @returns milliseconds until it may be used. */
  take(): number {
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) / this.#intervalMs) - 1;
    this.#atMs = nowMs;
    return this.#tokens >= 0 ? 0 : -this.#tokens * this.#intervalMs;
  }
}

/** Waits of one loop, which somebody who knows better may cut short. */
export class Pause {
  readonly #clock: Clock;
  #waiting: Cancellable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits; rejects with the context's reason only when the context is cancelled. */
  async wait(durationMs: number, context: CallContext): Promise<void> {
    const waiting = cancellable(context);
    this.#waiting = waiting;
    try {
      await sleep(this.#clock, durationMs, waiting.context);
    } catch (error) {
      if (context.cancelled) throw error;
    } finally {
      this.#waiting = undefined;
      waiting[Symbol.dispose]();
    }
  }

  /** Ends the wait that is under way, if there is one. */
  end(): void {
    this.#waiting?.cancel();
  }
}

/** Full jitter: anything up to the widest pause, which doubles with each failure in a row. */
export function backoffMs(failures: number, baseMs: number, maxMs: number, random: () => number): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30));
}
