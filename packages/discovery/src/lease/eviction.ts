/** The state of all leases at one sweep, for an {@link EvictionPolicy}. */
export interface SweepState {
  /** Ids whose lease has run out, longest ago first. */
  readonly expired: readonly string[];
  /** All leases, the expired included. */
  readonly total: number;
}

/**
 * Decides which of the expired leases are really ended now; the others are looked at again at the next sweep. The place
 * where self-preservation belongs: a policy that sees too few renewals answers nobody.
 */
export type EvictionPolicy = (state: SweepState) => readonly string[];

/**
 * Ends at most a share of all leases in one sweep, but always one: a registry that has lost sight of everybody at once is
 * likelier ill itself, and a slow emptying leaves time to notice.
 * @param share - above 0 to 1.
 */
export function cappedEviction(share: number): EvictionPolicy {
  return ({ expired, total }) => expired.slice(0, Math.max(1, Math.ceil(total * share)));
}
