/** Comparing the loads of two candidates by their places in the set, without asking each through several objects. */
import type { Candidate } from './balancer.js';
import { inFlightOf } from './load-table.js';

/** Compares candidates of one set. */
export interface Loads {
  /** Whether one more call costs no more at the first than at the second. */
  noWorse(first: number, second: number, nowMs: number): boolean;
  /**
   * Below 0 where the first is better, above 0 where the second is, by more than one call more or less would change; otherwise 0.
   * @param firstShare - weight of the first relative to the mean: each call under way there counts as 1/share.
   */
  compare(first: number, second: number, nowMs: number, firstShare: number, secondShare: number): number;
}

/** Compares by what the candidates themselves say. */
export function candidateLoads(candidates: readonly Candidate[]): Loads {
  const at = (index: number) => candidates[index] as Candidate;
  return {
    noWorse: (first, second, nowMs) => at(first).load(nowMs) <= at(second).load(nowMs),
    compare(first, second, nowMs, firstShare, secondShare) {
      const one = at(first).load(nowMs, firstShare);
      const other = at(second).load(nowMs, secondShare);
      const oneCall = (at(first).load(nowMs, firstShare, 1) - one) * firstShare;
      const otherCall = (at(second).load(nowMs, secondShare, 1) - other) * secondShare;
      return apart(one, other, Math.min(oneCall, otherCall) / Math.min(firstShare, secondShare));
    },
  };
}

/**
 * Compares calls under way.
 * @param bias - how much they count where weights differ. @defaultValue 1
 */
export function inFlightLoads(candidates: readonly Candidate[], bias = 1): Loads {
  const inFlight = inFlightOf(candidates);
  return {
    noWorse: (first, second) => inFlight(first) <= inFlight(second),
    compare(first, second, _nowMs, firstShare, secondShare) {
      const one = (bias * inFlight(first)) / firstShare;
      const other = (bias * inFlight(second)) / secondShare;
      return apart(one, other, 1 / Math.min(firstShare, secondShare));
    },
  };
}

/** −1, 0 or 1: which of two loads is lower by more than one call. */
export function apart(one: number, other: number, oneCall: number): number {
  if (Math.abs(one - other) <= oneCall) return 0;
  return one < other ? -1 : 1;
}
