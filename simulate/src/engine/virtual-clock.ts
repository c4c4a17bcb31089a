/**
 * The clock of a simulation: time stands still while anything runs and then leaps to the next timer. The kernel's fake
 * clock does the same for tests, where a look through all timers and a macrotask an event do not matter; here millions of
 * events must be cheap. Wall time is made up too, so nothing of the real time can reach a figure.
 */
import type { Clock, Timer } from '@fwk/kernel';
import { settled } from './settled.js';
import { type TimerEntry, TimerHeap } from './timer-heap.js';

/** A clock that is driven by its timers. */
export interface VirtualClock extends Clock {
  /**
   * Runs everything that is due up to `endMs`, each timer at its own moment and after all promises of the one before have
   * settled; then it is `endMs`. What a timer throws rejects it.
   */
  runUntil(endMs: number): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
  /** How many timers have run. */
  readonly ran: number;
}

/** Wall time when a simulation begins. */
const EPOCH_MS = 1_700_000_000_000;

/** Makes a clock that says 0. */
export function virtualClock(): VirtualClock {
  return new HeapClock();
}

class HeapClock implements VirtualClock {
  readonly #timers = new TimerHeap();
  #nowMs = 0;
  #order = 0;
  #ran = 0;

  now(): number {
    return this.#nowMs;
  }

  wallTime(): number {
    return EPOCH_MS + this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    if (Number.isNaN(delayMs)) throw new RangeError('a timer was set with a delay of NaN ms');
    const entry: TimerEntry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback, index: -1 };
    this.#timers.add(entry);
    return entry as Timer;
  }

  clearTimer(timer: Timer): void {
    this.#timers.remove(timer as TimerEntry);
  }

  async runUntil(endMs: number): Promise<void> {
    // From here on this function runs as a promise job, which `settled` relies on.
    await null;
    await settled();
    for (let next = this.#timers.first; next && next.dueMs <= endMs; next = this.#timers.first) {
      this.#timers.remove(next);
      this.#nowMs = next.dueMs;
      this.#ran++;
      next.callback();
      await settled();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  get pending(): number {
    return this.#timers.size;
  }

  get ran(): number {
    return this.#ran;
  }
}
