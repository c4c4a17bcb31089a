/**
 * What stands between all usable endpoints and the balancer's pickers: it says which of them a call may go to, and the balancer
 * chooses among those.
 */
import type { Env } from '@fwk/kernel';
import type { Candidate, Picker } from './balancer.js';

/** Why an endpoint gets no calls now. */
export interface LeftOut {
  /** The rule that leaves it out, in the field's own word: `zone`, `priority`, `version`. */
  readonly rule: string;
  /** What was found of it. */
  readonly measured: string;
  /** What it would have to be. */
  readonly wanted: string;
}

/**
 * Makes a picker of the balancer for some of the candidates.
 * @param name - says which group they are; the picker is told of the one that the same group had before.
 */
export type MakePicker = (name: string, candidates: readonly Candidate[]) => Picker;

/** Divides the candidates of one balanced service into groups. */
export interface Router {
  /**
   * Makes the picker that chooses a group for each call and lets the group's own picker choose in it. Called anew with each
   * change of the set, like a balancer's.
   * @param previous - what it answered before.
   */
  picker(candidates: readonly Candidate[], make: MakePicker, env: Env, previous?: Picker): Picker;
  /** Why a candidate gets no calls now; undefined if it may be picked. */
  leftOut(candidate: Candidate): LeftOut | undefined;
}
