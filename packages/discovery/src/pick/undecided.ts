import type { CallContext } from '@fwk/kernel';
import type { Candidate } from './balancer.js';

/**
 * Stands for a choice that takes time: a picker answers it where it has to ask first. Whoever cannot wait takes it for the
 * endpoint that would be chosen without asking.
 */
export abstract class Undecided implements Candidate {
  readonly #usual: Candidate;

  /** @param usual - chosen without asking. */
  constructor(usual: Candidate) {
    this.#usual = usual;
  }

  /** Chooses. Rejects only with the reason of a context that was cancelled. */
  abstract decide(context: CallContext): Promise<Candidate>;

  get endpoint(): Candidate['endpoint'] {
    return this.#usual.endpoint;
  }

  get inFlight(): number {
    return this.#usual.inFlight;
  }

  available(request?: unknown): boolean {
    return this.#usual.available(request);
  }

  load(nowMs: number, share?: number): number {
    return this.#usual.load(nowMs, share);
  }

  weight(nowMs: number): number {
    return this.#usual.weight(nowMs);
  }
}
