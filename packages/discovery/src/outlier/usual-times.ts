/**
 * How long each operation usually takes, at all endpoints together: the geometric mean of the last sweep with enough answers.
 *
 * Latencies of endpoints are compared relative to it. So an endpoint that happens to get more of a slow operation than others,
 * or is the only one that gets it, is not taken for a slow endpoint; what all endpoints share cancels out in the comparison.
 * Bounded: operations beyond the limit are not timed.
 */

/** Operations that are kept apart. */
const MOST_OPERATIONS = 64;
/** Answers that are needed to say what is usual. */
const ENOUGH = 10;
/** Sweeps without a call after which an operation is forgotten. */
const FORGOTTEN_AFTER = 30;
/** Shorter times count as this one, in milliseconds: clocks are not exact, and 0 has no logarithm. */
const FASTEST_MS = 0.01;

/** One operation, at all endpoints. */
export class OperationTimes {
  /** ln of the usual time in milliseconds; undefined until there were enough answers. */
  usual: number | undefined;
  /** Calls since the last sweep, and those of them that failed. */
  calls = 0;
  failures = 0;
  idleSweeps = 0;
  #timed = 0;
  #sum = 0;

  /** Counts an answer. @param logMs - see {@link logOf} */
  timed(logMs: number): void {
    this.#timed++;
    this.#sum += logMs;
    if (this.usual === undefined) this.#learn();
  }

  swept(): void {
    this.idleSweeps = this.calls === 0 ? this.idleSweeps + 1 : 0;
    this.calls = 0;
    this.failures = 0;
    this.#learn();
  }

  #learn(): void {
    if (this.#timed < ENOUGH) return;
    this.usual = this.#sum / this.#timed;
    this.#timed = 0;
    this.#sum = 0;
  }
}

/** The operations of one balanced service. */
export class UsualTimes {
  readonly #operations = new Map<string, OperationTimes>();
  /** The one that was asked for last: mostly it is asked for again. */
  #name: string | undefined;
  #last: OperationTimes | undefined;

  /** @returns undefined when there are too many operations. */
  of(operation: string): OperationTimes | undefined {
    if (operation !== this.#name) {
      this.#last = this.#find(operation);
      this.#name = operation;
    }
    return this.#last;
  }

  #find(operation: string): OperationTimes | undefined {
    let known = this.#operations.get(operation);
    if (known === undefined && this.#operations.size < MOST_OPERATIONS) {
      known = new OperationTimes();
      this.#operations.set(operation, known);
    }
    return known;
  }

  /** A sweep is over. */
  swept(): void {
    for (const [name, operation] of this.#operations) {
      operation.swept();
      if (operation.idleSweeps > FORGOTTEN_AFTER) this.#operations.delete(name);
    }
    this.#name = undefined;
  }
}

/** The natural logarithm of a time in milliseconds. */
export function logOf(ms: number): number {
  return Math.log(Math.max(ms, FASTEST_MS));
}
