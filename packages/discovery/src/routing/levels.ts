/** The candidates of one group by priority, and how much of its calls each level gets. */
import type { Candidate } from '../pick/balancer.js';
import { priorityOf, shouldServe } from './instance-facts.js';
import { type PrioritySettings, priorityLoads } from './priorities.js';

/** Candidates of the same priority. */
export interface Level {
  readonly priority: number;
  /** Share of the group's calls, 0 to 1. */
  readonly load: number;
  readonly panic: boolean;
  readonly healthy: number;
  readonly total: number;
  /** Who is called there: the healthy ones; in panic all that are UP, the healthy ones first. */
  readonly candidates: readonly Candidate[];
}

interface Counted {
  readonly healthy: Candidate[];
  /** UP, though they have been ejected. */
  readonly doubtful: Candidate[];
  total: number;
}

/**
 * The levels of a group, the first priority first; none where nobody is UP.
 * @param out - members that are not healthy; those that are UP are called where nobody better is there.
 */
export function levelsOf(
  candidates: readonly Candidate[],
  out: readonly Candidate[],
  settings: PrioritySettings,
): readonly Level[] {
  if (out.length === 0 && candidates.length > 0 && !candidates.some(saysPriority)) return [onlyLevel(candidates)];
  const byPriority = new Map<number, Counted>();
  const at = (candidate: Candidate): Counted => {
    const priority = priorityOf(candidate);
    let counted = byPriority.get(priority);
    if (!counted) {
      counted = { healthy: [], doubtful: [], total: 0 };
      byPriority.set(priority, counted);
    }
    return counted;
  };
  for (const candidate of candidates) {
    const counted = at(candidate);
    counted.healthy.push(candidate);
    counted.total++;
  }
  for (const candidate of out) {
    if (!shouldServe(candidate)) continue;
    const counted = at(candidate);
    if (candidate.endpoint.instance.status === 'UP') counted.doubtful.push(candidate);
    counted.total++;
  }
  const sorted = [...byPriority].sort(([first], [second]) => first - second);
  // Where nobody is healthy, calls go to the first level where anybody is UP.
  const anyHealthy = sorted.some(([, { healthy }]) => healthy.length > 0);
  const levels = anyHealthy ? sorted : sorted.filter(([, { doubtful }]) => doubtful.length > 0);
  const loads = priorityLoads(
    levels.map(([, { healthy, total }]) => ({ healthy: healthy.length, total })),
    settings,
  );
  return levels.map(([priority, { healthy, doubtful, total }], index) => {
    const { load, panic } = loads[index] ?? { load: 0, panic: false };
    const called = panic ? [...healthy, ...doubtful] : healthy;
    return { priority, load, panic, healthy: healthy.length, total, candidates: called };
  });
}

function saysPriority({ endpoint }: Candidate): boolean {
  return endpoint.instance.metadata?.priority !== undefined;
}

/** The usual case, which costs nothing however many there are: all are healthy and alike. */
function onlyLevel(candidates: readonly Candidate[]): Level {
  const { length } = candidates;
  return { priority: 0, load: 1, panic: false, healthy: length, total: length, candidates };
}
