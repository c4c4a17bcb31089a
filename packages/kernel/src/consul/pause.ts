import { type CallContext, type Cancellable, cancellable } from '../context/call-context.js';
import { sleep } from '../context/sleep.js';
import type { Clock } from '../time/clock.js';

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
