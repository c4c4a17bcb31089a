/**
 * Where the calls of one group go: to its priority levels, in each to zones, in each to the caller's subset. What comes out are
 * leaves, each with a share of the calls and a picker of the balancer.
 */
import type { Candidate, Picker } from '../pick/balancer.js';
import type { MakePicker } from '../pick/router.js';
import type { CallerFacts, Places } from './caller.js';
import { weightOf, zoneOf } from './instance-facts.js';
import { type Level, levelsOf } from './levels.js';
import type { RoutingOptions } from './routing-options.js';
import { subsetOf } from './subset.js';
import { type ZoneCounts, zoneShares } from './zones.js';

/** Candidates that are alike to whoever calls. */
export interface Leaf {
  readonly share: number;
  readonly level: Level;
  /** Undefined: zones are not regarded. */
  readonly zone: string | undefined;
  /** All in the zone, before the subset. */
  readonly all: readonly Candidate[];
  /** Those that are called. */
  readonly candidates: readonly Candidate[];
  readonly picker: Picker;
}

/** The plan of one group. */
export interface GroupPlan {
  readonly levels: readonly Level[];
  /** None where nobody is UP. */
  readonly leaves: readonly Leaf[];
}

/** What all plans of one picker have in common. */
export interface Planning {
  readonly options: RoutingOptions;
  readonly caller: CallerFacts;
  /** The caller's; those of before while it is not listed. */
  readonly places: Places;
  readonly make: MakePicker;
}

/** @param name - of the group; its pickers are found again by it. */
export function planGroup(
  name: string,
  candidates: readonly Candidate[],
  out: readonly Candidate[],
  planning: Planning,
): GroupPlan {
  const levels = levelsOf(candidates, out, planning.options);
  const leaves = levels.flatMap((level) =>
    level.load > 0 ? leavesOf(`${name}/${level.priority}`, level, planning) : [],
  );
  return { levels, leaves };
}

function leavesOf(name: string, level: Level, planning: Planning): readonly Leaf[] {
  const { options, caller, places, make } = planning;
  const leaf = (share: number, zone: string | undefined, all: readonly Candidate[]): Leaf => {
    const place = zone === undefined ? places.all : places.inZone;
    const partOf = (those: readonly Candidate[]) =>
      options.subset > 0 && caller.id !== undefined ? subsetOf(those, { id: caller.id, place }, options.subset) : those;
    // In panic a part of all might have no healthy one, though there are some.
    const some = level.panic
      ? [...partOf(all.slice(0, level.healthy)), ...partOf(all.slice(level.healthy))]
      : partOf(all);
    const picker = make(zone === undefined ? name : `${name}/${zone}`, some);
    return { share, level, zone, all, candidates: some, picker };
  };
  const byZone = candidatesByZone(level, planning);
  const shares = byZone && zoneShares(caller.zone ?? '', weights(byZone), caller.byZone);
  if (!byZone || !shares) return [leaf(level.load, undefined, level.candidates)];
  return [...shares].map(([zone, share]) => leaf(level.load * share, zone, byZone.get(zone) ?? []));
}

/** Undefined: zones are not regarded. */
function candidatesByZone(
  { candidates, panic }: Level,
  { options, caller }: Planning,
): ReadonlyMap<string, readonly Candidate[]> | undefined {
  if (!options.zones || caller.zone === undefined || panic || candidates.length < options.minZoneHosts)
    return undefined;
  const byZone = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const zone = zoneOf(candidate);
    const those = byZone.get(zone);
    if (those) those.push(candidate);
    else byZone.set(zone, [candidate]);
  }
  return byZone;
}

function weights(byZone: ReadonlyMap<string, readonly Candidate[]>): ZoneCounts {
  return new Map([...byZone].map(([zone, those]) => [zone, those.reduce((sum, each) => sum + weightOf(each), 0)]));
}
