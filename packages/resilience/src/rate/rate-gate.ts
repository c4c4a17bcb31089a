import type { CallContext, Clock, Timer } from '@fwk/kernel';
import type { Expiry } from '../deadline/expiry.js';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import { type Waiter, WaitQueue } from '../queue/wait-queue.js';
import { type TurnOwner, waitTurn } from '../queue/wait-turn.js';
import { watchOptions } from '../queue/watch-options.js';
import type { Permits } from './permits.js';

/** What the gates of a layer share. */
export interface GateOwner {
  readonly clock: Clock;
  readonly expiry: Expiry;
  /** The permits of one more key. */
  makePermits(nowMs: number): Permits;
  /** The options that say how many permits there are and when. */
  readonly shapedBy: readonly unknown[];
  /** One call more waits, or one less. */
  waiting(change: 1 | -1): void;
}

/**
 * The permits of one key and the line of those who wait for them. One timer serves the whole line, set for the next permit
 * and only while somebody waits; it is set anew when the rate changes. A permit belongs to nobody before it is there, so one
 * who leaves brings all behind forward.
 */
export class RateGate implements TurnOwner {
  readonly clock: Clock;
  readonly expiry: Expiry;
  readonly #owner: GateOwner;
  readonly #permits: Permits;
  readonly #queue = new WaitQueue();
  #timer: Timer | undefined;
  #watch: Disposable | undefined;

  constructor(owner: GateOwner, nowMs: number) {
    this.clock = owner.clock;
    this.expiry = owner.expiry;
    this.#owner = owner;
    this.#permits = owner.makePermits(nowMs);
  }

  /** Takes a permit, unless there is none or others wait for it. */
  enter(nowMs: number): boolean {
    return this.#queue.length === 0 && this.#permits.take(nowMs);
  }

  /** Milliseconds until one who joined the line now would have a permit. */
  waitMs(nowMs: number): number {
    return this.#permits.waitMs(this.#queue.length + 1, nowMs);
  }

  /**
   * Waits in line for a permit. Rejects with the caller's reason on cancellation, and at the context's deadline.
   * @param reconsider - asked when permits come at other times than before; its error ends the wait
   */
  wait(context: CallContext, nowMs: number, reconsider: (waitMs: number) => unknown): Promise<void> {
    const line = { join: (waiter: Waiter) => this.#queue.join({ ...waiter, reconsider }) };
    const turn = waitTurn(line, context, this);
    this.#owner.waiting(1);
    this.#watch ??= watchOptions(this.#owner.shapedBy, () => this.#reshaped());
    if (this.#timer === undefined) this.#wakeAtNextPermit(nowMs);
    return turn;
  }

  /** True when nobody waits and forgetting the gate would change nothing. */
  idle(nowMs: number): boolean {
    return this.#queue.length === 0 && this.#permits.full(nowMs);
  }

  /** Who leaves last puts out the light. */
  left(): void {
    this.#owner.waiting(-1);
    if (this.#queue.length > 0) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#clearTimer();
  }

  /** The next permit is due at another time now. */
  #reshaped(): void {
    this.#clearTimer();
    this.#letIn();
    const nowMs = this.clock.now();
    this.#queue.reconsider((place) => this.#permits.waitMs(place, nowMs));
  }

  #clearTimer(): void {
    if (this.#timer === undefined) return;
    this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Timers have whole milliseconds: a shorter one would ring before the permit is there, and ring again. */
  #wakeAtNextPermit(nowMs: number): void {
    const delayMs = Math.min(Math.max(1, Math.ceil(this.#permits.waitMs(1, nowMs))), LONGEST_TIMER_MS);
    this.#timer = this.clock.setTimer(this.#letIn, delayMs);
  }

  readonly #letIn = (): void => {
    this.#timer = undefined;
    const nowMs = this.clock.now();
    while (this.#queue.length > 0 && this.#permits.take(nowMs)) this.#queue.shift()?.enter();
    if (this.#queue.length > 0) this.#wakeAtNextPermit(nowMs);
  };
}
