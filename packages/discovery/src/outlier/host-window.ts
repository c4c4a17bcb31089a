/**
 * What happened to the calls of one endpoint lately: sums over the last whole sweeps, exact and in bounded memory.
 *
 * A ring of slots, one a sweep: those that are whole and the one that runs. Sweeps are numbered by the clock, so moving on
 * needs no timer; slots that were skipped are emptied on the way. Made when an endpoint gets its first call.
 */

/** Calls that ended, however. */
export const CALLS = 0;
/** Those of them that failed, refusals for lack of capacity included. */
export const FAILURES = 1;
/** Calls of which the time is known. */
export const TIMED = 2;
/** Sum of ln(time / usual time of the operation). */
export const RELATIVE = 3;
/** Sum of its squares. */
export const RELATIVE_SQUARES = 4;
/** Sum of ln(time in milliseconds). */
export const ABSOLUTE = 5;

const FIELDS = 6;

/** See the head of this file. */
export class HostWindow {
  /** Whole sweeps that it covers. */
  readonly sweeps: number;
  readonly #slots: Float64Array;
  /** The sweep that runs, as far as anybody has said, and where its slot begins. */
  #running = 0;
  #at = 0;

  /** @param sweeps - whole sweeps that it covers. */
  constructor(sweeps: number) {
    this.sweeps = sweeps;
    this.#slots = new Float64Array((sweeps + 1) * FIELDS);
  }

  /** Says which sweep runs, a whole number from 0. One that is over already changes nothing. */
  advance(sweep: number): void {
    if (sweep <= this.#running) return;
    const steps = Math.min(sweep - this.#running, this.sweeps + 1);
    for (let step = 0; step < steps; step++) {
      const at = this.#slotOf(sweep - step);
      this.#slots.fill(0, at, at + FIELDS);
    }
    this.#running = sweep;
    this.#at = this.#slotOf(sweep);
  }

  /** Counts the end of a call. */
  ended(failed: boolean): void {
    this.#add(CALLS, 1);
    if (failed) this.#add(FAILURES, 1);
  }

  /** Counts how long a call took. @param relative - ln of the time in what is usual @param absolute - ln of the time in ms */
  took(relative: number, absolute: number): void {
    this.#add(TIMED, 1);
    this.#add(RELATIVE, relative);
    this.#add(RELATIVE_SQUARES, relative * relative);
    this.#add(ABSOLUTE, absolute);
  }

  /** A sum over whole sweeps, without the one that runs. @param sweeps - how many, the last first. @defaultValue all */
  total(field: number, sweeps = this.sweeps): number {
    let total = 0;
    for (let age = 1; age <= sweeps && age <= this.#running; age++) {
      total += this.#slots[this.#slotOf(this.#running - age) + field] as number;
    }
    return total;
  }

  /** A sum over the window and the sweep that runs. */
  withRunning(field: number): number {
    return this.total(field) + (this.#slots[this.#at + field] as number);
  }

  clear(): void {
    this.#slots.fill(0);
  }

  #add(field: number, amount: number): void {
    this.#slots[this.#at + field]! += amount;
  }

  #slotOf(sweep: number): number {
    return (sweep % (this.sweeps + 1)) * FIELDS;
  }
}
