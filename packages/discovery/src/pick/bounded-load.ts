/**
 * Whether an endpoint has room: an endpoint whose keys are in demand gets at most so many times the average of calls under way.
 *
 * The sum over all is taken anew every few picks where there are many; the picks since then are added to it. It is too high then by
 * what ended meanwhile, at most a 64th of a call an endpoint.
 */
import type { Candidate } from './balancer.js';
import { inFlightOf } from './load-table.js';

/** Endpoints whose calls are counted for a pick, on average. */
const COUNTED_A_PICK = 64;

/** Room at the candidates of one picker. */
export class BoundedLoad {
  readonly #count: number;
  readonly #shares: Float64Array | undefined;
  readonly #inFlight: (index: number) => number;
  /** Calls that one of average weight may have for each call under way. */
  readonly #perCall: number;
  readonly #countEvery: number;
  #total = 0;
  #picks = Number.POSITIVE_INFINITY;

  /**
   * @param factor - how many times the average.
   * @param shares - weights relative to their mean; undefined where all are alike.
   */
  constructor(candidates: readonly Candidate[], shares: Float64Array | undefined, factor: number) {
    this.#count = candidates.length;
    this.#shares = shares;
    this.#inFlight = inFlightOf(candidates);
    this.#perCall = factor / candidates.length;
    this.#countEvery = Math.ceil(candidates.length / COUNTED_A_PICK);
  }

  /** Counts a pick. */
  picked(): void {
    this.#picks++;
  }

  /** Whether one more call may go there. */
  hasRoom(index: number): boolean {
    const inFlight = this.#inFlight(index);
    if (inFlight === 0) return true;
    if (this.#picks >= this.#countEvery) this.#sum();
    const share = this.#shares ? (this.#shares[index] as number) : 1;
    return inFlight < Math.ceil(this.#perCall * share * (this.#total + this.#picks + 1));
  }

  #sum(): void {
    this.#picks = 0;
    this.#total = 0;
    for (let index = 0; index < this.#count; index++) this.#total += this.#inFlight(index);
  }
}
