/** What routing knows of whoever calls: where it runs, and who else calls from the same service. */
import type { Endpoint } from '../membership/endpoint.js';
import type { Place } from './aperture.js';
import { instanceWeight } from './instance-facts.js';
import type { ZoneCounts } from './zones.js';

/** The calling instance. */
export interface Caller {
  /** Where it runs. Without one zones are not regarded. */
  readonly zone?: string | undefined;
  /** Id of its instance; without one it has no subset of its own. */
  readonly id?: string | undefined;
  /** The endpoints of its own service, itself among them, in any order; undefined while they are not known. */
  readonly peers?: readonly Endpoint[] | undefined;
}

/** The weight of the callers in each zone; undefined where they are not known. */
export function callersByZone({ peers }: Caller): ZoneCounts | undefined {
  if (!peers) return undefined;
  const counts = new Map<string, number>();
  for (const { instance } of peers) {
    if (instance.status !== 'UP') continue;
    const zone = instance.zone ?? '';
    counts.set(zone, (counts.get(zone) ?? 0) + instanceWeight(instance));
  }
  return counts.size > 0 ? counts : undefined;
}

/**
 * Its place among its peers, the oldest first, so that one more is the last and moves nobody; undefined while it is not one of
 * those that are UP.
 * @param zone - counts only those of a zone. @defaultValue all
 */
export function placeOf({ id, peers = [] }: Caller, zone?: string): Place | undefined {
  const callers = peers
    .map(({ instance }) => instance)
    .filter(({ status, zone: other = '' }) => status === 'UP' && (zone === undefined || other === zone))
    .sort((first, second) => first.startedAtMs - second.startedAtMs || (first.id < second.id ? -1 : 1));
  const index = callers.findIndex((instance) => instance.id === id);
  return index < 0 ? undefined : { index, count: callers.length };
}
