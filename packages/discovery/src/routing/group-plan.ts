/**
 * Where the calls of one group go: to its priority levels, in each to zones, in each to the caller's subset. What comes out are
 * leaves, each with a share of the calls and a picker of the balancer.
 */
import type { Candidate, Picker } from '../pick/balancer.js';
import type { MakePicker } from '../pick/router.js';
import type { Place } from './aperture.js';
import { type Caller, callersByZone, placeOf } from './caller.js';
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
  readonly caller: Caller;
  /** The caller's places, with the zone or without one; those of before while it is not listed. */
  readonly places: Places;
  readonly make: MakePicker;
}

/** Where the caller stands among all callers, and among those of its zone. */
export interface Places {
  readonly all: Place | undefined;
  readonly inZone: Place | undefined;
}

/** The places now, or those of before while it is not listed, as while it drains: then it opens no other connections. */
export function placesOf(caller: Caller, before: Places | undefined): Places {
  return { all: placeOf(caller) ?? before?.all, inZone: placeOf(caller, caller.zone ?? '') ?? before?.inZone };
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
    const { id } = caller;
    const some = options.subset > 0 && id !== undefined ? subsetOf(all, { id, place }, options.subset) : all;
    const picker = make(zone === undefined ? name : `${name}/${zone}`, some);
    return { share, level, zone, all, candidates: some, picker };
  };
  const shares = sharesByZone(level, planning);
  if (!shares) return [leaf(level.load, undefined, level.candidates)];
  return [...shares].map(([zone, share]) =>
    leaf(
      level.load * share,
      zone,
      level.candidates.filter((candidate) => zoneOf(candidate) === zone),
    ),
  );
}

/** Undefined: zones are not regarded. */
function sharesByZone({ candidates, panic }: Level, { options, caller }: Planning): ZoneCounts | undefined {
  const { zone } = caller;
  if (!options.zones || zone === undefined || panic || candidates.length < options.minZoneHosts) return undefined;
  const upstream = new Map<string, number>();
  for (const candidate of candidates) {
    const other = zoneOf(candidate);
    upstream.set(other, (upstream.get(other) ?? 0) + weightOf(candidate));
  }
  return zoneShares(zone, upstream, callersByZone(caller));
}
