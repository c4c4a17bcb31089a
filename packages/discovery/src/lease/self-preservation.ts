/**
 * When many fall silent at once, the silence is likelier ours than theirs. So where fewer leases of a group were renewed
 * than could be expected, the silent ones of that group stay:
 *
 *     withheld = silent, while received < threshold = ⌊share · expected⌋, received = expected − silent
 *
 * Computed anew at each sweep from the leases themselves, so it ends with the evidence; nothing has to be reset. Rounding
 * down lets a group of two or three still lose one. What is known to be dead counts on neither side. After Eureka, whose
 * threshold was an average of the past for the whole registry and could get stuck.
 */

/** One lease, as a sweep sees it. */
export interface Renewable {
  readonly id: string;
  /** Members of one group are likely to be lost from sight together: a service in a zone. */
  readonly group: string;
  /** Its time has run out. */
  readonly silent: boolean;
  /** There is other evidence that it is gone. */
  readonly dead: boolean;
}

/** The equation of one group, with its figures. */
export interface Preservation {
  readonly group: string;
  readonly expected: number;
  readonly received: number;
  readonly threshold: number;
  /** The silent who stay; nobody where enough were heard. */
  readonly withheld: readonly string[];
}

/**
 * Decides whose silence is believed, group by group; a group of which all are dead is left out.
 * @param share - of the expected renewals that must have come for silence to be believed, 0 to 1.
 */
export function selfPreservation(leases: Iterable<Renewable>, share: number): readonly Preservation[] {
  const groups = new Map<string, { expected: number; silent: string[] }>();
  for (const { id, group, silent, dead } of leases) {
    if (dead) continue;
    const found = groups.get(group) ?? { expected: 0, silent: [] };
    groups.set(group, found);
    found.expected++;
    if (silent) found.silent.push(id);
  }
  return [...groups].map(([group, { expected, silent }]) => {
    const received = expected - silent.length;
    const threshold = Math.floor(share * expected);
    return { group, expected, received, threshold, withheld: received < threshold ? silent : [] };
  });
}
