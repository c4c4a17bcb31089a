/**
 * What stands between all usable endpoints and the balancer's pickers: it says which of them a call may go to, and the balancer
 * chooses among those.
 */
import type { CallContext, Env } from '@fwk/kernel';
import type { Candidate, Picker } from './balancer.js';

/** Why an endpoint gets no calls now. */
export interface LeftOut {
  /** The rule that leaves it out, by its standard name: `zone`, `priority`, `version`. */
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

/** How the traffic is split. */
export interface Split {
  /** The groups, with their shares relative to each other. */
  readonly groups: readonly { readonly name: string; readonly share: number }[];
  /** Name of a member's group; undefined where it is in none, or may not be called. */
  groupOf(candidate: Candidate): string | undefined;
}

/** A picker over groups of candidates. */
export interface RoutedPicker extends Picker {
  /** Undefined where the traffic is not split. */
  readonly split?: Split | undefined;
  /**
   * Why a member gets no calls now, though it may be usable; undefined if it may be picked.
   * @param context - of a call that says where it wants to go. @defaultValue any call
   */
  leftOut(candidate: Candidate, context?: CallContext): LeftOut | undefined;
  /** Whether this call may go to a member that was out, to see whether it is back. */
  admits(candidate: Candidate, request?: unknown, context?: CallContext): boolean;
}

/** Divides the candidates of one balanced service into groups. Holds no state of its own: one router may serve many stacks. */
export interface Router {
  /**
   * Makes the picker that chooses a group for each call and lets the group's own picker choose in it. Called anew with each
   * change of the set, like a balancer's.
   * @param previous - what it answered before.
   * @param out - members that cannot be called or have been ejected. Those of them that are candidates as well are a last resort.
   */
  picker(
    candidates: readonly Candidate[],
    make: MakePicker,
    env: Env,
    previous?: Picker,
    out?: ReadonlySet<Candidate>,
  ): RoutedPicker;
}
